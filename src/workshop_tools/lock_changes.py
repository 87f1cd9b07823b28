"""What moved in the locks since the last commit, and what failed in a test run with it: the text of a report."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workshop.core.pins import Pin, parse_pins, read_pins
from workshop.errors import WorkshopError

MOST_NAMES = 100
LAST_LINES = 30
LONGEST_LINE = 200

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_FAILED = re.compile(r"(?:FAILED|ERROR) (\S.*?)(?: - .*)?")


@dataclass(frozen=True)
class Move:
    """One package whose pins changed; several versions are for different systems, none is no pin."""

    lock: str
    name: str
    before: tuple[str, ...]
    after: tuple[str, ...]

    def __str__(self) -> str:
        before, after = (" and ".join(versions) or "none" for versions in (self.before, self.after))
        return f"{self.lock}: {self.name} {before} -> {after}"


def report(project: Path, locks: Sequence[str], log: Path | None = None) -> str:
    """Return what moved, in Markdown.

    Args:
        project: a checkout of the project.
        locks: the names of its files of pins.
        log: the output of a test run; what failed in it is told as well.

    Raises:
        WorkshopError: Git, a lock or the output can't be read.
    """
    moved = [str(move) for move in moves(project, locks)]
    parts = ["## Pins that moved since the last commit", _block(moved or ["(none)"])]
    if log is not None:
        try:
            output = _COLOUR.sub("", log.read_text(encoding="utf-8", errors="replace")).splitlines()
        except OSError as error:
            raise WorkshopError(f"{log}: the output can't be read ({error.strerror}).") from error
        parts += ["## What failed", _block(failures(output) or ["(no test by name)"])]
        parts += ["## How the run ended", _block([line for line in output if line.strip()][-LAST_LINES:])]
    return "\n\n".join(parts)


def moves(project: Path, locks: Sequence[str]) -> tuple[Move, ...]:
    """Return the packages whose pins differ from those of the last commit.

    Raises:
        WorkshopError: Git or a lock can't be read.
    """
    return tuple(move for lock in locks for move in _moved(lock, project))


def failures(output: list[str]) -> list[str]:
    """Return the names of the tests that failed, from the lines that pytest printed."""
    found = dict.fromkeys(match[1] for line in output if (match := _FAILED.fullmatch(line)))
    names = list(found)
    return [*names[:MOST_NAMES], *([f"... and {len(names) - MOST_NAMES} more"] if len(names) > MOST_NAMES else [])]


def _moved(name: str, project: Path) -> list[Move]:
    # The project may be a folder of a larger repository: "./".
    shown = subprocess.run(
        ["git", "show", f"HEAD:./{name}"], cwd=project, check=False, capture_output=True, encoding="utf-8"
    )
    if shown.returncode:
        raise WorkshopError(f"Git does not show the last commit's {name}: {shown.stderr.strip()}")
    before, after = _versions(parse_pins(shown.stdout, name)), _versions(read_pins(project / name))
    names = sorted(before.keys() | after.keys())
    pairs = ((one, before.get(one, ()), after.get(one, ())) for one in names)
    return [Move(name, one, old, new) for one, old, new in pairs if old != new]


def _versions(pins: tuple[Pin, ...]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for pin in pins:
        found[pin.name] = (*found.get(pin.name, ()), pin.version)
    return found


def _block(lines: list[str]) -> str:
    # Four spaces and not a fence: no line can end the block, whatever it holds.
    return "\n".join(f"    {line[:LONGEST_LINE]}" for line in lines)
