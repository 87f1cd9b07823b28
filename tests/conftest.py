"""What a test may ask for beyond Python, and what becomes of it when that is missing."""

from __future__ import annotations

import importlib.util
import os
import random
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import hypothesis
import pytest

from workshop import azure_cli, settings
from workshop.errors import WorkshopError
from workshop.lock import find_uv

# An example is not timed: on a machine with other work, a pause would turn a test red.
hypothesis.settings.register_profile("workshop", deadline=None)
hypothesis.settings.load_profile("workshop")


def _has_chromium() -> bool:
    from workshop.signin import chromium

    try:
        return bool(chromium.find())
    except chromium.BrowserNotFound:
        return False


def _has_uv() -> bool:
    try:
        return bool(find_uv(settings.load().project))
    except WorkshopError:
        return False


def _has_node_22() -> bool:
    """Earlier ones can't be led through a proxy by variables."""
    found = shutil.which("node")
    told = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout if found else ""
    return int(told.strip("v\n").partition(".")[0] or 0) >= 22


def _program(name: str) -> Callable[[], bool]:
    return lambda: shutil.which(name) is not None


def _module(name: str) -> Callable[[], bool]:
    return lambda: importlib.util.find_spec(name) is not None


TOOLS: dict[str, Callable[[], bool]] = {
    "az": lambda: azure_cli.find(settings.load().project) is not None,
    "chromium": _has_chromium,
    "curl": _program("curl"),
    "git": _program("git"),
    "import-linter": _module("importlinter"),
    "nginx": _program("nginx"),
    "node 22": _has_node_22,
    "playwright": _module("playwright"),
    "redis-server": _program("redis-server"),
    "repo2docker": _module("repo2docker"),
    "uv": _has_uv,
    "wrk": _program("wrk"),
}

LONG_FILES: tuple[str, ...] = ()
"""Begun first, so that no core is idle at the end while another has a long file to itself."""


@cache
def _found(tool: str) -> bool:
    return TOOLS[tool]()


def runs(item: pytest.Item, tier: str) -> bool:
    """Say whether a test belongs to what was asked for (`workshop.testing`); pytest by itself runs all but the soak."""
    soak, thorough = (item.get_closest_marker(mark) is not None for mark in ("soak", "thorough"))
    return soak if tier == "soak" else not soak and not (thorough and tier == "quick")


def in_order(items: list[pytest.Item], seed: str) -> list[pytest.Item]:
    """Return the tests, those of a file together: the long files first, or all shuffled if there is a seed."""
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path.relative_to(Path(__file__).parent).as_posix(), []).append(item)
    names = sorted(files, key=lambda file: LONG_FILES.index(file) if file in LONG_FILES else len(LONG_FILES))
    if seed:
        chance = random.Random(seed)  # noqa: S311 (an order is no secret)
        chance.shuffle(names)
        for tests in files.values():
            chance.shuffle(tests)
    return [item for name in names for item in files[name]]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Choose the tests of the tier, the long files first.

    What needs a tool this machine lacks is skipped; where nothing may be left out, say which one and end.
    """
    tier = os.environ.get("WORKSHOP_TEST_TIER", "named")
    chosen = [item for item in items if runs(item, tier)]
    config.hook.pytest_deselected(items=[item for item in items if not runs(item, tier)])
    items[:] = in_order(chosen, os.environ.get("WORKSHOP_TEST_SEED", ""))
    lacking: list[str] = []
    for item in items:
        wanted = [str(tool) for mark in item.iter_markers("needs") for tool in mark.args]
        unknown = [tool for tool in wanted if tool not in TOOLS]
        if unknown:
            raise pytest.UsageError(f"{item.nodeid} needs {', '.join(unknown)}: not named in tests/conftest.py")
        missing = [tool for tool in wanted if not _found(tool)]
        if missing:
            lacking.append(f"{item.nodeid} needs {', '.join(missing)}, not found on this machine")
            item.add_marker(pytest.mark.skip(reason=f"needs {', '.join(missing)} (not found)"))
    if lacking and os.environ.get("WORKSHOP_TEST_ALL"):
        raise pytest.UsageError("nothing may be left out:\n  " + "\n  ".join(lacking))
