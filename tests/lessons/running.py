"""Runs one solved lesson as nbval does, in a process and a state folder of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from workshop.solve import cold
from workshop.testing import STRICT

PROJECT = Path(__file__).resolve().parents[2]
SOLUTIONS = sorted((PROJECT / "solutions").glob("*.ipynb"))
PATIENCE = 300

each = pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)


def started(path: Path, state: Path) -> subprocess.Popen[str]:
    """Run nbval on one notebook, every output compared."""
    environment = {name: value for name, value in cold(state).items() if not name.startswith("PYTEST")}
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", *STRICT, "--color=no", "-q", str(path)],
        cwd=PROJECT,
        # With the Azure CLI they run once, in the plain run of the solutions: it costs seconds a line.
        env=environment | {"WORKSHOP_PROJECT": str(PROJECT), "WORKSHOP_AZURE_CLI": "off"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Return the exit code and what was printed."""
    try:
        printed, _ = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    return process.returncode, printed
