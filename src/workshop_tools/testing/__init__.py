"""`workshop test`: the lessons and the unit tests, and a plain account of what was left out and why."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from workshop.commands.jupyter_home import enclose
from workshop.core import settings
from workshop.core.settings import Settings
from workshop_tools.testing.progress import DURATIONS, EXPECTED, LATER, in_words
from workshop_tools.testing.results import Kept, Tally
from workshop_tools.testing.suites import ALL, CHECKS, EVERY_SUITE, QUICK, SOAK, TIERS, Suite, Tier

NOTHING_COLLECTED = 5
MOST_AT_ONCE = 4
CHECKING = "checks"
TIER, COMPLETE, SEED = "WORKSHOP_TEST_TIER", "WORKSHOP_TEST_ALL", "WORKSHOP_TEST_SEED"
"""What tests/conftest.py is told: which tests to choose, whether a missing tool is an error, and the order."""
NAMED = "named"
"""The tier where a path was given: everything in it but what `--soak` runs."""


@dataclass(frozen=True)
class SuiteRun:
    """One call of the command.

    Attributes:
        paths: what to run, relative to the project; all that the tier has if empty.
        options: other arguments, for pytest.
        environ: that of every process it starts.
    """

    project: Path
    tier: Tier
    paths: list[str]
    options: list[str]
    environ: dict[str, str]
    kept: Kept
    tally: Tally

    @property
    def suites(self) -> list[Suite]:
        """The suites that it runs."""
        return [suite for suite in EVERY_SUITE if self.chosen(suite)] if self.paths else list(self.tier.suites)

    @property
    def steps(self) -> list[str]:
        """The names of what it does, in order."""
        checks = [CHECKING] if self.tier.checks and not self.paths else []
        return [*checks, *(suite.folder for suite in self.suites)]

    @property
    def whole(self) -> bool:
        """Whether it is all of its tier, whose seconds are worth keeping."""
        return not self.paths and not self.options

    def chosen(self, suite: Suite) -> list[str]:
        """Return the paths that belong to a suite."""
        folder = self.project / suite.folder
        return [path for path in self.paths if (self.project / path).resolve().is_relative_to(folder)]

    def expected(self, step: str) -> float:
        """Return how many seconds a step takes: as many as the last time here, else what the tier says."""
        return self.kept.seconds(self.tier.name, step) or self.tier.seconds[step] if self.whole else 0.0

    def later(self, step: str) -> float:
        """Return how many seconds the steps after this one take."""
        return sum(self.expected(other) for other in self.steps[self.steps.index(step) + 1 :])


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `workshop test`."""
    parser = subparsers.add_parser(
        "test",
        help="run the lessons and the unit tests",
        usage="workshop test [--all | --soak] [--durations [N]] [--seed N] [pytest arguments]",
        epilog="Every other argument goes to pytest. A path selects the suites that it belongs to.",
    )
    tier = parser.add_mutually_exclusive_group()
    more = "run the longer tests too, leave none out; check style, types, walls"
    tier.add_argument("--all", action="store_const", dest="tier", const=ALL.name, default=QUICK.name, help=more)
    longest = "run the longest tests only: kills, floods, hubs (the nightly job)"
    tier.add_argument("--soak", action="store_const", dest="tier", const=SOAK.name, help=longest)
    slowest = "print the N slowest tests (20 if no number is given)"
    parser.add_argument("--durations", nargs="?", type=int, const=20, default=0, metavar="N", help=slowest)
    order = "shuffle the files, and the tests in each, in an order that this number decides"
    parser.add_argument("--seed", type=int, metavar="N", help=order)
    parser.set_defaults(run=run, more=[])


def run(arguments: argparse.Namespace) -> int:
    """SuiteRun what was asked for; the last line printed is `N passed, N failed`."""
    current = settings.load()
    # A shell switches interrupts off for what it runs in the background; tests interrupt what they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    tier = TIERS[arguments.tier]
    paths = [argument for argument in arguments.more if (current.project / argument.split("::")[0]).exists()]
    order = {SEED: str(arguments.seed)} if arguments.seed is not None else {}
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="workshop-test-", ignore_cleanup_errors=True) as scratch:
        asked = SuiteRun(
            project=current.project,
            tier=tier,
            paths=paths,
            options=[argument for argument in arguments.more if argument not in paths],
            environ=environment(current, Path(scratch), tier, named=bool(paths)) | order,
            kept=Kept(current.project / ".workshop" / "tests"),
            tally=Tally(),
        )
        if asked.whole:
            seconds = sum(asked.expected(step) for step in asked.steps)
            print(f"This takes about {in_words(seconds)}. It leaves out {tier.leaves}.", flush=True)
        do_steps(asked)
    return report(asked, slowest=arguments.durations, seconds=time.monotonic() - began)


def environment(current: Settings, scratch: Path, tier: Tier, *, named: bool) -> dict[str, str]:
    """Return an environment in which no test touches the learner's own tenant, state or Jupyter."""
    environ = settings.without_own(os.environ) | {
        "WORKSHOP_PROJECT": str(current.project),
        "WORKSHOP_STATE": str(scratch / "state"),
        "WORKSHOP_TENANT": "practice",
        TIER: NAMED if named and tier is QUICK else tier.name,
    }
    environ.setdefault("PYTEST_XDIST_AUTO_NUM_WORKERS", str(min(os.cpu_count() or 1, MOST_AT_ONCE)))
    if tier.complete:
        environ[COMPLETE] = "1"
    enclose(settings.load(environ), environ)
    return environ


def do_steps(asked: SuiteRun) -> None:
    """SuiteRun each step, and keep how long it took."""
    for step in asked.steps:
        began = time.monotonic()
        if step == CHECKING:
            run_checks(asked)
        else:
            run_suite(asked, next(suite for suite in asked.suites if suite.folder == step))
        if asked.whole:
            asked.kept.keep_seconds(asked.tier.name, step, time.monotonic() - began)


def run_checks(asked: SuiteRun) -> None:
    """SuiteRun the checks of the source, two at a time."""

    def check(title: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *CHECKS[title]]
        return subprocess.run(
            command,
            cwd=asked.project,
            env=asked.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
        )

    with ThreadPoolExecutor(max_workers=2) as two:
        for title, done in zip(CHECKS, two.map(check, CHECKS), strict=True):
            print(f"\n== {title}\n{done.stdout.rstrip()}", flush=True)
            asked.tally.add(passed=done.returncode == 0, failed=done.returncode != 0)


def run_suite(asked: SuiteRun, suite: Suite) -> None:
    """SuiteRun one suite with what was asked for."""
    print(f"\n== {suite.title}", flush=True)
    results = asked.kept.junit(suite.folder)
    results.unlink(missing_ok=True)
    environ = asked.environ | {
        DURATIONS: str(asked.kept.durations(suite.folder)),
        EXPECTED: str(asked.expected(suite.folder)),
        LATER: str(asked.later(suite.folder)),
    }
    quietly = ("-q", "--no-header", "-o", "console_output_style=classic", "-p", "workshop_tools.testing.progress")
    command = [sys.executable, "-m", "pytest", *suite.options, *quietly, f"--junit-xml={results}", *asked.options]
    what = asked.chosen(suite) or [suite.folder]
    code = subprocess.run([*command, *what], cwd=asked.project, env=environ, check=False).returncode
    before = asked.tally.failed
    if results.exists():
        asked.tally.add_results(results)
    if code not in (0, NOTHING_COLLECTED) and asked.tally.failed == before:
        asked.tally.add(failed=1)  # pytest itself gave up: no test is there to be counted


def report(asked: SuiteRun, *, slowest: int, seconds: float) -> int:
    """Print what was left out and why, then the count. Return the exit code."""
    tally = asked.tally
    for took, test in asked.kept.slowest([suite.folder for suite in asked.suites], slowest):
        print(f"{took:8.1f} s  {test}")
    print(f"\n== after {seconds:.0f} s")
    if asked.whole:
        print(f"left out: {asked.tier.leaves}")
    for reason, number in sorted(tally.left_out.items()):
        print(f"left out: {number} {'test' if number == 1 else 'tests'}: {reason}")
    lacking = asked.tier.complete and tally.left_out
    if lacking:
        print("here nothing else may be left out")
    print(f"{tally.passed} passed, {tally.failed} failed", flush=True)
    return 1 if tally.failed or lacking else 0
