"""Two people at once: neither ever sees the other's data."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from practice_help import clean_environ

PROGRAM = Path(__file__).with_name("two_users_program.py")
CALLS = 1_000


def test_a_thousand_interleaved_calls_of_every_tool_of_every_server(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = clean_environ(tmp_path / "state", WORKSHOP_PROJECT=str(tmp_path))
    command = [sys.executable, str(PROGRAM)]
    done = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    *rounds, errors = [json.loads(line) for line in done.stdout.splitlines()]
    assert errors == []
    assert {each["server"].partition(",")[0] for each in rounds} == {
        "proxy", "preauthorized", "on behalf of", "both doors",
    }  # fmt: skip
    assert sum(each["calls"] for each in rounds) == CALLS
    for each in rounds:
        people = each["people"]
        assert [person["strange"] for person in people] == [[], []]
        assert each["switches"] > each["calls"] / 3, "the calls are interleaved"
        for person in people:
            assert sorted(person["calls"]) == each["tools"], "every tool is called"
            before, after = person["counts"]
            # Each person's numbers count on by one, whoever else adds at the same time.
            assert person["added"] == list(range(before + 1, after + 1))
        with capsys.disabled():
            rate = each["calls"] / each["seconds"]
            print(f"\n{each['calls']} interleaved calls as two users ({each['server']}): {rate:.0f} a second")
    assert len(rounds[-1]["tools"]) == 10
