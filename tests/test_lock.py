"""The locks: complete, hashed, without addresses, and in step with pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from workshop.core import settings
from workshop.core.pins import Pin, read_pins
from workshop.errors import WorkshopError
from workshop_tools import lock
from workshop_tools.lock import LOCK_FILES

PROJECT = settings.load().project
NAMES = [one.name for one in LOCK_FILES]


@cache
def pyproject() -> dict[str, Any]:
    return tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))


@cache
def pins(name: str) -> tuple[Pin, ...]:
    return read_pins(PROJECT / name)


def asked_for(name: str) -> list[Requirement]:
    """Return what pyproject.toml wants in a lock."""
    groups = pyproject()["dependency-groups"]
    wanted = {
        "requirements.txt": [*pyproject()["project"]["dependencies"], *groups["install"], *groups["test"]],
        "requirements-dev.txt": groups["dev"],
        "requirements-uv.txt": groups["uv"],
        "requirements-az.txt": groups["az"],
    }
    return [Requirement(text) for text in wanted[name]]


@pytest.mark.parametrize("name", NAMES)
def test_everything_asked_for_is_locked_in_a_version_that_fits(name: str) -> None:
    locked: dict[str, list[Version]] = {}
    for pin in pins(name):
        locked.setdefault(canonicalize_name(pin.name), []).append(Version(pin.version))
    for requirement in asked_for(name):
        versions = locked.get(canonicalize_name(requirement.name))
        assert versions, f"{requirement} is not in {name}: run `workshop lock`"
        for version in versions:
            assert version in requirement.specifier, f"{requirement} is locked at {version}: run `workshop lock`"


def test_what_the_build_needs_is_locked_so_that_building_needs_no_network() -> None:
    locked = {pin.name for pin in pins("requirements.txt")}
    assert {Requirement(text).name for text in pyproject()["build-system"]["requires"]} <= locked


@pytest.mark.parametrize("name", NAMES)
def test_every_pin_has_hashes_and_a_marker_that_can_be_read(name: str) -> None:
    for pin in pins(name):
        assert pin.hashes, pin
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in pin.hashes), pin
        if pin.marker:
            Marker(pin.marker)


@pytest.mark.parametrize("name", NAMES)
def test_no_address_is_in_it(name: str) -> None:
    text = (PROJECT / name).read_text(encoding="utf-8")
    assert not re.search(r"://|--(extra-)?index-url|--find-links|@ file", text)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_for_all_systems(name: str) -> None:
    """A package that has two pins has them for different systems."""
    seen: dict[str, Pin] = {}
    for pin in pins(name):
        other = seen.setdefault(pin.name, pin)
        if other is not pin:
            assert pin.marker, pin
            assert other.marker, other
            assert pin.marker != other.marker, pin


def test_it_holds_what_only_other_systems_need() -> None:
    by_name = {pin.name: pin for pin in pins("requirements.txt")}
    assert "win32" in by_name["pywin32"].marker
    assert "darwin" in by_name["appnope"].marker


INTEL_MAC = {"sys_platform": "darwin", "platform_machine": "x86_64"}
OTHERS = (
    {"sys_platform": "darwin", "platform_machine": "arm64"},
    {"sys_platform": "linux", "platform_machine": "x86_64"},
    {"sys_platform": "win32", "platform_machine": "AMD64"},
)


def test_an_old_version_for_one_system_holds_no_other_back() -> None:
    """With a bound for Intel Macs alone, uv gave the old version to every system."""
    text = (PROJECT / lock.CONSTRAINTS).read_text(encoding="utf-8")
    bounds = [Requirement(line) for line in text.splitlines() if line and not line.startswith("#")]
    assert bounds
    locked = [pin for name in NAMES for pin in pins(name) if pin.name in {bound.name for bound in bounds}]
    assert locked
    for pin in locked:
        for system in (INTEL_MAC, *OTHERS):
            if not pin.marker or Marker(pin.marker).evaluate(system):
                applying = [
                    one for one in bounds if one.name == pin.name and one.marker and one.marker.evaluate(system)
                ]
                assert applying, (pin, system)
                assert all(pin.version in bound.specifier for bound in applying), (pin, system)


def test_no_bound_stands_where_uv_finds_it_when_it_installs() -> None:
    """`uv pip install --require-hashes` reads [tool.uv] too, and refuses each bound that applies to the machine."""
    assert "uv" not in pyproject()["tool"]


def test_the_tools_agree_with_the_rest() -> None:
    """They are installed into the same environment."""
    rest = {pin.name: pin.version for pin in pins("requirements.txt") if not pin.marker}
    for pin in pins("requirements-dev.txt"):
        assert rest.get(pin.name, pin.version) == pin.version, pin


def test_a_line_that_is_no_pin_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text("good==1.0 --hash=sha256:00\nloose>=2\n")
    with pytest.raises(WorkshopError, match="'loose>=2' is no pin"):
        read_pins(path)


def test_a_lock_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorkshopError, match=r"requirements\.txt: the lock can't be read"):
        read_pins(tmp_path / "requirements.txt")


def test_a_pin_is_read_with_its_marker_and_its_hashes(tmp_path: Path) -> None:
    path = tmp_path / "lock.txt"
    path.write_text(
        "# made by a tool\n"
        "a-b==1.0 ; sys_platform == 'win32' \\\n    --hash=sha256:01 \\\n    --hash=sha256:02\n"
        "    # via c\n"
    )
    assert read_pins(path) == (Pin("a-b", "1.0", "sys_platform == 'win32'", ("sha256:01", "sha256:02")),)
