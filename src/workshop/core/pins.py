"""What is pinned: the packages of a lock, and those that are left out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from workshop.errors import WorkshopError

LEFT_OUT = "left-out.txt"
"""The names of packages that are installed with the lock and taken out again; the file says why."""


@dataclass(frozen=True)
class Pin:
    """One package of a lock.

    Attributes:
        marker: the environment marker it is for, as PEP 508 has it; empty for every system.
        hashes: of the files it may come in, each as "sha256:<hex>".
    """

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]


PIN = re.compile(r"(?P<name>[\w.-]+)==(?P<version>\S+)(?:\s*;\s*(?P<marker>.+))?")


def read_pins(path: Path) -> tuple[Pin, ...]:
    """Read the pins of a lock.

    Raises:
        WorkshopError: a line is neither a pin with its hashes nor a comment.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise WorkshopError(f"{path}: the lock can't be read ({error.strerror}).") from error
    return parse_pins(text, path.name)


def names_left_out(project: Path) -> frozenset[str]:
    """Return the names of the packages that an environment of the workshop does not have."""
    lines = (project / LEFT_OUT).read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def parse_pins(text: str, name: str) -> tuple[Pin, ...]:
    """Return the pins in the text of a lock.

    Args:
        name: of the file, for the message.

    Raises:
        WorkshopError: a line is neither a pin with its hashes nor a comment.
    """
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    logical = "\n".join(lines).replace("\\\n", " ").splitlines()
    return tuple(_pin(line, name) for line in logical if line.strip())


def _pin(line: str, name: str) -> Pin:
    requirement, *hashes = line.split("--hash=")
    found = PIN.fullmatch(requirement.strip())
    if found is None:
        raise WorkshopError(f"{name}: {requirement.strip()!r} is no pin of the form name==version.")
    return Pin(found["name"], found["version"], found["marker"] or "", tuple(part.strip() for part in hashes))
