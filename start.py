#!/usr/bin/env python3
"""Bring the workshop up, with nothing but Python on the machine.

    python3 start.py          opens JupyterLab on the first lesson
    python3 start.py test     runs the lessons and the unit tests

(Windows: `py start.py`.) The first run installs every package of the lock into .venv, with uv; later runs
find that done and need no network. Only the standard library is used here, and old Pythons can read this
file, so that the one line about the version reaches those who need it.
"""

import sys

if sys.version_info < (3, 11):
    this = f"{sys.version_info[0]}.{sys.version_info[1]}"
    sys.exit(f"The workshop needs Python 3.11 or newer, and this is Python {this}. Install and use a newer one.")

import argparse
import hashlib
import importlib.util
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent
BIN, EXE = ("Scripts", ".exe") if sys.platform == "win32" else ("bin", "")
PRIVATE_UV = PROJECT / ".workshop" / "uv"

LOCK, LOCK_OF_TOOLS, LOCK_OF_UV = "requirements.txt", "requirements-dev.txt", "requirements-uv.txt"
LOCK_OF_AZ = "requirements-az.txt"

LONG_PATHS = r"""Windows refuses paths of more than 260 characters here, and a package here has some.
Run this once in a PowerShell opened as administrator, then start again in a new window:
    Set-ItemProperty HKLM:\SYSTEM\CurrentControlSet\Control\FileSystem LongPathsEnabled 1 -Type DWord"""

NO_VENV = """This Python comes without its venv module, and uv is not on PATH.
Install one of them (Debian, Ubuntu: sudo apt install python3-venv), then start again."""

NOT_FINISHED = """{step}: this did not finish; the reason stands above. Start again: what is done is kept.
Behind a company's proxy set UV_SYSTEM_CERTS=1; with a package mirror set UV_DEFAULT_INDEX to its address."""

NOT_IN_FOLDER = """{step}: this did not finish; the reason stands above. What has it all is a folder made by
    workshop wheels --for linux,macos,windows DIR"""


class Problem(Exception):
    """What stands in the way and how to mend it, fit to be printed as it is."""


@dataclass(frozen=True)
class Environment:
    """A virtual environment of the project, and what says that it is complete."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / BIN / f"python{EXE}"

    @property
    def stamp(self) -> Path:
        return self.folder / "made-by-start.txt"

    def lock_stamp(self, lock: str) -> Path:
        return self.folder / f"installed-{lock}"

    def is_made(self) -> bool:
        """Say whether it was made here, for this Python and at this place (a moved folder needs a new one)."""
        return self.python.exists() and read_stamp(self.stamp) == environment_print()

    def has(self, lock: str) -> bool:
        """Say whether it holds what the lock and pyproject.toml have now."""
        return self.is_made() and read_stamp(self.lock_stamp(lock)) == lock_print(lock)


MAIN = Environment(PROJECT / ".venv")
AZURE_CLI = Environment(PROJECT / ".workshop" / "azure-cli")  # its packages do not go together with the workshop's

TO_START = ((MAIN, LOCK),)
TO_TEST_ALL = ((MAIN, LOCK), (MAIN, LOCK_OF_TOOLS), (AZURE_CLI, LOCK_OF_AZ))


def main(argv: list[str]) -> int:
    """Install what is missing, then become `workshop start` or `workshop test`."""
    options, passed_on = read_arguments(argv)
    wheels = Path(options.wheels).resolve() if options.wheels else None
    os.chdir(PROJECT)
    try:
        complete = options.command == "test" and (options.all or options.soak)
        install(TO_TEST_ALL if complete else TO_START, wheels)
        return hand_over([str(MAIN.python), "-m", "workshop", options.command, *passed_on])
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Start again to go on: what is done is kept.", file=sys.stderr)
        return 130


def read_arguments(argv: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """Return the options of this file, and the arguments that the command gets."""
    common = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    common.add_argument("--wheels", metavar="DIR", help="install from this folder of wheels, with no network")
    if argv[:1] == ["test"]:
        parser = argparse.ArgumentParser("start.py test", parents=[common], allow_abbrev=False)
        parser.epilog = "Every other argument goes to pytest."
        parser.add_argument("--all", action="store_true", help="the longer tests too; style, types, walls")
        parser.add_argument("--soak", action="store_true", help="only the longest tests, those of the nightly job")
        options, passed_on = parser.parse_known_args(argv[1:])
        passed_on += [option for option in ("--all", "--soak") if getattr(options, option[2:])]
        options.command = "test"
        return options, passed_on
    parser = argparse.ArgumentParser("start.py", parents=[common], allow_abbrev=False)
    parser.epilog = "`start.py test` runs the lessons and the unit tests instead: see `start.py test --help`."
    parser.add_argument("--no-browser", action="store_true", help="only print the address to open")
    parser.add_argument("--port", type=int, metavar="N", help="of JupyterLab (default: 8888 or the next free)")
    parser.add_argument("--ip", metavar="ADDR", help="to listen on (default: reached from this machine only)")
    options = parser.parse_args(argv)
    passed_on = ["--no-browser"] if options.no_browser else []
    passed_on += [f"--port={options.port}"] if options.port is not None else []
    passed_on += [f"--ip={options.ip}"] if options.ip is not None else []
    options.command = "start"
    return options, passed_on


def install(wanted: tuple[tuple[Environment, str], ...], wheels: Path | None) -> None:
    """Make each environment that is not there, and install each lock that it does not hold yet."""
    missing = [(into, lock) for into, lock in wanted if not into.has(lock)]
    if not missing:
        return
    if wheels and not wheels.is_dir():
        raise Problem(f"--wheels {wheels}: there is no such folder.")
    check_long_paths()
    began = time.monotonic()
    uv = find_uv(wheels)
    environ = uv_environment(uv)
    for into, lock in missing:
        if not into.is_made():
            command = [uv, "venv", "--clear", "--quiet", "--python", base_python(), str(into.folder)]
            run(f"Making {into.folder.relative_to(PROJECT)}", command, environ)
            into.stamp.write_text(environment_print(), encoding="utf-8")
        install_lock(into, lock, uv, environ, wheels)
    print(f"Installed in {time.monotonic() - began:.0f} s. The next start finds it done.\n", flush=True)


def install_lock(place: Environment, lock: str, uv: str, environ: dict[str, str], wheels: Path | None) -> None:
    """Install the packages of one lock, and with the first lock the workshop itself."""
    count = sum(line[:1].isalnum() for line in (PROJECT / lock).read_text(encoding="utf-8").splitlines())
    into = [uv, "pip", "install", "--python", str(place.python)]
    packages = [*into, "--require-hashes", "-r", lock]
    packages += ["--compile-bytecode"] if place == MAIN else []  # of the Azure CLI little is ever imported
    if wheels:
        packages += ["--offline", "--no-index", "--find-links", str(wheels), "--no-build"]
    hint = NOT_IN_FOLDER if wheels else NOT_FINISHED
    run(f"Installing {count} packages of {lock}; the first time this takes minutes", packages, environ, hint)
    if lock == LOCK:
        # setuptools is in the lock, so that building the workshop itself fetches nothing.
        itself = ["--offline", "--quiet", "--no-deps", "--no-build-isolation", "--editable", str(PROJECT)]
        run("Installing the workshop itself", [*into, *itself], environ)
    place.lock_stamp(lock).write_text(lock_print(lock), encoding="utf-8")


def find_uv(wheels: Path | None) -> str:
    """Find uv on PATH, or fetch it into a private folder (Debian's own Python refuses `pip install`)."""
    uv = PRIVATE_UV / BIN / f"uv{EXE}"
    found = shutil.which("uv") or (str(uv) if uv.exists() else None)
    if found:
        return found
    if not all(importlib.util.find_spec(module) for module in ("venv", "ensurepip")):
        raise Problem(NO_VENV)
    step = "Fetching uv, which installs the rest"
    hint = NOT_IN_FOLDER if wheels else NOT_FINISHED
    run(step, [base_python(), "-m", "venv", "--clear", str(PRIVATE_UV)])
    fetch = [str(private_python()), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    fetch += ["--no-index", "--find-links", str(wheels)] if wheels else []
    run("", [*fetch, "--require-hashes", "-r", LOCK_OF_UV], hint=hint)
    return str(uv)


def uv_environment(uv: str) -> dict[str, str]:
    """Return what uv gets as its environment: patience on slow lines, and the mirror that pip is set to."""
    environ = {"UV_HTTP_TIMEOUT": "120", **os.environ}
    if Path(uv).is_relative_to(PRIVATE_UV) and not environ.keys() & {"UV_DEFAULT_INDEX", "UV_INDEX_URL"}:
        # uv does not read pip's settings; a company's mirror often stands only there.
        asked = [str(private_python()), "-m", "pip", "config", "list"]
        told = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.splitlines()
        mirrors = [line.partition("=")[2].strip("'\"") for line in told if ".index-url=" in line]
        environ |= {"UV_DEFAULT_INDEX": mirrors[-1]} if mirrors else {}
    return environ


def run(step: str, command: list[str], environ: dict[str, str] | None = None, hint: str = NOT_FINISHED) -> None:
    """Run one step of the installation; what it prints is its progress."""
    if step:
        print(step, flush=True)
    try:
        failed = subprocess.run(command, env=environ, check=False).returncode != 0
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        failed = True
    if failed:
        raise Problem(hint.format(step=step or "Fetching uv"))


def hand_over(command: list[str]) -> int:
    """Become the command, so that no other process is left (on Windows: run it, tied to this process)."""
    if sys.platform != "win32":
        os.execv(command[0], command)
    # The command ends when its standard input closes, which it does however this process ends.
    environ = {**os.environ, "WORKSHOP_ENDS_WITH_STDIN": "1"}
    child = subprocess.Popen(command, stdin=subprocess.PIPE, env=environ)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:  # the command was interrupted too: it says goodbye itself
            continue


def check_long_paths() -> None:
    """Look up on Windows whether long paths are allowed: msgraph-sdk has one of 324 characters."""
    if sys.platform != "win32":
        return
    import winreg

    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SYSTEM\CurrentControlSet\Control\FileSystem") as key:
            enabled = winreg.QueryValueEx(key, "LongPathsEnabled")[0] == 1
    except OSError:
        enabled = False
    if not enabled:
        raise Problem(LONG_PATHS)


def private_python() -> Path:
    return PRIVATE_UV / BIN / f"python{EXE}"


def base_python() -> str:
    """Return the Python outside of any virtual environment this one runs in."""
    return str(getattr(sys, "_base_executable", sys.executable))


def environment_print() -> str:
    return f"Python {sys.version_info.major}.{sys.version_info.minor} in {PROJECT}"


def lock_print(lock: str) -> str:
    files = b"\0".join((PROJECT / name).read_bytes() for name in (lock, "pyproject.toml"))
    return hashlib.sha256(files).hexdigest()


def read_stamp(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
