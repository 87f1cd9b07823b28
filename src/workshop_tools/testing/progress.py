"""A plugin of pytest: a line that says how far a suite is and how long all of it still takes; it keeps durations.

It is loaded by name (`-p workshop_tools.testing.progress`) and told what it needs by the variables below.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

import pytest

DURATIONS = "WORKSHOP_TEST_DURATIONS"
"""The file with the seconds of each test; those of an earlier run are read, those of this one written."""
EXPECTED = "WORKSHOP_TEST_EXPECTED"
"""How many seconds the suite is expected to take."""
LATER = "WORKSHOP_TEST_LATER"
"""How many seconds the steps after it are expected to take."""

TYPICAL = {
    "tests/lessons/": 40.0,
    "tests/browser/test_lessons.py": 20.0,
    "tests/registration/test_killed.py": 40.0,
    "tests/servers/test_two_users.py": 20.0,
    "tests/servers/test_runs.py": 6.0,
    "tests/test_bench.py": 6.0,
    "tests/test_launcher.py": 5.0,
    "tests/test_testing.py": 5.0,
    "tests/test_az.py": 4.0,
    "tests/registration/": 2.5,
    "solutions/": 0.9,
    "": 0.07,
}
"""Seconds of a test by the beginning of its name, where no earlier run has told."""
LEAST = 0.002
ENOUGH = 0.02
"""The share that must have run to tell by it how long the rest takes."""
REDRAWN_EVERY = 0.5
TOLD_EVERY = 30.0


class Progress:
    """What has run of a suite, and what is left.

    Args:
        known: the seconds of each test, from an earlier run.
        expected: seconds that the suite is expected to take; 0 if nobody knows.
        later: seconds that the steps after it are expected to take.
        clock: seconds that only grow.
    """

    def __init__(
        self, known: Mapping[str, float], expected: float, later: float, out: TextIO, clock: Callable[[], float]
    ) -> None:
        self.known = known
        self.expected = expected
        self.later = later
        self.out = out
        self.clock = clock
        self.began = clock()
        self.shown = self.began
        self.moves = out.isatty() and os.environ.get("TERM") != "dumb"
        self.tests: frozenset[str] = frozenset()
        self.whole = 0.0
        self.ran: dict[str, float] = {}
        self.done: set[str] = set()
        self.weighed = 0.0
        self.failed = 0

    def collected(self, tests: Sequence[str]) -> None:
        """Take the names of all tests that will run."""
        if not self.tests:
            self.tests = frozenset(tests)
            self.whole = sum(self.weight(test) for test in self.tests)

    def weight(self, test: str) -> float:
        typical = next(seconds for beginning, seconds in TYPICAL.items() if test.startswith(beginning))
        return max(self.known.get(test, typical), LEAST)

    def report(self, test: str, seconds: float, *, ended: bool, failed: str = "") -> None:
        """Count a phase of a test.

        Args:
            failed: why it failed, empty if it did not.
        """
        self.ran[test] = self.ran.get(test, 0.0) + seconds
        if failed:
            self.failed += 1
            self.say(f"FAILED {test}: {failed}")
        if ended and test not in self.done:
            self.done.add(test)
            self.weighed += self.weight(test)
        self.show()

    def left(self) -> float | None:
        """Return the seconds that are left; None if nothing tells yet.

        What was expected counts at first; with each test that has run, how much faster or slower it went counts more.
        """
        share = min(1.0, self.weighed / self.whole) if self.whole else 0.0
        took = self.clock() - self.began
        if not self.expected:
            return took * (1 - share) / share if share > ENOUGH else None
        pace = 1 + (took / (self.expected * share) - 1) * min(1.0, 2 * share) if share else 1.0
        return (self.expected * (1 - share) + self.later) * pace

    def line(self) -> str:
        """Return where it stands, in words."""
        failures = f", {self.failed} failed" if self.failed else ""
        left = self.left()
        rest = f", about {in_words(left)} left" if left is not None else ""
        return f"{len(self.done):,} of {len(self.tests):,}{failures}{rest}"

    def show(self) -> None:
        """Show the line, unless it was shown a moment ago."""
        now = self.clock()
        if now - self.shown >= (REDRAWN_EVERY if self.moves else TOLD_EVERY) and self.tests:
            self.shown = now
            self.out.write(f"\r\x1b[K{self.line()}" if self.moves else f"{self.line()}\n")
            self.out.flush()

    def say(self, text: str) -> None:
        """Print a line that stays."""
        self.clear()
        self.out.write(f"{text}\n")
        self.out.flush()

    def clear(self) -> None:
        """Take the moving line away."""
        if self.moves:
            self.out.write("\r\x1b[K")
            self.out.flush()


def in_words(seconds: float) -> str:
    """Return a duration as a person says it."""
    if seconds < 90:
        return f"{max(10, 10 * round(seconds / 10))} s"
    return f"{round(seconds / 60)} min"


class Plugin:
    """Hands pytest's reports to the line, in the process that has them all."""

    def __init__(self, progress: Progress, durations: Path) -> None:
        self.progress = progress
        self.durations = durations

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: object, ids: Sequence[str]) -> None:  # noqa: ARG002
        self.progress.collected(ids)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        if session.items:
            self.progress.collected([item.nodeid for item in session.items])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        ended = report.when == "teardown"
        self.progress.report(report.nodeid, report.duration, ended=ended, failed=_why(report) if report.failed else "")

    @pytest.hookimpl(hookwrapper=True)
    def pytest_report_teststatus(self) -> Generator[None, Any, None]:
        """Leave the dots out: the line stands for them."""
        outcome = yield
        category, _, word = outcome.get_result()
        outcome.force_result((category, "", word))

    def pytest_sessionfinish(self) -> None:
        self.progress.clear()
        kept = {test: round(seconds, 3) for test, seconds in sorted(self.progress.ran.items())}
        self.durations.write_text(json.dumps(kept), encoding="utf-8")


def _why(report: pytest.TestReport) -> str:
    """Return the first line of a failure's message; the whole of it comes at the end."""
    crash = getattr(report.longrepr, "reprcrash", None)
    message = str(crash.message if crash else report.longreprtext).strip()
    return message.partition("\n")[0] or "it says nothing"


def pytest_configure(config: pytest.Config) -> None:
    """Begin, unless this is a worker's process or nobody asked."""
    told = os.environ.get(DURATIONS)
    if told and not hasattr(config, "workerinput"):
        expected, later = (float(os.environ.get(name, "0")) for name in (EXPECTED, LATER))
        progress = Progress(read(Path(told)), expected, later, sys.__stdout__ or sys.stdout, time.monotonic)
        config.pluginmanager.register(Plugin(progress, Path(told)), "workshop-progress")


def read(durations: Path) -> dict[str, float]:
    """Return the seconds of each test that an earlier run has kept; none if there are none that can be read."""
    with suppress(OSError, ValueError, AttributeError):
        return {str(test): float(seconds) for test, seconds in json.loads(durations.read_text("utf-8")).items()}
    return {}
