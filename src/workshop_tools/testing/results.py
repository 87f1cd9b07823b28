"""What a run has counted and what it keeps: JUnit files, and how long each step and each test took."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from workshop_tools.testing import progress


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

    def add_results(self, junit: Path) -> None:
        """Count what a JUnit file holds."""
        for case in ElementTree.parse(junit).iter("testcase"):  # noqa: S314 (pytest wrote it just now)
            skipped = case.find("skipped")
            if case.find("failure") is not None or case.find("error") is not None:
                self.add(failed=1)
            elif skipped is not None:
                self.left_out[skipped.get("message", "")] += 1
            else:
                self.add(passed=1)


@dataclass(frozen=True)
class Kept:
    """The folder in which a run leaves its figures for the next one and for whoever looks for what is slow."""

    folder: Path

    def junit(self, step: str) -> Path:
        """Return where pytest writes the results of a step."""
        return self._made() / f"{step}.xml"

    def durations(self, step: str) -> Path:
        """Return where the seconds of each test of a step are."""
        return self._made() / f"{step}.json"

    def slowest(self, steps: list[str], number: int) -> list[tuple[float, str]]:
        """Return the slowest tests with their seconds, the slowest first."""
        tests = [(took, test) for step in steps for test, took in progress.read(self.durations(step)).items()]
        return sorted(tests, reverse=True)[:number]

    def seconds(self, tier: str, step: str) -> float | None:
        """Return how long a step took here the last time, None if it was never run here."""
        return progress.read(self.folder / "steps.json").get(f"{tier} {step}")

    def keep_seconds(self, tier: str, step: str, seconds: float) -> None:
        """Keep how long a step took."""
        file = self._made() / "steps.json"
        file.write_text(json.dumps(progress.read(file) | {f"{tier} {step}": round(seconds, 1)}), encoding="utf-8")

    def _made(self) -> Path:
        with suppress(FileExistsError):
            self.folder.mkdir(parents=True)
        return self.folder
