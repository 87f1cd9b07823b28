"""Runs one lesson as nbval does, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from workshop_tools.solve import cold

PROJECT = Path(__file__).resolve().parents[2]
SOLUTIONS = sorted((PROJECT / "solutions").glob("*.ipynb"))
PATIENCE = 600

each = pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)


def started(path: Path, state: Path, how: Sequence[str], *, strict: bool = True) -> subprocess.Popen[str]:
    """Run nbval on one notebook.

    Args:
        how: nbval's options.
        strict: a check that is not passed is an error.
    """
    environment = {name: value for name, value in cold(state).items() if not name.startswith("PYTEST")}
    # Their lines with the Azure CLI run in tests/registration/test_three_ways.py: it costs seconds a line.
    environment |= {"WORKSHOP_PROJECT": str(PROJECT), "WORKSHOP_AZURE_CLI": "off"}
    if not strict:
        del environment["WORKSHOP_STRICT"]
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", *how, "--color=no", "-q", str(path)],
        cwd=PROJECT,
        env=environment,
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
