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
    from playwright.sync_api import Browser, Locator, Page, Playwright

pytestmark = pytest.mark.needs("chromium", "playwright")

PROJECT = settings.load().project
LESSON = "00-start-here.ipynb"
RUN_MILLISECONDS = 40_000
SIZE = {"width": 1280, "height": 900}
ADDRESS = re.compile(r"^ +(http://127\.0\.0\.1:\d+)(/\S*)\?token=(\w+)$")

Notebook = dict[str, Any]


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab on a copy of the project."""

    project: Path
    base: str
    first: str
    token: str

    def address(self, path: str) -> str:
        """Return the address at which `path` opens for somebody who may."""
        return f"{self.base}{path}?token={self.token}"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    project = tmp_path_factory.mktemp("lesson") / "project"
    project.mkdir()
    for name in ("notebooks", "images"):
        shutil.copytree(PROJECT / name, project / name)
    for name in ("start.py", "pyproject.toml", "requirements.txt"):
        shutil.copy(PROJECT / name, project)
    solved = json.loads((PROJECT / "solutions" / LESSON).read_text(encoding="utf-8"))
    (project / "solved").mkdir()
    (project / "solved" / LESSON).write_text(json.dumps(emptied(solved)), encoding="utf-8")
    state = project / "state"
    with subprocess.Popen(
        [sys.executable, "-m", "workshop", "start", "--no-browser"],
        cwd=project,
        env=clean_environ(state, WORKSHOP_PROJECT=str(project)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as launcher:
        watchdog = threading.Timer(3 * PATIENCE, launcher.kill)
        watchdog.start()
        try:
            yield Lab(project, *address_told(launcher))
            running = found(state)
        finally:
            watchdog.cancel()
            launcher.terminate()
            launcher.communicate()
    assert running
    ends(running)


def address_told(launcher: subprocess.Popen[str]) -> tuple[str, str, str]:
    """Read what the launcher prints until it says where JupyterLab is."""
    printed = []
    for line in launcher.stdout or ():
        printed.append(line)
        if match := ADDRESS.match(line):
            return match[1], match[2], match[3]
    pytest.fail(f"the launcher never told an address: {''.join(printed)}")


def emptied(notebook: Notebook) -> Notebook:
    """Take the stored outputs out: what is seen then was printed just now."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    return notebook


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
    expect(page.locator(".jp-NotebookPanel:visible .jp-Notebook-ExecutionIndicator")).to_have_attribute(
        "data-status", "idle", timeout=60_000
    )


def run_all(page: Page, file: Path) -> Notebook:
    """Choose Run All Cells in the menu and return the notebook as it is saved when the last cell has its output."""
    from playwright.sync_api import expect

    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    last = page.locator(".jp-NotebookPanel:visible .jp-CodeCell").last
    expect(last.locator(".jp-OutputArea-output")).not_to_have_count(0, timeout=RUN_MILLISECONDS)
    page.get_by_role("menuitem", name="File", exact=True).click()
    page.get_by_role("menuitem", name="Save Notebook", exact=True).click()
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


def shown(page: Page, words: str) -> Locator:
    """Scroll to the output that says `words` and return it."""
    from playwright.sync_api import expect

    output = page.locator(".jp-NotebookPanel:visible .jp-OutputArea-output", has_text=words).first
    output.scroll_into_view_if_needed()
    expect(output).to_be_in_viewport()
    return output


def test_shoot(lab: Lab, page: Page) -> None:
    opened(page, lab.address(lab.first))
    page.screenshot(path="/tmp/w/f/shots/lab-1.png")
    import time; time.sleep(3); page.screenshot(path="/tmp/w/f/shots/lab-1b.png")
    nb = run_all(page, lab.project / "my-work" / LESSON)
    page.screenshot(path="/tmp/w/f/shots/lab-2.png")
    print(page.locator(".jp-OutputArea-output").count())
    is_clean(nb)
    for n, words in enumerate(["PRACTICE TENANT", "PASSED", "YOUR TURN"]):
        try:
            shown(page, words)
        except Exception as e: print(words, e)
        page.screenshot(path=f"/tmp/w/f/shots/lab-3-{n}.png")
