"""The start cell, and what `lesson` offers: in a real kernel where a kernel matters."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from nbclient import NotebookClient
from practice_help import clean_environ, posix_only

from workshop.core.settings import load
from workshop.errors import WorkshopError
from workshop.lesson.beginning import Lesson, NotPassed
from workshop.lesson.notebook_files import node, read
from workshop.lesson.progress import passed
from workshop.signin import UserAgent

PROJECT = Path(__file__).resolve().parent.parent
BEGIN = 'from workshop.lesson import begin\nlesson = begin("00")'


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    """A lesson without a tenant: checks of values need none."""
    settings = load({"WORKSHOP_STATE": str(tmp_path / "state")}, PROJECT)
    return Lesson("00", settings, UserAgent(), None)


def run_cells(environ: dict[str, str], *sources: str) -> list[list[dict[str, Any]]]:
    """Run cells in a kernel of their own and return the outputs of each; errors are outputs, too."""
    cells = [
        {"cell_type": "code", "id": f"cell-{number}", "source": source, "metadata": {}, "outputs": []}
        | {"execution_count": None}
        for number, source in enumerate(sources)
    ]
    notebook = node({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    client = NotebookClient(notebook, timeout=60, kernel_name="python3", allow_errors=True, coalesce_streams=True)
    client.execute(env=environ | {"WORKSHOP_PROJECT": str(PROJECT)})
    return [cell.outputs for cell in notebook.cells]


def text_of(output: dict[str, Any]) -> str:
    """Return what one output says."""
    if output["output_type"] == "error":
        return "\n".join(output["traceback"])
    return str(output.get("text") or output["data"]["text/plain"])


# --- the start cell ---


def test_the_start_cell_says_practice_and_may_be_run_again(tmp_path: Path) -> None:
    environ = clean_environ(tmp_path / "state")
    look = "import os, sys, webbrowser\nprint(os.environ['FASTMCP_LOG_ENABLED'], 'HTTPS_PROXY' in os.environ,"
    look += " webbrowser.get() is lesson.agent, sorted({'fastmcp', 'aiohttp'} & set(sys.modules)))"
    first, found, second, again = run_cells(environ, BEGIN, look, BEGIN, look)
    for outputs in (first, second):
        assert len(outputs) == 1
        words = text_of(outputs[0])
        assert words.startswith("PRACTICE TENANT")
        assert "Nothing leaves this machine" in words
        assert "PRACTICE TENANT" in outputs[0]["data"]["text/html"]
    # FastMCP is quiet before it is imported, and the start cell waits for no library the lesson may not need.
    assert text_of(found[0]) == text_of(again[0]) == "false True True []\n"


def test_a_setting_that_is_wrong_gives_a_card_and_no_traceback(tmp_path: Path) -> None:
    outputs = run_cells(clean_environ(tmp_path / "state", WORKSHOP_TENANT="mine"), BEGIN)[0]
    card, error = outputs
    assert "THE LESSON CAN'T BEGIN YET" in text_of(card)
    assert "WORKSHOP_TENANT='mine'" in text_of(card)
    assert "THE LESSON CAN'T BEGIN YET" in card["data"]["text/html"].replace("&#x27;", "'")
    assert text_of(error) == "The lesson can't begin. The card above says why, and what to do."


def test_the_cells_after_a_start_cell_that_failed_do_not_run(tmp_path: Path) -> None:
    """`Run all` stops at an error; the front end sees one."""
    error = run_cells(clean_environ(tmp_path / "state", WORKSHOP_TENANT="mine"), BEGIN)[0][-1]
    assert (error["output_type"], error["ename"]) == ("error", "CannotBegin")


def test_changing_the_tenant_without_a_restart_is_told(tmp_path: Path) -> None:
    switch = f"import os\nos.environ['WORKSHOP_TENANT'] = 'own'\n{BEGIN}"
    back = f"os.environ['WORKSHOP_TENANT'] = 'practice'\n{BEGIN}"
    _, switched, returned = run_cells(clean_environ(tmp_path / "state"), BEGIN, switch, back)
    assert "Restart the kernel" in text_of(switched[0])
    assert text_of(returned[0]).startswith("PRACTICE TENANT")


def test_an_import_that_came_too_early_is_told(tmp_path: Path) -> None:
    outputs = run_cells(clean_environ(tmp_path / "state"), f"import aiohttp\n{BEGIN}")[0]
    assert "aiohttp" in text_of(outputs[0])
    assert "Restart the kernel" in text_of(outputs[0])


def test_in_an_own_tenant_nothing_is_changed_and_the_banner_says_so(tmp_path: Path) -> None:
    environ = clean_environ(tmp_path / "state", WORKSHOP_TENANT="own")
    around = "import os\nbefore = dict(os.environ)\n" + BEGIN
    changed = "print(sorted(name for name in os.environ if os.environ[name] != before.get(name)), lesson.agent)"
    banner, rest = run_cells(environ, around, changed)
    assert text_of(banner[0]).startswith("YOUR OWN TENANT")
    assert "PRACTICE" not in text_of(banner[0])
    assert text_of(rest[0]) == "['FASTMCP_LOG_ENABLED'] Your own browser signs in.\n"
    assert not (tmp_path / "state").exists()


def test_outside_a_notebook_the_banner_is_text(tmp_path: Path) -> None:
    environ = clean_environ(tmp_path / "state", WORKSHOP_PROJECT=str(PROJECT))
    done = subprocess.run([sys.executable, "-c", BEGIN], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("PRACTICE TENANT\n")
    assert done.stderr == ""


def test_there_are_only_the_lessons_there_are() -> None:
    from workshop.lesson import begin

    with pytest.raises(KeyError, match="no lesson '77'"):
        begin("77")


# --- checks through a lesson ---


def test_in_a_kernel_a_crash_names_the_line_of_the_cell(tmp_path: Path) -> None:
    crash = "async def sign_in_as(account):\n    lesson.agent.account = account\n    return cilent.name\n\n"
    crash += 'lesson.check("sign-in-as", sign_in_as)'
    card = run_cells(clean_environ(tmp_path / "state"), BEGIN, crash)[1][-1]
    assert card["output_type"] == "execute_result"
    assert "NameError in line 3 of its cell (`return cilent.name`): name 'cilent' is not defined" in text_of(card)


@posix_only
def test_in_a_kernel_a_check_can_be_interrupted_and_the_kernel_goes_on(tmp_path: Path) -> None:
    hang = "import asyncio, os, signal, threading, time\n\nbegan = time.monotonic()\n\n"
    hang += "async def sign_in_as(account):\n    here.set()\n    await asyncio.Event().wait()\n\n"
    hang += "here = threading.Event()\n"
    hang += "def interrupt():\n    here.wait()\n    os.kill(os.getpid(), signal.SIGINT)\n\n"
    hang += "threading.Thread(target=interrupt).start()\n"
    hang += 'lesson.check("sign-in-as", sign_in_as)'
    outputs, after = run_cells(clean_environ(tmp_path / "state"), BEGIN, hang, "time.monotonic() - began < 20")[1:]
    assert outputs[-1]["ename"] == "KeyboardInterrupt"
    assert text_of(after[0]) == "True"  # the learner's code was cancelled, not waited for


def test_a_failure_makes_the_next_hint_stronger(lesson: Lesson) -> None:
    start = lesson.check("which-tenant", ...)
    hints = [lesson.check("which-tenant", "wrong").hint for _ in range(3)]
    assert len({start.hint, *hints}) == 3
    assert hints[1] == hints[2]
    assert lesson.check("which-tenant", ...) == start


def test_what_passes_is_remembered_beyond_the_kernel(lesson: Lesson) -> None:
    lesson.check("which-tenant", "wrong")
    assert passed(lesson.settings.state) == {}
    first = lesson.check("which-tenant", "practice")
    assert passed(lesson.settings.state) == {"00": ("which-tenant",)}
    assert "✓ Say which tenant you are in" in repr(lesson.map())
    assert lesson.check("which-tenant", "practice") == first
    assert lesson.check("which-tenant", "wrong").status == "not yet"
    assert passed(lesson.settings.state) == {"00": ("which-tenant",)}


@pytest.mark.parametrize("answer", [..., "wrong", lambda: 1 / 0])
def test_strict_makes_a_check_raise(lesson: Lesson, answer: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKSHOP_STRICT", "1")
    with pytest.raises(NotPassed, match="Say which tenant you are in"):
        lesson.check("which-tenant", answer)
    assert lesson.check("which-tenant", "practice").status == "passed"


def test_a_name_that_is_no_exercise_is_told(lesson: Lesson) -> None:
    with pytest.raises(WorkshopError, match=r"no exercise 'which-tennant'\. It has which-tenant, sign-in-host"):
        lesson.check("which-tennant", "practice")


@posix_only
def test_a_pass_that_can_not_be_written_down_is_still_a_pass(lesson: Lesson) -> None:
    lesson.settings.state.mkdir()
    lesson.settings.state.chmod(0o777)  # a folder others can write to is not used
    card = lesson.check("which-tenant", "practice")
    assert card.status == "passed"
    assert "could not be written down" in card.message
    assert stat.S_IMODE(lesson.settings.state.stat().st_mode) == 0o777


def test_later_cells_use_the_learners_answer_once_it_passes(lesson: Lesson, capsys: pytest.CaptureFixture[str]) -> None:
    lesson.check("sign-in-host", "localhost")
    assert lesson.use("sign-in-host") == "login.microsoftonline.com"
    assert "workshop's answer" in capsys.readouterr().out
    lesson.check("sign-in-host", "https://login.microsoftonline.com")
    assert lesson.use("sign-in-host") == "https://login.microsoftonline.com"
    assert "Your own answer" in capsys.readouterr().out
    lesson.check("sign-in-host", "localhost")  # a later slip takes nothing away
    assert lesson.use("sign-in-host") == "https://login.microsoftonline.com"


@pytest.mark.thorough
def test_an_unsolved_notebook_says_your_turn_and_goes_on_with_the_workshops_answer(tmp_path: Path) -> None:
    cells = read(PROJECT / "notebooks" / "00-start-here.ipynb").cells
    sources = {cell.id: cell.source for cell in cells if cell.cell_type == "code"}
    ran = run_cells(clean_environ(tmp_path / "state"), *sources.values())
    said = {name: "\n".join(map(text_of, outputs)) for name, outputs in zip(sources, ran, strict=True)}
    for name in ("exercise-which-tenant", "exercise-sign-in-host", "exercise-sign-in-as"):
        assert said[name].startswith("○ YOUR TURN")
    assert "The workshop's answer to “Sign in as someone else” is used" in said["use"]
    assert "Avery Lang signed in." in said["use"]
    assert "0 of 3 passed" in said["map"]
    assert "was made just now" in said["registration"]


def test_the_machine_check_is_a_table_with_its_fixes(lesson: Lesson) -> None:
    table = lesson.machine()
    assert "Python" in repr(table)
    assert "<table>" in table._repr_html_()
    assert all(row[0] in ("ok", "FAIL", "note") for row in table.rows)
