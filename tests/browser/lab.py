"""JupyterLab as a learner has it: brought up by the launcher, driven by a real browser, looked at."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest
from practice_help import clean_environ, ends, until

from browser.conftest import PATIENCE
from practice_tenant import found
from workshop.core import settings
from workshop.lesson.outline import LESSONS, Outline

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

PROJECT = settings.load().project
RUN_MILLISECONDS = 150_000
SOLVED = "solved-"
MARKS = ("# solution:", "# stub:")
ADDRESS = re.compile(rf"^ +(http://127\.0\.0\.1:\d+/lab/tree/my-work/{LESSONS[0].filename}\?token=\w+)$")

Notebook = dict[str, Any]


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab on a copy of the project, which has each lesson twice: as learners get it, and solved."""

    address: str
    folder: Path

    def notebook(self, lesson: Outline, *, solved: bool) -> Path:
        """Return the file of a lesson, with every answer in its place if `solved`."""
        return self.folder / (f"{SOLVED}{lesson.filename}" if solved else lesson.filename)

    def url(self, notebook: Path) -> str:
        """Return what a person would open."""
        return self.address.replace(LESSONS[0].filename, notebook.name)

    def end_kernels(self) -> None:
        """Shut every kernel down, as somebody does who is done with a lesson."""
        parts = urlsplit(self.address)
        headers = {"Authorization": f"token {parts.query.removeprefix('token=')}"}
        with httpx.Client(trust_env=False, headers=headers, timeout=PATIENCE) as client:
            for session in client.get(f"http://{parts.netloc}/api/sessions").json():
                client.delete(f"http://{parts.netloc}/api/sessions/{session['id']}").raise_for_status()


@contextmanager
def jupyterlab(folder: Path) -> Iterator[Lab]:
    """Bring JupyterLab up on a copy of the project in an empty folder; everything is gone with the block."""
    project = a_copy(folder / "project")
    state = folder / "state"
    with subprocess.Popen(
        [sys.executable, "-m", "workshop", "start", "--no-browser"],
        cwd=project,
        env=clean_environ(state, WORKSHOP_PROJECT=str(project)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as launcher:
        try:
            yield Lab(address_told(launcher), project / "my-work")
            running = found(state)
        finally:
            launcher.terminate()
            launcher.communicate()
    assert running
    ends(running)


def a_copy(project: Path) -> Path:
    """Make a project of what a learner needs, with the solved lessons beside the others."""
    project.mkdir()
    for name in ("notebooks", "images"):
        shutil.copytree(PROJECT / name, project / name)
    for name in ("start.py", "pyproject.toml", "requirements.txt", "left-out.txt"):
        shutil.copy(PROJECT / name, project)
    for path in (PROJECT / "solutions").glob("*.ipynb"):
        solution = json.loads(path.read_text(encoding="utf-8"))
        (project / "notebooks" / f"{SOLVED}{path.name}").write_text(json.dumps(answered(solution)), encoding="utf-8")
    return project


def address_told(launcher: subprocess.Popen[str]) -> str:
    """Read what the launcher prints until it says where JupyterLab is."""
    printed = []
    watchdog = threading.Timer(PATIENCE, launcher.kill)
    watchdog.start()
    for line in launcher.stdout or ():
        printed.append(line)
        if match := ADDRESS.match(line):
            watchdog.cancel()
            return match[1]
    pytest.fail(f"the launcher never told an address: {''.join(printed)}")


def answered(solution: Notebook) -> Notebook:
    """Return what a learner has who answered right: no marks of the authors, and nothing run yet."""
    for cell in code(solution):
        cell["source"] = [line for line in cell["source"] if not line.strip().startswith(MARKS)]
        cell |= {"outputs": [], "execution_count": None}
    return solution


def opened(page: Page, address: str) -> None:
    """Open a notebook and wait until its kernel is ready for it."""
    from playwright.sync_api import expect

    page.goto(address)
    # The sign beside the notebook says "idle" before there is a kernel at all.
    expect(page.locator("#jp-main-statusbar")).to_contain_text("(ipykernel) | Idle", timeout=RUN_MILLISECONDS)


ASKED_WHEN_LEAVING = """
() => {
    const leaving = document.createEvent("BeforeUnloadEvent");
    leaving.initEvent("beforeunload", false, true);
    window.dispatchEvent(leaving);
    return leaving.returnValue;
}
"""


def is_unchanged(page: Page, file: Path, content: bytes) -> None:
    """Find the notebook that was just opened as it was: on the disk, without a mark, with no question on leaving."""
    from playwright.sync_api import expect

    # Made from what the kernel says of itself, which is what JupyterLab writes into a notebook that lacks it.
    expect(page.locator(".jp-DebuggerBugButton:visible")).to_have_count(1, timeout=RUN_MILLISECONDS)
    expect(page.locator(".jp-mod-dirty")).to_have_count(0)
    assert page.evaluate(ASKED_WHEN_LEAVING) == ""
    written = file.stat().st_mtime_ns

    def is_saved() -> bool:
        page.keyboard.press("Control+s")  # the page may not listen yet
        page.wait_for_timeout(500)
        return file.stat().st_mtime_ns != written

    until(is_saved, "the notebook is saved")
    until(lambda: file.read_bytes() == content, "the file as it was")


def run_all(page: Page, file: Path) -> Notebook:
    """Choose Run All Cells in the menu and return the notebook as it is saved when the last cell has its output."""
    from playwright.sync_api import expect

    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    cells = page.locator(".jp-NotebookPanel:visible .jp-CodeCell")
    # JupyterLab adds the cells to the page when it has the time: until then the last one is some other.
    expect(cells).to_have_count(len(code(json.loads(file.read_bytes()))), timeout=RUN_MILLISECONDS)
    expect(cells.last.locator(".jp-OutputArea-output")).not_to_have_count(0, timeout=RUN_MILLISECONDS)
    # The cell gets its number only after its output: saved in between, it would look as if it had not run.
    expect(cells.last.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"), timeout=RUN_MILLISECONDS)

    def saved() -> Notebook:
        page.keyboard.press("Control+s")  # JupyterLab drops it while it is saving for another reason
        page.wait_for_timeout(500)
        return with_its_last_output(file)

    return until(saved, "the notebook's file with every output")


def with_its_last_output(file: Path) -> Notebook:
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
    """Scroll to an output and find it on the screen; pictures that load above it push it away again for a while."""
    from playwright.sync_api import expect

    def in_sight() -> bool:
        output.scroll_into_view_if_needed()
        try:
            expect(output).to_be_in_viewport(timeout=1_000)
        except AssertionError:
            return False
        return True

    until(in_sight, "an output in sight")
    expect(output).to_be_visible()
    return output


def outputs(page: Page, words: str = "") -> Locator:
    return page.locator(".jp-NotebookPanel:visible .jp-OutputArea-output", has_text=words)


def pictures_are_there(page: Page, notebook: Notebook) -> None:
    """Find every picture of the notebook loaded, and described for those who don't see it."""
    prose = "".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    drawn = json.dumps([cell["outputs"] for cell in code(notebook)]).count("<img ")
    pictures = page.locator(".jp-NotebookPanel:visible .jp-Notebook img")
    assert pictures.count() == prose.count("](../images/") + drawn
    for picture in pictures.all():
        seen(picture)
        until(lambda picture=picture: picture.evaluate("image => image.naturalWidth"), "the picture")  # type: ignore[misc]
        assert len(picture.get_attribute("alt") or "") > 40


def nothing_failed(page: Page) -> None:
    from playwright.sync_api import expect

    for kind in ("application/vnd.jupyter.error", "application/vnd.jupyter.stderr"):
        expect(page.locator(f"[data-mime-type='{kind}']")).to_have_count(0)
