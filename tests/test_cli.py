"""The `workshop` command: every command is there, and an error is one line."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys

import pytest

from workshop.commands import cli
from workshop.commands.cli import COMMANDS, main


def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "workshop", *arguments]
    return subprocess.run(command, env=os.environ | more, capture_output=True, text=True, check=False)


def test_help_lists_every_command_and_loads_none() -> None:
    program = (
        "import sys\nfrom workshop.commands.cli import main\n"
        "ours = 'workshop', 'practice_tenant'\n"
        "try: main(['--help'])\nfinally: print(*[m for m in sys.modules if m.startswith(ours)])"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False).stdout
    *help_lines, loaded = told.splitlines()
    assert loaded.split() == [
        *("workshop", "workshop.commands", "practice_tenant", "practice_tenant.errors"),
        *("workshop.errors", "workshop.commands.cli"),
    ]
    for name, command in COMMANDS.items():
        assert any(line.split()[:1] == [name] and command.summary in line for line in help_lines), name


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_its_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    assert f"workshop {name}" in capsys.readouterr().out


def test_an_error_is_one_line_and_exit_code_1() -> None:
    told = run("doctor", WORKSHOP_TENANT="neither")
    assert told.returncode == 1
    assert told.stderr.splitlines()[0].startswith("workshop: ")
    assert len(told.stderr.splitlines()) == 1


@pytest.mark.parametrize("arguments", [(), ("no-such-command",), ("doctor", "--no-such-option")])
def test_what_nobody_knows_is_exit_code_2(arguments: tuple[str, ...]) -> None:
    told = run(*arguments)
    assert told.returncode == 2
    assert "usage: workshop" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_reader_that_goes_away_is_no_error() -> None:
    program = [sys.executable, "-m", "workshop", "doctor"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        errors = process.stderr.read()
    assert errors == b""


def test_an_interrupt_gives_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(importlib.import_module("workshop.commands.doctor"), "_command", interrupt)
    assert cli.main(["doctor"]) == 130
