"""What was passed is remembered."""

from __future__ import annotations

import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from workshop.commands.cli import main
from workshop.lesson.progress import FILE, Map, passed, remember

if TYPE_CHECKING:
    from pathlib import Path

MANY = "import sys; from pathlib import Path; from workshop.lesson.progress import remember\nfor n in range(20): remember(Path(sys.argv[1]), '00', sys.argv[2] + str(n))"  # noqa: E501


def test_what_is_remembered_is_found_again(tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert passed(state) == {}
    remember(state, "00", "which-tenant")
    remember(state, "05", "forged")
    remember(state, "00", "sign-in-as")
    remember(state, "00", "which-tenant")
    assert passed(state) == {"00": ("which-tenant", "sign-in-as"), "05": ("forged",)}


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX file modes")
def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    remember(tmp_path / "state", "00", "one")
    assert stat.S_IMODE((tmp_path / "state" / FILE).stat().st_mode) == 0o600


def test_two_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    # Red without the lock: the later of two writers would put back what it read before the other wrote.
    running = [
        subprocess.Popen([sys.executable, "-c", MANY, str(tmp_path / "state"), name]) for name in ("a", "b", "c")
    ]
    assert [process.wait(timeout=120) for process in running] == [0, 0, 0]
    assert sorted(passed(tmp_path / "state")["00"]) == sorted(f"{name}{n}" for name in "abc" for n in range(20))


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"00": 5}', '"text"', "\x00\xff"])
def test_a_broken_file_counts_as_empty_and_is_replaced(tmp_path: Path, broken: str) -> None:
    (tmp_path / FILE).write_text(broken, encoding="latin-1")
    assert passed(tmp_path) == {}
    tmp_path.chmod(0o700)
    remember(tmp_path, "00", "one")
    assert passed(tmp_path) == {"00": ("one",)}


def test_the_map_shows_what_was_passed_and_what_is_to_come(tmp_path: Path) -> None:
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "00-start-here.ipynb").touch()
    state = tmp_path / "state"
    before = Map(tmp_path, state)
    remember(state, "00", "which-tenant")
    after = repr(Map(tmp_path, state))
    assert "0 of 3 passed" in repr(before)
    assert "1 of 3 passed" in after
    assert "✓ Say which tenant you are in" in after
    assert "○ Sign in as someone else" in after
    assert "Register the app" in after
    assert after.count("coming") == 9
    html = Map(tmp_path, state)._repr_html_()
    assert "1 of 3 passed" in html
    assert "<script" not in html


def test_the_command_prints_the_map(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORKSHOP_STATE", str(tmp_path / "state"))
    remember(tmp_path / "state", "00", "sign-in-host")
    assert main(["progress"]) == 0
    assert "Start here" in capsys.readouterr().out
