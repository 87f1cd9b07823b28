"""The lock: every package of the workshop, pinned and hashed for all systems, with no address in it.

`workshop lock` writes the requirements*.txt again from pyproject.toml. The pins that still fit stay as they
are; `--upgrade` moves them to the newest that fit, and `--changes` says which ones have moved.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from workshop.core import settings
from workshop.core.pins import read_pins
from workshop.errors import WorkshopError
from workshop_tools.lock_changes import report

OLDEST_PYTHON = "3.11"
CONSTRAINTS = "constraints.txt"


@dataclass(frozen=True)
class LockFile:
    """A file of pins and what uv makes it from."""

    name: str
    sources: tuple[str, ...]


LOCK_FILES = (
    LockFile("requirements.txt", ("pyproject.toml", "--extra", "lessons", "--group", "install", "--group", "test")),
    LockFile("requirements-dev.txt", ("--group", "dev", "--constraints", "requirements.txt")),
    LockFile("requirements-uv.txt", ("--group", "uv")),
    LockFile("requirements-az.txt", ("--group", "az")),
)


def find_uv(project: Path) -> str:
    """Find uv on PATH, or the one that start.py fetched.

    Raises:
        WorkshopError: there is none.
    """
    private = project / ".workshop" / "uv" / ("Scripts" if os.name == "nt" else "bin")
    found = shutil.which("uv") or shutil.which("uv", path=str(private))
    if found is None:
        raise WorkshopError("uv is not on PATH. Install it (docs.astral.sh/uv), then run this again.")
    return found


def compile_lock(project: Path, lock: LockFile, *, upgrade: bool = False) -> None:
    """Resolve one lock for all systems and write it.

    Raises:
        WorkshopError: uv found no set of versions that fits, or can't reach the package registry.
    """
    # fmt: off
    command = [
        find_uv(project), "pip", "compile", *lock.sources, "--constraints", CONSTRAINTS,
        "--universal", "--generate-hashes", "--quiet", "--python-version", OLDEST_PYTHON,
        "--custom-compile-command", "workshop lock", "--output-file", lock.name,
    ]
    # fmt: on
    if upgrade:
        command.append("--upgrade")
    if subprocess.run(command, cwd=project, check=False).returncode:
        raise WorkshopError(f"{lock.name} was not written: uv says why above.")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `workshop lock`."""
    parser = subparsers.add_parser("lock", help="write the requirements*.txt again from pyproject.toml")
    parser.add_argument("--upgrade", action="store_true", help="move every pin to the newest that fits")
    parser.add_argument(
        "--changes",
        nargs="?",
        const="",
        metavar="LOG",
        help="write nothing; print the pins that moved since the last commit, and what failed in a test run's output",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write every lock again, or say what has moved."""
    project = settings.load().project
    if arguments.changes is not None:
        names = [lock.name for lock in LOCK_FILES]
        print(report(project, names, Path(arguments.changes) if arguments.changes else None))
        return 0
    for lock in LOCK_FILES:
        print(f"resolving {lock.name}", flush=True)
        compile_lock(project, lock, upgrade=arguments.upgrade)
        print(f"  {len(read_pins(project / lock.name))} packages")
    return 0
