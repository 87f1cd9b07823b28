"""What there is to run: the suites of pytest, the checks of the source, and the tiers that choose from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PATIENCE = 300
"""Seconds that a cell, and the start of a kernel, may take; on a busy machine a cell of two seconds has taken forty."""

# A file stays on one worker, so that what its tests share is made once; tests/conftest.py puts the long files first.
ON_ALL_CORES = ("--numprocesses=auto", "--dist=loadfile", "--no-loadscope-reorder")
OF_A_LESSON = (
    *("--nbval-current-env", f"--nbval-cell-timeout={PATIENCE}", f"--nbval-kernel-startup-timeout={PATIENCE}"),
    *("-p", "no:cacheprovider"),
)
STRICT = ("--nbval", "--nbval-sanitize-with=tests/nbval_sanitize.cfg", *OF_A_LESSON)
LAX = ("--nbval-lax", *OF_A_LESSON)


@dataclass(frozen=True)
class Suite:
    """One run of pytest: the folder it is for and the options it takes."""

    title: str
    folder: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tier:
    """How much is run.

    Attributes:
        name: what tests/conftest.py is told, so that it chooses the tests.
        suites: which are run, in this order.
        checks: whether the source is checked too.
        complete: nothing may be left out because a tool is missing.
        seconds: what each step takes on two cores, until this machine has a time of its own.
        leaves: what it does not run, in words.
    """

    name: str
    suites: tuple[Suite, ...]
    checks: bool
    complete: bool
    seconds: Mapping[str, float]
    leaves: str


UNIT_TESTS = Suite("unit tests", "tests", ON_ALL_CORES)
SOLVED = Suite("solved lessons, every output compared", "solutions", (*STRICT, *ON_ALL_CORES))
UNSOLVED = Suite("lessons as learners get them", "notebooks", (*LAX, *ON_ALL_CORES))
EVERY_SUITE = (UNIT_TESTS, SOLVED, UNSOLVED)

QUICK = Tier(
    name="quick",
    suites=(SOLVED, UNIT_TESTS),
    checks=False,
    complete=False,
    seconds={"solutions": 80, "tests": 220},
    leaves="the longer tests (`--all` runs them) and the longest (`--soak`)",
)
ALL = Tier(
    name="all",
    suites=(UNIT_TESTS,),  # tests/lessons runs the lessons, solved and as learners get them
    checks=True,
    complete=True,
    seconds={"checks": 80, "tests": 760},
    leaves="the longest tests (`--soak` runs them)",
)
SOAK = Tier(
    name="soak",
    suites=(UNIT_TESTS,),
    checks=False,
    complete=True,
    seconds={"tests": 1800},
    leaves="everything that `--all` runs",
)
TIERS = {tier.name: tier for tier in (QUICK, ALL, SOAK)}

CHECKS = {
    "style": ("-m", "ruff", "check", "."),
    "layout": ("-m", "ruff", "format", "--check", "."),
    "types": ("-m", "mypy"),
    "walls": ("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"),
    "derived files": ("-m", "workshop", "derive", "--check"),
}
"""What `--all` checks besides, each a command of this Python."""
