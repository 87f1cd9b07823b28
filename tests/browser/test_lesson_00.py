"""Lesson 00 as a learner sees it: JupyterLab from the launcher, every cell run by the menu, cards and diagram shown."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from practice_help import clean_environ, ends, until

from browser.conftest import HEADLESS, PATIENCE, program
from workshop import settings
from workshop.practice import found

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, Playwright, ViewportSize

pytestmark = pytest.mark.needs("chromium", "playwright")

PROJECT = settings.load().project
LESSON = "00-start-here.ipynb"
RUN_MILLISECONDS = 120_000
SIZE: ViewportSize = {"width": 1280, "height": 900}
PHOTOGRAPH: ViewportSize = {"width": 1040, "height": 1560}
MARKS = ("# solution:", "# stub:")
ADDRESS = re.compile(rf"^ +(http://127\.0\.0\.1:\d+/lab/tree/my-work/{LESSON}\?token=\w+)$")

Notebook = dict[str, Any]


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab on a copy of the project: where it opens, and the notebook it opens there."""

    address: str
    notebook: Path


@pytest.fixture
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lab]:
    project = a_copy(tmp_path / "project", solved=request.param)
    state = tmp_path / "state"
    with subprocess.Popen(
        [sys.executable, "-m", "workshop", "start", "--no-browser"],
        cwd=project,
        env=clean_environ(state, WORKSHOP_PROJECT=str(project)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as launcher:
        watchdog = threading.Timer(PATIENCE, launcher.kill)
        watchdog.start()
        try:
            yield Lab(address_told(launcher), project / "my-work" / LESSON)
            running = found(state)
        finally:
            watchdog.cancel()
            launcher.terminate()
            launcher.communicate()
    assert running
    ends(running)


def a_copy(project: Path, *, solved: bool) -> Path:
    """Make a project of what a learner needs; if `solved`, with every answer in its place."""
    project.mkdir()
    for name in ("notebooks", "images"):
        shutil.copytree(PROJECT / name, project / name)
    for name in ("start.py", "pyproject.toml", "requirements.txt"):
        shutil.copy(PROJECT / name, project)
    if solved:
        solution = json.loads((PROJECT / "solutions" / LESSON).read_text(encoding="utf-8"))
        (project / "notebooks" / LESSON).write_text(json.dumps(answered(solution)), encoding="utf-8")
    return project


def address_told(launcher: subprocess.Popen[str]) -> str:
    """Read what the launcher prints until it says where JupyterLab is."""
    printed = []
    for line in launcher.stdout or ():
        printed.append(line)
        if match := ADDRESS.match(line):
            return match[1]
    pytest.fail(f"the launcher never told an address: {''.join(printed)}")


def answered(solution: Notebook) -> Notebook:
    """Return what a learner has who answered right: no marks of the authors, and nothing run yet."""
    for cell in code(solution):
        cell["source"] = [line for line in cell["source"] if not line.strip().startswith(MARKS)]
        cell |= {"outputs": [], "execution_count": None}
    return solution


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    started = playwright.chromium.launch(executable_path=program(), args=list(HEADLESS))
    yield started
    started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context(viewport=SIZE, reduced_motion="reduce") as context:
        yield context.new_page()


def opened(page: Page, address: str) -> None:
    """Open a notebook and wait until its kernel is ready for it."""
    from playwright.sync_api import expect

    page.goto(address)
    # The sign beside the notebook says "idle" before there is a kernel at all.
    expect(page.locator("#jp-main-statusbar")).to_contain_text("(ipykernel) | Idle", timeout=RUN_MILLISECONDS)


def run_all(page: Page, file: Path) -> Notebook:
    """Choose Run All Cells in the menu and return the notebook as it is saved when the last cell has its output."""
    from playwright.sync_api import expect

    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    last = page.locator(".jp-NotebookPanel:visible .jp-CodeCell").last
    expect(last.locator(".jp-OutputArea-output")).not_to_have_count(0, timeout=RUN_MILLISECONDS)
    page.keyboard.press("Control+s")
    return until(lambda: saved(file), "the notebook's file with every output")


def saved(file: Path) -> Notebook:
    """Return the notebook if it is saved with its outputs, an empty one until then."""
    try:
        notebook: Notebook = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:  # JupyterLab is just writing it
        return {}
    return notebook if code(notebook)[-1]["outputs"] else {}


def code(notebook: Notebook) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def is_clean(notebook: Notebook) -> None:
    """Find every cell run in order, and no error nor anything a browser was not meant to see."""
    cells = code(notebook)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        for output in cell["outputs"]:
            assert output["output_type"] != "error", (cell["id"], output)
            assert output.get("name") != "stderr", (cell["id"], output)


def seen(output: Locator) -> Locator:
    """Scroll to an output and find it on the screen."""
    from playwright.sync_api import expect

    output.scroll_into_view_if_needed()
    expect(output).to_be_visible()
    expect(output).to_be_in_viewport()
    return output


def outputs(page: Page, words: str = "") -> Locator:
    return page.locator(".jp-NotebookPanel:visible .jp-OutputArea-output", has_text=words)


def diagram(page: Page) -> Locator:
    return outputs(page).locator("img[alt^='Sequence diagram']")


def pictures_are_there(page: Page) -> None:
    """Find every picture loaded, and described for those who don't see it."""
    pictures = page.locator(".jp-NotebookPanel:visible .jp-Notebook img")
    assert pictures.count() == 3
    for picture in pictures.all():
        seen(picture)
        until(lambda picture=picture: picture.evaluate("image => image.naturalWidth"), "the picture")  # type: ignore[misc]
        assert len(picture.get_attribute("alt") or "") > 40


def nothing_failed(page: Page) -> None:
    from playwright.sync_api import expect

    for kind in ("application/vnd.jupyter.error", "application/vnd.jupyter.stderr"):
        expect(page.locator(f"[data-mime-type='{kind}']")).to_have_count(0)


@pytest.mark.parametrize("lab", [False], indirect=True)
def test_unsolved_it_runs_to_its_end_and_says_whose_turn_it_is(lab: Lab, page: Page) -> None:
    opened(page, lab.address)
    is_clean(run_all(page, lab.notebook))
    nothing_failed(page)
    seen(outputs(page, "PRACTICE TENANT").first)
    cards = outputs(page, "○ YOUR TURN ·")
    assert cards.count() == 3
    for card in cards.all():
        seen(card)
    pictures_are_there(page)


@pytest.mark.parametrize("lab", [True], indirect=True)
def test_solved_it_runs_to_its_end_with_passed_cards_and_the_diagram(lab: Lab, page: Page, tmp_path: Path) -> None:
    opened(page, lab.address)
    is_clean(run_all(page, lab.notebook))
    nothing_failed(page)
    cards = outputs(page, "✓ PASSED ·")
    assert cards.count() == 3
    for card in cards.all():
        seen(card)
    pictures_are_there(page)
    taken = tmp_path / "lesson-00.png"
    photograph(page, taken)
    if os.environ.get("WORKSHOP_CAPTURE") == "1":
        shutil.copy(taken, PROJECT / "images" / taken.name)


def photograph(page: Page, file: Path) -> None:
    """Take the picture for the README: the first signed-in call, its diagram and the check below it, all at once."""
    from playwright.sync_api import expect

    page.set_viewport_size(PHOTOGRAPH)
    page.keyboard.press("Control+b")
    expect(page.locator("#jp-left-stack")).to_be_hidden()
    card = outputs(page, "✓ PASSED · Name the host that signs people in")
    card.evaluate("card => card.scrollIntoView({block: 'end'})")
    expect(card).to_be_in_viewport(ratio=0.9)
    expect(diagram(page)).to_be_in_viewport(ratio=0.9)
    page.screenshot(path=file)
    assert file.stat().st_size > 50_000, "it is empty"
