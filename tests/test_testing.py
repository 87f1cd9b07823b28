"""`workshop test`: what it runs, what it counts, and what it says it left out."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from practice_help import posix_only

from workshop.core import settings

PROJECT = settings.load().project

TESTS = """
import pytest

def test_good():
    pass

def test_bad():
    assert {bad}

@pytest.mark.needs("{tool}")
def test_with_a_tool():
    pass

@pytest.mark.thorough
def test_long():
    pass

@pytest.mark.soak
def test_longest():
    pass
"""


def notebook(cell: str, printed: str) -> str:
    output = {"output_type": "stream", "name": "stdout", "text": printed}
    code = {"cell_type": "code", "id": "one", "source": cell, "metadata": {}, "execution_count": 1}
    return json.dumps({"cells": [code | {"outputs": [output]}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


class Project:
    """A project with a few tests and one notebook in both folders."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workers = "0"  # no workers: the tests run in pytest's own process
        for name in ("tests", "solutions", "notebooks"):
            (folder / name).mkdir()
        for name in ("start.py", "pyproject.toml", "tests/conftest.py", "tests/nbval_sanitize.cfg"):
            shutil.copy(PROJECT / name, folder / name)
        self.tests()
        self.write("solutions/00.ipynb", notebook("print('hello')", "hello\n"))
        self.write("notebooks/00.ipynb", notebook("print('hello')", "something else\n"))

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def tests(self, *, bad: bool = False, tool: str = "git") -> None:
        self.write("tests/test_it.py", TESTS.format(bad=not bad, tool=tool))

    def run(self, *arguments: str, through: tuple[str, ...] = ()) -> tuple[int, list[str]]:
        """Run `workshop test` and return its exit code and lines.

        Args:
            through: a command that runs the one given to it as further arguments.
        """
        environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        done = subprocess.run(
            [*through, sys.executable, "-m", "workshop", "test", *arguments],
            cwd=self.folder,
            env=environ | {"WORKSHOP_PROJECT": str(self.folder), "PYTEST_XDIST_AUTO_NUM_WORKERS": self.workers},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout.splitlines()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_a_learner_runs_the_solved_lessons_and_the_short_tests_and_is_told_how_long_it_takes(project: Project) -> None:
    code, lines = project.run("--durations")
    assert (code, lines[-1]) == (0, "4 passed, 0 failed"), lines
    assert lines[0] == (
        "This takes about 5 min. It leaves out the longer tests (`--all` runs them) and the longest (`--soak`)."
    )
    slowest = [line.split()[2] for line in lines if re.match(r" +[\d.]+ s  ", line)]
    assert set(slowest) == {
        "solutions/00.ipynb::Cell", *(f"tests/test_it.py::test_{name}" for name in ("good", "bad", "with_a_tool"))
    }  # fmt: skip
    # The next run here knows better.
    assert re.match(r"This takes about [1-8]0 s\. ", project.run()[1][0])


@pytest.mark.parametrize(
    ("arguments", "passed"), [(("--all", "tests"), 4), (("--soak", "tests"), 1), (("tests",), 4)], ids=str
)
def test_each_tier_has_its_tests_and_a_path_all_but_the_longest(
    project: Project, arguments: tuple[str, ...], passed: int
) -> None:
    code, lines = project.run(*arguments)
    assert (code, lines[-1]) == (0, f"{passed} passed, 0 failed"), lines


def test_a_seed_decides_the_order_and_files_stay_together(project: Project) -> None:
    for name in "abcd":
        project.write(f"tests/test_{name}.py", "".join(f"def test_{number}():\n    pass\n" for number in range(5)))

    def order(*arguments: str) -> list[str]:
        lines = project.run("tests", "--verbose", "--verbose", *arguments)[1]
        return [line.split()[0] for line in lines if re.match(r"tests/test_[abcd]\.py::", line)]

    by_name, shuffled = order(), order("--seed=1")
    assert sorted(shuffled) == sorted(by_name)
    assert shuffled != by_name
    files = [test.partition("::")[0] for test in shuffled]
    assert sum(one != other for one, other in itertools.pairwise(files)) == 3


def test_two_tiers_at_once_are_refused(project: Project) -> None:
    assert project.run("--all", "--soak")[0] == 2


def test_a_failure_on_a_worker_is_counted_and_named_at_once(project: Project) -> None:
    project.workers = "2"
    project.tests(bad=True)
    code, lines = project.run("tests")
    assert (code, lines[-1]) == (1, "3 passed, 1 failed"), lines
    assert lines.index("FAILED tests/test_it.py::test_bad: assert False") < next(
        n for n, one in enumerate(lines) if "= FAILURES" in one
    )


def test_a_changed_output_of_a_solution_fails(project: Project) -> None:
    project.write("solutions/00.ipynb", notebook("print('hello')", "hallo\n"))
    code, lines = project.run("solutions")
    assert (code, lines[-1]) == (1, "0 passed, 1 failed"), lines


def test_a_learners_notebook_that_raises_fails(project: Project) -> None:
    project.write("notebooks/00.ipynb", notebook("1 / 0", ""))
    code, lines = project.run("notebooks")
    assert (code, lines[-1]) == (1, "0 passed, 1 failed"), lines


def test_what_needs_a_missing_tool_is_left_out_and_named(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.tests(tool="wrk")
    monkeypatch.setenv("PATH", str(project.folder))
    code, lines = project.run("tests")
    assert (code, lines[-1]) == (0, "3 passed, 0 failed"), lines
    assert lines[-2] == "left out: 1 test: needs wrk (not found)"


def test_where_nothing_may_be_left_out_a_missing_tool_is_an_error_that_names_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.tests(tool="wrk")
    monkeypatch.setenv("PATH", str(project.folder))
    monkeypatch.setenv("WORKSHOP_TEST_ALL", "1")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "tests"], cwd=project.folder, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "tests/test_it.py::test_with_a_tool needs wrk, not found on this machine" in done.stderr


def test_a_tool_nobody_knows_is_an_error(project: Project) -> None:
    project.tests(tool="no-such-tool")
    code, lines = project.run("tests")
    assert (code, lines[-1]) == (1, "0 passed, 1 failed"), lines


def test_a_path_selects_what_is_run_and_other_arguments_go_to_pytest(project: Project) -> None:
    code, lines = project.run("tests/test_it.py", "-k", "good")
    assert (code, lines[-1]) == (0, "1 passed, 0 failed"), lines
    code, lines = project.run("tests/test_it.py::test_bad")
    assert (code, lines[-1]) == (0, "1 passed, 0 failed"), lines


def test_it_touches_neither_the_learners_state_nor_an_own_tenant(project: Project) -> None:
    project.write(".env", "WORKSHOP_TENANT=own\nAZURE_CLIENT_SECRET=kept-out\n")
    cell = (
        "import os\nfrom workshop.core import settings\n"
        "print(settings.load().mode, 'AZURE_CLIENT_SECRET' in os.environ, 'state' in os.listdir('..'))"
    )
    project.write("solutions/00.ipynb", notebook(cell, "practice False False\n"))
    code, lines = project.run("solutions")
    assert (code, lines[-1]) == (0, "1 passed, 0 failed"), lines
    assert not (project.folder / ".workshop" / "state").exists()


@posix_only
def test_in_the_background_of_a_shell_interrupts_still_work(project: Project) -> None:
    test = "import signal\n\ndef test_it():\n    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler\n"
    project.write("tests/test_it.py", test)
    code, lines = project.run("tests", through=("sh", "-c", 'trap "" INT; exec "$@"', "sh"))
    assert (code, lines[-1]) == (0, "1 passed, 0 failed"), lines
