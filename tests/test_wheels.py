"""`workshop wheels`: for each system and Python the right pins, and a folder in which nothing is missing."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from wheel_writer import write_wheel

from workshop.core import settings
from workshop.core.pins import Pin, read_pins
from workshop.errors import WorkshopError
from workshop_tools.wheels import LOCKS, PYTHONS, SYSTEMS, Target, fetch, missing, targets

PROJECT = settings.load().project
LINUX, MAC, WINDOWS = (SYSTEMS[name][0] for name in ("linux", "macos", "windows"))


@cache
def pins() -> tuple[Pin, ...]:
    return tuple(pin for name in LOCKS for pin in read_pins(PROJECT / name))


def wanted(target: Target) -> dict[str, list[str]]:
    """Return the versions of each package that the target wants from an empty folder."""
    versions: dict[str, list[str]] = {}
    for pin in missing(pins(), target, []):
        versions.setdefault(pin.name, []).append(pin.version)
    return versions


def test_each_system_gets_its_own_packages() -> None:
    linux, mac, windows = (wanted(Target(system, "3.12")) for system in (LINUX, MAC, WINDOWS))
    assert "pexpect" in linux
    assert {"appnope", "pexpect"} <= mac.keys()
    assert {"pywin32", "pywinpty", "colorama"} <= windows.keys()
    assert not {"pywin32", "appnope"} & linux.keys()
    assert not {"pywin32", "colorama"} & mac.keys()
    assert not {"appnope", "pexpect"} & windows.keys()


def test_each_python_gets_its_own_packages() -> None:
    assert "overrides" in wanted(Target(LINUX, "3.11"))
    assert "overrides" not in wanted(Target(LINUX, "3.12"))


def test_what_depends_on_the_patch_release_comes_for_each() -> None:
    """Debian 12 has Python 3.11.2, others have a later 3.11: one pin is for each."""
    assert len(wanted(Target(LINUX, "3.11"))["soupsieve"]) == 2
    assert len(wanted(Target(LINUX, "3.12"))["soupsieve"]) == 1


def test_an_intel_mac_gets_the_versions_that_have_wheels() -> None:
    arm, intel = (wanted(Target(system, "3.12")) for system in SYSTEMS["macos"])
    assert arm["cryptography"] != intel["cryptography"]


@pytest.mark.parametrize("target", targets(SYSTEMS, PYTHONS), ids=str)
def test_every_target_gets_the_installer_too(target: Target) -> None:
    assert {"uv", "pip", "setuptools", "jupyterlab", "fastmcp"} <= wanted(target).keys()


TINY = (Pin("Tiny.Package", "1.0", "", ("sha256:00",)),)


@pytest.mark.parametrize(
    ("file", "fits"),
    [
        ("tiny_package-1.0-py3-none-any.whl", True),
        ("tiny_package-1.0-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", True),
        ("tiny_package-1.0-cp39-abi3-manylinux_2_28_x86_64.whl", True),
        ("tiny_package-1.0-py3-none-manylinux1_x86_64.whl", True),
        ("tiny_package-2.0-py3-none-any.whl", False),
        ("other-1.0-py3-none-any.whl", False),
        ("tiny_package-1.0-cp313-cp313-manylinux_2_17_x86_64.whl", False),
        ("tiny_package-1.0-cp312-cp312-manylinux_2_17_aarch64.whl", False),
        ("tiny_package-1.0-cp312-cp312-manylinux_2_39_x86_64.whl", False),
        ("tiny_package-1.0-cp312-cp312-musllinux_1_2_x86_64.whl", False),
        ("tiny_package-1.0-cp312-cp312-win_amd64.whl", False),
        ("tiny_package-1.0.tar.gz", False),
    ],
)
def test_a_file_fits_or_it_does_not(file: str, fits: bool) -> None:
    lacking = missing(TINY, Target(LINUX, "3.12"), ["notes.txt", file])
    assert lacking == ([] if fits else list(TINY))


def test_a_mac_takes_wheels_for_older_ones_and_for_both_processors() -> None:
    for tag in ("macosx_11_0_arm64", "macosx_10_13_universal2"):
        assert not missing(TINY, Target(MAC, "3.12"), [f"tiny_package-1.0-cp312-cp312-{tag}.whl"])
    assert missing(TINY, Target(MAC, "3.12"), ["tiny_package-1.0-cp312-cp312-macosx_11_0_x86_64.whl"])


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "workshop", "wheels", *arguments]
    return subprocess.run(program, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--for", "linux,amiga", "x"), "no such system: 'linux,amiga' (there are linux, macos, windows)"),
        (("--python", "3.9", "x"), "no such Python: '3.9'"),
        (("--for", ",", "x"), "no such system"),
    ],
)
def test_an_unknown_system_or_python_is_refused(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    run = command(*arguments[:-1], str(tmp_path / "wheels"))
    assert run.returncode == 2
    assert told in run.stderr
    assert not (tmp_path / "wheels").exists()


def test_a_wheel_that_does_not_come_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(WorkshopError, match=r"Linux x86_64, Python 3\.12: pip did not get every wheel"):
        fetch([Pin("no-such-package", "1.0", "", ("sha256:" + "0" * 64,))], Target(LINUX, "3.12"), tmp_path)


def test_wheels_are_fetched_for_another_system_than_this_and_their_hashes_are_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, folder = tmp_path / "source", tmp_path / "wheels"
    source.mkdir()
    folder.mkdir()
    wheel = write_wheel(source, "tiny", "1.0", {"tiny.py": ""})
    there = wheel.rename(source / "tiny-1.0-cp313-cp313-win_amd64.whl")
    newer = write_wheel(source, "tiny", "2.0", {"tiny.py": ""})
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(source))
    target = Target(WINDOWS, "3.13")
    fetch([Pin("tiny", "1.0", "", (digest(there),)), Pin("tiny", "2.0", "", (digest(newer),))], target, folder)
    assert sorted(path.name for path in folder.iterdir()) == [there.name, newer.name]
    with pytest.raises(WorkshopError, match="pip did not get every wheel"):
        fetch([Pin("tiny", "1.0", "", ("sha256:" + "0" * 64,))], target, tmp_path)


def digest(path: Path) -> str:
    return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
