"""The `workshop` command: a table of commands, each in a module that is imported only when asked for."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import threading
from collections.abc import Sequence
from io import TextIOWrapper
from typing import NamedTuple

from workshop.errors import TOLD


class Command(NamedTuple):
    module: str
    summary: str


COMMANDS = {
    "lessons": Command("workshop.lesson.outline", "list the lessons with minutes and sizes"),
    "start": Command("workshop.commands.start", "open JupyterLab on the lessons"),
    "test": Command("workshop_tools.testing", "run the lessons and the unit tests"),
    "doctor": Command("workshop.commands.doctor", "look over this machine; each FAIL names its fix"),
    "progress": Command("workshop.lesson.progress", "show which exercises are passed"),
    "tenant": Command("workshop.commands.tenant", "run and look into the practice tenant"),
    "browser": Command("workshop.commands.browser", "sign in where another program opens a browser"),
    "serve": Command("workshop.commands.serve", "run one of the workshop's servers until Ctrl-C"),
    "register": Command("workshop.commands.register", "register the app in Entra, verify a registration, remove it"),
    "diagnose": Command("workshop.commands.diagnose", "say what is wrong: an error, a token, an address, a log"),
    "token": Command("workshop.commands.token", "read a token from standard input"),
    "derive": Command("workshop_tools.derive", "write notebooks/ from solutions/"),
    "wheels": Command("workshop_tools.wheels", "fill a folder from which start.py installs with no network"),
    "lock": Command("workshop_tools.lock", "write the requirements*.txt again from pyproject.toml"),
    "bench": Command("workshop_tools.bench", "measure the practice tenant"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: the arguments after `workshop`; those of this process when None.

    Returns:
        The exit code: 0, or 1 after an error that is told in one line, 2 for arguments nobody knows.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    _never_fail_to_print()
    if os.environ.pop("WORKSHOP_ENDS_WITH_STDIN", None):
        threading.Thread(target=_end_with_stdin, name="end-with-stdin", daemon=True).start()
    try:
        return _run(arguments)
    except TOLD as error:
        print(f"workshop: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of a pipe went away: `workshop tenant log --follow | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run(arguments: list[str]) -> int:
    parser = _parser(arguments)
    options, more = parser.parse_known_args(arguments)
    if more and not hasattr(options, "more"):
        parser.error(f"unknown arguments: {' '.join(more)}")
    options.more = more
    code = int(options.run(options))
    sys.stdout.flush()  # here, where a reader that went away is met
    return code


def _parser(arguments: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="workshop", description="The Entra ID and MCP workshop.")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    asked = next((argument for argument in arguments if not argument.startswith("-")), None)
    for name, command in COMMANDS.items():
        if name == asked:
            importlib.import_module(command.module).add_parser(subparsers)
        else:
            subparsers.add_parser(name, help=command.summary)
    return parser


def _end_with_stdin() -> None:
    """End when standard input closes: on Windows start.py holds the other end for as long as it lives."""
    while os.read(0, 1):
        pass
    os._exit(1)


def _never_fail_to_print() -> None:
    """Let a terminal that can't show a character show a question mark instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
