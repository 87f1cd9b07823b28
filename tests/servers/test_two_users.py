"""Two people at once: neither ever sees the other's data."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from practice_help import clean_environ
from server_help import free_port

PROGRAM = Path(__file__).with_name("two_users_program.py")
CALLS, LEGACY_CALLS = 1_000, 100


def test_a_thousand_interleaved_calls_of_every_tool(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    environ = clean_environ(tmp_path / "state", WORKSHOP_PROJECT=str(tmp_path))
    command = [sys.executable, str(PROGRAM), str(free_port()), str(CALLS), str(LEGACY_CALLS)]
    done = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    *rounds, errors = [json.loads(line) for line in done.stdout.splitlines()]
    assert errors == []
    assert [each["mode"] for each in rounds] == ["auto", "legacy"]
    for each, calls in zip(rounds, (CALLS, LEGACY_CALLS), strict=True):
        people = each["people"]
        assert [person["strange"] for person in people] == [[], []]
        assert sum(sum(person["calls"].values()) for person in people) == calls
        assert each["switches"] > calls / 3, "the calls are interleaved"
        for person in people:
            assert len(person["calls"]) == 4, "every tool is called"
            before, after = person["counts"]
            # Each person's numbers count on by one, whoever else adds at the same time.
            assert person["added"] == list(range(before + 1, after + 1))
        with capsys.disabled():
            print(f"\n{calls} interleaved calls as two users ({each['mode']}): {calls / each['seconds']:.0f} a second")
