"""`workshop wheels`: a folder of wheels from which `start.py --wheels` installs with no network.

A class of a hundred would otherwise fetch the same packages a hundred times. The wheels are those of the
lock, for other systems and Pythons than this one too; pip fetches them and checks their hashes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

from workshop.core import settings
from workshop.core.pins import Pin, read_pins
from workshop.errors import WorkshopError

LOCKS = ("requirements.txt", "requirements-uv.txt")
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
NEWEST_GLIBC = 28  # that of 2018: every Linux still cared for has it
OLDEST_MACOS = (12, 0)


@dataclass(frozen=True)
class System:
    """A kind of machine, in the words of environment markers and of wheel tags."""

    os_name: str
    sys_platform: str
    platform_system: str
    machine: str
    platforms: tuple[str, ...]


def _linux(machine: str) -> System:
    modern = [f"manylinux_2_{minor}_{machine}" for minor in range(NEWEST_GLIBC, 4, -1)]
    older = [f"{name}_{machine}" for name in ("manylinux2014", "manylinux2010", "manylinux1")]
    return System("posix", "linux", "Linux", machine, (*modern, *older, f"linux_{machine}"))


def _macos(machine: str) -> System:
    return System("posix", "darwin", "Darwin", machine, tuple(mac_platforms(OLDEST_MACOS, machine)))


SYSTEMS = {
    "linux": (_linux("x86_64"), _linux("aarch64")),
    "macos": (_macos("arm64"), _macos("x86_64")),
    "windows": (System("nt", "win32", "Windows", "AMD64", ("win_amd64",)),),
}


@dataclass(frozen=True)
class Target:
    """A system with a Python, such as "3.12"."""

    system: System
    python: str

    def __str__(self) -> str:
        return f"{self.system.platform_system} {self.system.machine}, Python {self.python}"

    def wants(self, pin: Pin) -> bool:
        """Say whether any patch release of this Python installs the pin here."""
        if not pin.marker:
            return True
        return any(Marker(pin.marker).evaluate(self.environment(patch)) for patch in (0, 99))

    def environment(self, patch: int) -> dict[str, str]:
        """Return the values that environment markers ask for (PEP 508)."""
        full = f"{self.python}.{patch}"
        return {
            "implementation_name": "cpython",
            "implementation_version": full,
            "os_name": self.system.os_name,
            "platform_machine": self.system.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": self.system.platform_system,
            "platform_version": "",
            "python_full_version": full,
            "python_version": self.python,
            "sys_platform": self.system.sys_platform,
        }

    def tags(self) -> frozenset[Tag]:
        """Return the tags of the wheels that can be installed here (PEP 425)."""
        major, minor = (int(part) for part in self.python.split("."))
        interpreter = f"cp{major}{minor}"
        exact = cpython_tags((major, minor), abis=[interpreter], platforms=self.system.platforms)
        general = compatible_tags((major, minor), interpreter, self.system.platforms)
        return frozenset([*exact, *general])


def missing(pins: Iterable[Pin], target: Target, files: Iterable[str]) -> list[Pin]:
    """Return the pins that the target needs and no wheel among `files` fits.

    Args:
        files: names of files; those that are no wheels are passed over.
    """
    fitting = target.tags()
    wheels = (parse_wheel_filename(name) for name in files if name.endswith(".whl"))
    there = {(name, version) for name, version, _, tags in wheels if tags & fitting}
    wanted = (pin for pin in pins if target.wants(pin))
    return [pin for pin in wanted if (canonicalize_name(pin.name), Version(pin.version)) not in there]


def fetch(pins: Sequence[Pin], target: Target, folder: Path) -> None:
    """Fetch a wheel of each pin into `folder`.

    Raises:
        WorkshopError: pip did not get one of them.
    """
    rounds: list[dict[str, Pin]] = []  # pip takes one version of a package at a time
    for pin in pins:
        free = next((one for one in rounds if pin.name not in one), None)
        if free is None:
            rounds.append(free := {})
        free[pin.name] = pin
    for one in rounds:
        _pip_download(list(one.values()), target, folder)


def _pip_download(pins: Sequence[Pin], target: Target, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        wanted = Path(scratch) / "wanted.txt"
        wanted.write_text("".join(_line(pin) for pin in pins), encoding="utf-8")
        # fmt: off
        command = [
            sys.executable, "-m", "pip", "download", "--dest", str(folder), "--requirement", str(wanted),
            "--require-hashes", "--no-deps", "--only-binary", ":all:", "--disable-pip-version-check",
            "--progress-bar", "off", "--implementation", "cp", "--python-version", f"{target.python}.99",
        ]
        # fmt: on
        for platform in target.system.platforms:
            command += ["--platform", platform]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as pip:
            assert pip.stdout
            for number, line in enumerate((line for line in pip.stdout if line.startswith("Collecting")), 1):
                name = line.removeprefix("Collecting ").split("==")[0]
                print(f"\r  {number} of {len(pins)}  {name:<50.50}", end="", flush=True)
        print(f"\r{'':70}\r", end="")
    if pip.returncode:
        raise WorkshopError(f"{target}: pip did not get every wheel; it says why above.")


def _line(pin: Pin) -> str:
    return f"{pin.name}=={pin.version} {' '.join('--hash=' + value for value in pin.hashes)}\n"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `workshop wheels`."""
    parser = subparsers.add_parser("wheels", help="fill a folder from which start.py installs with no network")
    parser.add_argument("folder", type=Path, metavar="DIR", help="where the wheels go; what is there is kept")
    parser.add_argument(
        "--for",
        dest="systems",
        type=_several("system", tuple(SYSTEMS)),
        default=tuple(SYSTEMS),
        metavar="SYSTEMS",
        help="linux, macos, windows, or several with commas between (default: all three)",
    )
    parser.add_argument(
        "--python",
        dest="pythons",
        type=_several("Python", PYTHONS),
        default=PYTHONS,
        metavar="VERSIONS",
        help=f"such as 3.12,3.13 (default: {','.join(PYTHONS)})",
    )
    parser.set_defaults(run=run)


def _several(kind: str, known: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    def read(text: str) -> tuple[str, ...]:
        chosen = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
        if not chosen or not set(chosen) <= set(known):
            raise argparse.ArgumentTypeError(f"no such {kind}: {text!r} (there are {', '.join(known)})")
        return chosen

    return read


def run(arguments: argparse.Namespace) -> int:
    """Fill the folder, and see that nothing is missing in it."""
    project = settings.load().project
    folder: Path = arguments.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    pins = [pin for name in LOCKS for pin in read_pins(project / name)]
    for target in targets(arguments.systems, arguments.pythons):
        wanted = missing(pins, target, _names(folder))
        print(f"{target}: {len(wanted)} wheels to fetch", flush=True)
        fetch(wanted, target, folder)
        lacking = missing(pins, target, _names(folder))
        if lacking:
            raise WorkshopError(f"{target}: no wheel for {', '.join(pin.name for pin in lacking)}")
    files = list(folder.glob("*.whl"))
    size = sum(file.stat().st_size for file in files)
    print(f"{len(files)} wheels, {size / 1e6:.0f} MB. Each learner: python3 start.py --wheels {folder}")
    return 0


def targets(systems: Iterable[str], pythons: Iterable[str]) -> list[Target]:
    """Return every combination; of one system the Pythons follow each other."""
    kinds = [system for name in systems for system in SYSTEMS[name]]
    return [Target(system, python) for system in kinds for python in pythons]


def _names(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]
