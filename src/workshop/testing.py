"""`workshop test`: the lessons and the unit tests, and a plain account of what was left out and why."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from workshop import settings
from workshop.jupyter_home import enclose
from workshop.settings import Settings

NOTHING_COLLECTED = 5
MOST_AT_ONCE = 4
# A file stays on one worker, so that what its tests share is made once. The slow files come first by their names.
ON_ALL_CORES = ("--numprocesses=auto", "--dist=loadfile", "--no-loadscope-reorder")
OF_A_LESSON = ("--nbval-current-env", "--nbval-cell-timeout=60", "-p", "no:cacheprovider")
STRICT = ("--nbval", "--nbval-sanitize-with=tests/nbval_sanitize.cfg", *OF_A_LESSON)
LAX = ("--nbval-lax", *OF_A_LESSON)


@dataclass(frozen=True)
class Suite:
    """One run of pytest: the folder it is for and the options it takes."""

    title: str
    folder: str
    options: tuple[str, ...] = ()


SUITES = (
    Suite("unit tests", "tests", ON_ALL_CORES),
    Suite("solved lessons, every output compared", "solutions", (*STRICT, *ON_ALL_CORES)),
    Suite("lessons as learners get them", "notebooks", (*LAX, *ON_ALL_CORES)),
)

CHECKS = {
    "style": ("-m", "ruff", "check", "."),
    "layout": ("-m", "ruff", "format", "--check", "."),
    "types": ("-m", "mypy"),
    "walls": ("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"),
    "derived files": ("-m", "workshop", "derive", "--check"),
}
"""What `--all` checks besides, each a command of this Python."""


@dataclass
class Tally:
    """What has run so far."""

    passed: int = 0
    failed: int = 0
    left_out: Counter[str] = field(default_factory=Counter)

    def add(self, *, passed: int = 0, failed: int = 0) -> None:
        """Count more."""
        self.passed += passed
        self.failed += failed


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `workshop test`."""
    parser = subparsers.add_parser(
        "test",
        help="run the lessons and the unit tests",
        usage="workshop test [--all] [pytest arguments]",
        epilog="Every other argument goes to pytest. A path selects the suites that it belongs to.",
    )
    parser.add_argument("--all", action="store_true", help="leave nothing out; check style, types, walls too")
    parser.set_defaults(run=run, more=[])


def run(arguments: argparse.Namespace) -> int:
    """Run everything; the last line printed is `N passed, N failed`."""
    current = settings.load()
    # A shell switches interrupts off for what it runs in the background; tests interrupt what they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    tally = Tally()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="workshop-test-", ignore_cleanup_errors=True) as scratch:
        environ = environment(current, Path(scratch), everything=arguments.all)
        if arguments.all:
            for title, command in CHECKS.items():
                run_check(title, command, current.project, environ, tally)
        for suite in SUITES:
            run_suite(suite, arguments.more, current.project, environ, tally)
    return report(tally, everything=arguments.all, seconds=time.monotonic() - began)


def environment(current: Settings, scratch: Path, *, everything: bool) -> dict[str, str]:
    """Return an environment in which no test touches the learner's own tenant, state or Jupyter."""
    environ = settings.without_own(os.environ) | {
        "WORKSHOP_PROJECT": str(current.project),
        "WORKSHOP_STATE": str(scratch / "state"),
        "WORKSHOP_TENANT": "practice",
    }
    environ.setdefault("PYTEST_XDIST_AUTO_NUM_WORKERS", str(min(os.cpu_count() or 1, MOST_AT_ONCE)))
    if everything:
        environ["WORKSHOP_TEST_ALL"] = "1"
    enclose(settings.load(environ), environ)
    return environ


def run_check(title: str, command: Sequence[str], project: Path, environ: dict[str, str], tally: Tally) -> None:
    """Run one check of the source."""
    print(f"\n== {title}", flush=True)
    code = subprocess.run([sys.executable, *command], cwd=project, env=environ, check=False).returncode
    tally.add(passed=code == 0, failed=code != 0)


def run_suite(suite: Suite, more: Sequence[str], project: Path, environ: dict[str, str], tally: Tally) -> None:
    """Run one suite with what was asked for, unless it was for another one."""
    paths = [argument for argument in more if (project / argument.split("::")[0]).exists()]
    chosen = [path for path in paths if (project / path).resolve().is_relative_to(project / suite.folder)]
    if paths and not chosen:
        return
    print(f"\n== {suite.title}", flush=True)
    results = Path(environ["WORKSHOP_STATE"]).parent / f"{suite.folder}.xml"
    options = [argument for argument in more if argument not in paths]
    command = [sys.executable, "-m", "pytest", *suite.options, f"--junit-xml={results}", *options]
    code = subprocess.run([*command, *(chosen or [suite.folder])], cwd=project, env=environ, check=False).returncode
    before = tally.failed
    if results.exists():
        count(results, tally)
    if code not in (0, NOTHING_COLLECTED) and tally.failed == before:
        tally.add(failed=1)  # pytest itself gave up: no test is there to be counted


def count(results: Path, tally: Tally) -> None:
    """Add what a JUnit file holds."""
    for case in ElementTree.parse(results).iter("testcase"):  # noqa: S314 (pytest wrote it just now)
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            tally.add(failed=1)
        elif skipped is not None:
            tally.left_out[skipped.get("message", "")] += 1
        else:
            tally.add(passed=1)


def report(tally: Tally, *, everything: bool, seconds: float) -> int:
    """Print what was left out and why, then the count. Return the exit code."""
    print(f"\n== after {seconds:.0f} s")
    for reason, number in sorted(tally.left_out.items()):
        print(f"left out: {number} {'test' if number == 1 else 'tests'}: {reason}")
    if everything and tally.left_out:
        print("with --all nothing may be left out")
    print(f"{tally.passed} passed, {tally.failed} failed", flush=True)
    return 1 if tally.failed or (everything and tally.left_out) else 0
