"""What a test may ask for beyond Python, and what becomes of it when that is missing."""

from __future__ import annotations

import importlib.util
import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from workshop.core import azure_cli, settings
from workshop.errors import WorkshopError
from workshop_tools.lock import find_uv

if TYPE_CHECKING:
    from tenant.process import Tenant

# An example is not timed: on a machine with other work, a pause would turn a test red.
hypothesis.settings.register_profile("workshop", deadline=None)
hypothesis.settings.load_profile("workshop")


def _has_chromium() -> bool:
    from workshop.core import chromium

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


def _can_be_another() -> bool:
    """A program of root's becomes nobody; elsewhere sudo has to let it, without a question."""
    if not hasattr(os, "geteuid"):
        return False
    return os.geteuid() == 0 or subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0


TOOLS: dict[str, Callable[[], bool]] = {
    "another account": _can_be_another,
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

LONG_FILES = (
    "lessons/test_again.py",
    "browser/test_lessons.py",
    "servers/test_runs.py",
    "registration/test_rules.py",
    "registration/test_killed.py",
    "test_launcher.py",
    "test_bench.py",
    "test_testing.py",
    "tenant/test_hostile.py",
    "servers/test_two_users.py",
    "tenant/test_parity.py",
)
"""Begun first, so that no core is idle at the end while another has a long file to itself."""

THOROUGH = (
    "browser/",
    "lessons/",
    "diagnosis/test_pairs.py",
    "registration/",
    "servers/test_obo_refusals.py",
    "servers/test_on_behalf_of.py",
    "servers/test_runs.py",
    "servers/test_two_users.py",
    "tenant/test_hostile.py",
    "tenant/test_killed.py",
    "test_az.py",
    "test_bench.py",
    "test_fastmcp_entra.py",
    *(f"test_lesson_{number:02}.py" for number in range(1, 100)),
    "test_managed_identity_libraries.py",
    "test_msgraph_sdk.py",
    "test_real_libraries.py",
    "test_testing.py",
    "test_token_libraries.py",
    "test_wheels.py",
)
"""Where all tests are thorough ones; single ones bear the mark."""


@cache
def _found(tool: str) -> bool:
    return TOOLS[tool]()


def file_of(item: pytest.Item) -> str:
    """Return the file of a test, below this folder."""
    return _below(item.path)


def _below(path: Path) -> str:
    return path.relative_to(Path(__file__).parent).as_posix()


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave a file alone of which nothing would run: its imports cost seconds."""
    quick = os.environ.get("WORKSHOP_TEST_TIER") == "quick"
    return True if quick and _below(collection_path).startswith(THOROUGH) else None


def runs(item: pytest.Item, tier: str) -> bool:
    """Say whether a test belongs to what was asked for (`workshop_tools.testing`); pytest alone: all but the soak."""
    soak, thorough = (item.get_closest_marker(mark) is not None for mark in ("soak", "thorough"))
    thorough = thorough or file_of(item).startswith(THOROUGH)
    return soak if tier == "soak" else not soak and not (thorough and tier == "quick")


def in_order(items: list[pytest.Item], seed: str) -> list[pytest.Item]:
    """Return the tests, those of a file together: the long files first, or all shuffled if there is a seed."""
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(file_of(item), []).append(item)
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


@pytest.fixture(scope="session")
def tenant_of_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenant]:
    """A tenant for the life of this process: aiohttp keeps the authorities that it found when it was imported."""
    from tenant.process import serving

    with serving(tmp_path_factory.mktemp("entra") / "state") as tenant:
        yield tenant
