"""Each lesson as a learner sees it: opened in JupyterLab, every cell run by the menu, unsolved and solved."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from browser.conftest import HEADLESS, program
from browser.lab import (
    PROJECT,
    Lab,
    is_clean,
    is_unchanged,
    jupyterlab,
    nothing_failed,
    opened,
    outputs,
    pictures_are_there,
    run_all,
    seen,
)
from workshop.lesson import outline as lessons
from workshop.lesson.checks import exercises

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright, ViewportSize

pytestmark = pytest.mark.needs("chromium", "playwright")

SIZE: ViewportSize = {"width": 1280, "height": 900}
PHOTOGRAPH: ViewportSize = {"width": 1040, "height": 1560}

each = pytest.mark.parametrize("lesson", lessons.written(PROJECT), ids=lambda lesson: lesson.slug)


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    started = playwright.chromium.launch(executable_path=program(), args=list(HEADLESS))
    yield started
    started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context(viewport=SIZE, reduced_motion="reduce") as context:
        yield context.new_page()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with jupyterlab(tmp_path_factory.mktemp("lab")) as running:
        yield running


def open_unchanged(page: Page, lab: Lab, notebook: Path) -> None:
    """Open a notebook, which changes nothing."""
    content = notebook.read_bytes()
    opened(page, lab.url(notebook))
    is_unchanged(page, notebook, content)


def run_to_its_end(page: Page, notebook: Path) -> None:
    """Run every cell of the notebook that is open."""
    ran = run_all(page, notebook)
    is_clean(ran)
    nothing_failed(page)
    pictures_are_there(page, ran)


def cards_are_there(page: Page, lesson: lessons.Outline, mark: str) -> None:
    """Find a card of this kind for each exercise, and each can be seen."""
    cards = outputs(page, mark)
    assert cards.count() == len(exercises(lesson.number))
    for card in cards.all():
        seen(card)


ON_STAGE = ("00", "02", "05", "07")
"""What one sees of a lesson is what one sees of these: cards, diagrams, tables, a widget. The others run at night."""


@each
def test_it_opens_unchanged(lesson: lessons.Outline, page: Page, lab: Lab) -> None:
    open_unchanged(page, lab, lab.notebook(lesson, solved=False))
    lab.end_kernels()


@pytest.mark.parametrize(
    "lesson",
    [
        pytest.param(one, id=one.slug, marks=[] if one.number in ON_STAGE else [pytest.mark.soak])
        for one in lessons.written(PROJECT)
    ],
)
def test_solved_it_runs_to_its_end_and_every_check_has_passed(
    lesson: lessons.Outline, page: Page, lab: Lab, tmp_path: Path
) -> None:
    notebook = lab.notebook(lesson, solved=True)
    open_unchanged(page, lab, notebook)
    run_to_its_end(page, notebook)
    cards_are_there(page, lesson, "✓ PASSED ·")
    if lesson.number == "00":
        photograph(page, tmp_path / "lesson-00.png")
    lab.end_kernels()


@pytest.mark.soak
@each
def test_unsolved_it_runs_to_its_end_and_says_whose_turn_it_is(lesson: lessons.Outline, page: Page, lab: Lab) -> None:
    notebook = lab.notebook(lesson, solved=False)
    open_unchanged(page, lab, notebook)
    run_to_its_end(page, notebook)
    seen(outputs(page, "PRACTICE TENANT").first)
    cards_are_there(page, lesson, "○ YOUR TURN ·")
    lab.end_kernels()


def photograph(page: Page, file: Path) -> None:
    """Take the picture for the README: the first signed-in call, its diagram and the check below it, all at once."""
    from playwright.sync_api import expect

    page.set_viewport_size(PHOTOGRAPH)
    page.keyboard.press("Control+b")
    expect(page.locator("#jp-left-stack")).to_be_hidden()
    card = outputs(page, "✓ PASSED · Name the host that signs people in")
    card.evaluate("card => card.scrollIntoView({block: 'end'})")
    expect(card).to_be_in_viewport(ratio=0.9)
    expect(outputs(page).locator("img[alt^='Sequence diagram']")).to_be_in_viewport(ratio=0.9)
    page.screenshot(path=file)
    assert file.stat().st_size > 50_000, "it is empty"
    if os.environ.get("WORKSHOP_CAPTURE") == "1":
        shutil.copy(file, PROJECT / "images" / file.name)
