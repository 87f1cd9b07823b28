"""`workshop lock --changes`: the pins that moved since the last commit, and what failed with them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from workshop.errors import WorkshopError
from workshop_tools.lock import LOCK_FILES
from workshop_tools.lock_changes import LAST_LINES, MOST_NAMES, failures, report

LOCKS = [lock.name for lock in LOCK_FILES]
HASH = " \\\n    --hash=sha256:00\n"
OUTPUT = """\
....F.
=========================== short test summary info ============================
\x1b[31mFAILED\x1b[0m tests/servers/test_forged.py::test_it_is_turned_away[not valid yet] - Assertion...
ERROR tests/test_doors.py::test_open
FAILED solutions/05-read-the-token.ipynb::Cell 12
FAILED solutions/05-read-the-token.ipynb::Cell 12
  FAILED is what a line may say
4873 passed, 3 failed
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A checkout whose locks are in its last commit."""
    for one in LOCK_FILES:
        (tmp_path / one.name).write_text(f"stays==1.0{HASH}")
    write(tmp_path, "moves==1.0", "goes==2.0", "splits==1.0")
    me = ("-c", "user.name=Test", "-c", "user.email=test@localhost")
    for arguments in (("init", "--quiet"), ("add", "."), (*me, "commit", "--quiet", "--message=locks")):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    return tmp_path


def write(project: Path, *pins: str) -> None:
    (project / "requirements.txt").write_text("".join(f"{pin}{HASH}" for pin in ("stays==1.0", *pins)))


def test_what_moved_came_or_went_is_told_and_nothing_else(project: Path) -> None:
    assert "(none)" in report(project, LOCKS)
    write(
        project,
        "moves==1.1",
        "comes==3.0",
        "splits==1.0 ; python_version < '3.12'",
        "splits==2.0 ; python_version >= '3.12'",
    )
    told = report(project, LOCKS)
    assert [line.strip() for line in told.splitlines() if "->" in line] == [
        "requirements.txt: comes none -> 3.0",
        "requirements.txt: goes 2.0 -> none",
        "requirements.txt: moves 1.0 -> 1.1",
        "requirements.txt: splits 1.0 -> 1.0 and 2.0",
    ]
    assert "stays" not in told
    assert "failed" not in told


def test_the_tests_that_failed_are_told_by_their_names(project: Path) -> None:
    log = project / "output.log"
    log.write_text(OUTPUT, encoding="utf-8")
    told = report(project, LOCKS, log)
    assert failures(OUTPUT.replace("\x1b[31m", "").replace("\x1b[0m", "").splitlines()) == [
        "tests/servers/test_forged.py::test_it_is_turned_away[not valid yet]",
        "tests/test_doors.py::test_open",
        "solutions/05-read-the-token.ipynb::Cell 12",
    ]
    assert "    tests/servers/test_forged.py::test_it_is_turned_away[not valid yet]\n" in told
    assert told.endswith("4873 passed, 3 failed")


def test_what_a_run_prints_stays_inside_its_block_and_short(project: Path) -> None:
    log = project / "output.log"
    lines = [f"FAILED tests/test_{number}.py::test" for number in range(MOST_NAMES + 7)]
    log.write_text("\n".join([*lines, "```", "# A heading", "@everyone", "x" * 10_000]), encoding="utf-8")
    told = report(project, LOCKS, log)
    assert "    ... and 7 more\n" in told
    assert [line for line in told.splitlines() if line and not line.startswith(("    ", "## "))] == []
    assert len(told) < 20_000
    assert told.count("\n") < MOST_NAMES + LAST_LINES + 20


def test_what_can_not_be_read_is_told_in_one_line(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(WorkshopError, match=r"nowhere\.log: the output can't be read"):
        report(project, LOCKS, project / "nowhere.log")
    with pytest.raises(WorkshopError, match=r"Git does not show the last commit's requirements\.txt"):
        report(tmp_path_factory.mktemp("bare"), LOCKS)
