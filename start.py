#!/usr/bin/env python3
"""Bring the workshop up, with nothing but Python on the machine.

    python3 start.py          opens JupyterLab on the first lesson
    python3 start.py test     runs the lessons and the unit tests

(Windows: `py start.py`.) The first run installs every package of the lock into .venv, with uv; later runs
find that done and need no network. What uv and pip say goes to .workshop/install.log. Only the standard library
is used here, and old Pythons can read this file, so that the one line about the version reaches those who need it.
"""

import sys

if sys.version_info < (3, 11):
    this = f"{sys.version_info[0]}.{sys.version_info[1]}"
    sys.exit(f"The workshop needs Python 3.11 or newer, and this is Python {this}. Install and use a newer one.")

import argparse
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, NoReturn

PROJECT = Path(__file__).resolve().parent
BIN, EXE = ("Scripts", ".exe") if sys.platform == "win32" else ("bin", "")
PRIVATE_UV = PROJECT / ".workshop" / "uv"
LOG = PROJECT / ".workshop" / "install.log"

LOCK, LOCK_OF_TOOLS, LOCK_OF_UV = "requirements.txt", "requirements-dev.txt", "requirements-uv.txt"
LOCK_OF_AZ = "requirements-az.txt"
LEFT_OUT = "left-out.txt"

LONG_PATHS = r"""Windows refuses paths of more than 260 characters here, and a package here has some.
Run this once in a PowerShell opened as administrator, then start again in a new window:
    Set-ItemProperty HKLM:\SYSTEM\CurrentControlSet\Control\FileSystem LongPathsEnabled 1 -Type DWord"""

NO_VENV = """This Python comes without its venv module, and uv is not on PATH.
Install one of them (Debian, Ubuntu: sudo apt install python3-venv), then start again."""

NOT_FINISHED = """{step}: this did not finish; the reason stands above. Start again: what is done is kept.
Behind a company's proxy set UV_SYSTEM_CERTS=1; with a package mirror set UV_DEFAULT_INDEX to its address."""

NOT_IN_FOLDER = """{step}: this did not finish; the reason stands above. What has it all is a folder made by
    workshop wheels --for linux,macos,windows DIR"""

FIRST_LINE_AFTER = 15.0  # seconds, where no line can move; each further one after twice as long
LOOKS_SHARE = 0.2  # of the time goes into looking how far it is
PATIENCE = 5.0  # seconds


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
    def packages(self) -> Path:
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        return self.folder / ("Lib" if sys.platform == "win32" else f"lib/{version}") / "site-packages"

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


class Steps:
    """Runs the installers: what they say goes into the log, how far they are onto the screen."""

    def __init__(self, hint: str) -> None:
        self.hint = hint
        self.screen = Screen()
        self.environ = dict(os.environ)
        self.began = time.monotonic()
        try:
            LOG.parent.mkdir(exist_ok=True)
            handle = os.open(LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise Problem(f"{LOG} can't be written: {error.strerror}.") from error
        self.log = os.fdopen(handle, "a", encoding="utf-8", errors="backslashreplace")
        self.note(f"\n== {time.strftime('%Y-%m-%d %H:%M:%S')} Python {sys.version.split()[0]} on {sys.platform}")

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    def run(self, step: str, command: list[str], progress: Callable[[list[str]], str] | None = None) -> None:
        """Run one step to its end.

        Args:
            progress: makes of the lines that were said so far how far it is; without it the step's name stands there.

        Raises:
            Problem: it failed; the message begins with what it said, in full.
        """
        self.screen.begin(step)
        said: list[str] = []
        self.note(f"-- {step}: {' '.join(command)}")
        try:
            process = subprocess.Popen(
                command,
                env={**self.environ, "NO_COLOR": "1"},
                stdin=subprocess.DEVNULL,  # nobody would see what it asks
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        except OSError as error:
            self.fail(step, [f"{command[0]}: {error.strerror}"])
        try:
            self.follow(process, said, progress or (lambda _: step))
        except BaseException:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE)
            process.kill()
            raise
        if process.returncode:
            self.fail(step, said or [f"{command[0]} ended with exit code {process.returncode}"])

    def follow(self, process: subprocess.Popen[bytes], said: list[str], progress: Callable[[list[str]], str]) -> None:
        """Keep what it says, and show how far it is, until it has ended."""
        reader = threading.Thread(target=self.read, args=(process.stdout, said), daemon=True)
        reader.start()
        words, next_look = "", 0.0
        while reader.is_alive():
            reader.join(0.2)
            if not self.screen.is_due(self.seconds):
                continue
            began = time.monotonic()
            if began >= next_look:
                words = progress(said)
                next_look = began + (time.monotonic() - began) / LOOKS_SHARE
            self.screen.show(f"{words}, {self.seconds:.0f} s")
        process.wait()

    def read(self, pipe: IO[bytes], said: list[str]) -> None:
        for line in pipe:
            said.append(line.decode("utf-8", "replace").rstrip())
            self.note(said[-1])

    def note(self, line: str) -> None:
        with suppress(OSError):  # a full disk: the installer will say so too
            self.log.write(without_passwords(line, self.environ) + "\n")
            self.log.flush()

    def fail(self, step: str, said: list[str]) -> NoReturn:
        self.screen.clear()
        reason = [line for line in said if not line.strip().startswith(("Downloading ", "Downloaded "))]
        told = without_passwords("\n".join(reason), self.environ)
        raise Problem(f"{told}\n\n{self.hint.format(step=step)}")


class Screen:
    """One line that moves on a terminal; a few lines where none can."""

    def __init__(self) -> None:
        self.moves = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        self.shown = ""
        self.next_line = FIRST_LINE_AFTER

    def begin(self, step: str) -> None:
        if not self.moves:
            print(step, flush=True)

    def is_due(self, seconds: float) -> bool:
        if self.moves:
            return True
        due = seconds >= self.next_line
        self.next_line *= 2 if due else 1
        return due

    def show(self, text: str) -> None:
        if not self.moves:
            print(text, flush=True)
            return
        columns = os.get_terminal_size(sys.stdout.fileno()).columns or 80  # a variable COLUMNS may be an old one
        text = text[: columns - 1]
        if text != self.shown:
            print(f"\r{text.ljust(len(self.shown))}", end="", flush=True)
            self.shown = text

    def clear(self) -> None:
        if self.shown:
            self.show("")
            print("\r", end="", flush=True)


@dataclass
class Progress:
    """How far an installation is, read from the folders it fills: uv draws its own bars on terminals only.

    Attributes:
        packages: where they are put.
        total: how many there will be, until uv says it.
        cache: what uv fetches comes here first.
    """

    packages: Path
    total: int
    cache: Path | None
    before: set[Path] = field(default_factory=set)
    fetched: dict[Path, int] = field(default_factory=dict)  # bytes

    def __post_init__(self) -> None:
        self.before = self.cached()

    def words(self, said: list[str]) -> str:
        total = next((int(line.split()[1]) for line in said if re.match(r"Resolved \d+ package", line)), self.total)
        if any(line.startswith("Installed ") for line in said):
            return f"Compiled {self.compiled():.0%} of {total} packages"
        unfinished = 0
        for new in self.cached() - self.before - self.fetched.keys():
            if new.name.startswith("."):
                unfinished += size_of(new)
            else:
                self.fetched[new] = size_of(new)
        done = min(total, max(len(self.fetched), len(list(self.packages.glob("*.dist-info")))))
        megabytes = (sum(self.fetched.values()) + unfinished) / 1e6
        return f"{done} of {total} packages, {megabytes:.0f} MB"

    def cached(self) -> set[Path]:
        """Return the packages in uv's cache, and those that are coming, whose names begin with a dot."""
        return {*self.cache.glob("archive-v*/*"), *self.cache.glob(".tmp*")} if self.cache else set()

    def compiled(self) -> float:
        names = [name.rpartition(".")[2] for _, _, found in os.walk(self.packages) for name in found]
        return min(1.0, names.count("pyc") / max(1, names.count("py")))


def size_of(folder: Path | str) -> int:
    """Return the bytes in a folder; it may be moved away meanwhile."""
    size = 0
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            size += size_of(entry.path) if entry.is_dir(follow_symlinks=False) else entry.stat().st_size
    return size


def without_passwords(text: str, environ: dict[str, str]) -> str:
    """Return a text without what stands before the @ of an address, or is a password of uv's variables."""
    secrets = {value for name, value in environ.items() if re.fullmatch("UV_.*(PASSWORD|TOKEN)", name)}
    for name, value in environ.items():
        if re.match("UV_|PIP_|.*_PROXY$", name.upper()):
            secrets.update(re.findall(r"://(\S+)@", value))
    for secret in sorted(secrets - {""}, key=len, reverse=True):
        text = text.replace(secret, "***")
    return re.sub(r"://[^/\s]+@", "://***@", text)


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
    steps = Steps(NOT_IN_FOLDER if wheels else NOT_FINISHED)
    print(f"Installing; the first time this takes minutes. The log is {LOG.relative_to(PROJECT)}.", flush=True)
    uv = find_uv(wheels, steps)
    steps.environ = uv_environment(uv)
    steps.note(" ".join(f"{name}={value}" for name, value in steps.environ.items() if name.startswith("UV_")))
    for into, lock in missing:
        if not into.is_made():
            command = [uv, "venv", "--clear", "--python", base_python(), str(into.folder)]
            steps.run(f"Making {into.folder.relative_to(PROJECT)}", command)
            into.stamp.write_text(environment_print(), encoding="utf-8")
        install_lock(into, lock, uv, steps, wheels)
    steps.screen.clear()
    print(f"Installed in {steps.seconds:.0f} s. The next start finds it done.\n", flush=True)


def install_lock(place: Environment, lock: str, uv: str, steps: Steps, wheels: Path | None) -> None:
    """Install the packages of one lock, and with the first lock the workshop itself."""
    count = sum(line[:1].isalnum() for line in (PROJECT / lock).read_text(encoding="utf-8").splitlines())
    into = [uv, "pip", "install", "--python", str(place.python)]
    packages = [*into, "--require-hashes", "-r", lock]
    packages += ["--compile-bytecode"] if place == MAIN else []  # of the Azure CLI little is ever imported
    if wheels:
        packages += ["--offline", "--no-index", "--find-links", str(wheels), "--no-build"]
    progress = Progress(place.packages, count, cache_of(uv, steps.environ))
    steps.run(f"Installing {count} packages of {lock}", packages, progress.words)
    if lock == LOCK:  # setuptools is in it, so that building the workshop itself fetches nothing
        itself = ["--offline", "--no-deps", "--no-build-isolation", "--editable", "."]
        steps.run("Installing the workshop itself", [*into, *itself])
        if "\n" in str(PROJECT):  # the installer wrote it as a line of a file
            (place.packages / "workshop.pth").write_text(f"import sys; sys.path.append({str(PROJECT / 'src')!r})\n")
        steps.run("Leaving out what slows every start", [uv, "pip", "uninstall", *into[3:], "-r", LEFT_OUT])
    place.lock_stamp(lock).write_text(lock_print(lock), encoding="utf-8")


def find_uv(wheels: Path | None, steps: Steps) -> str:
    """Find uv on PATH, or fetch it into a private folder (Debian's own Python refuses `pip install`)."""
    uv = PRIVATE_UV / BIN / f"uv{EXE}"
    found = shutil.which("uv") or (str(uv) if uv.exists() else None)
    if found:
        return found
    if not all(importlib.util.find_spec(module) for module in ("venv", "ensurepip")):
        raise Problem(NO_VENV)
    steps.run("Making a place for uv", [base_python(), "-m", "venv", "--clear", str(PRIVATE_UV)])
    fetch = [str(private_python()), "-m", "pip", "install", "--no-input", "--progress-bar", "off"]
    fetch += ["--no-index", "--find-links", str(wheels)] if wheels else []
    fetch += ["--disable-pip-version-check", "--require-hashes", "-r", LOCK_OF_UV]
    steps.run("Fetching uv, which installs the rest", fetch)
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


def cache_of(uv: str, environ: dict[str, str]) -> Path | None:
    """Return where uv keeps what it fetched; None if it does not say."""
    with suppress(OSError):
        asked = subprocess.run([uv, "cache", "dir"], env=environ, capture_output=True, text=True, check=False)
        if asked.returncode == 0 and asked.stdout.strip():
            return Path(asked.stdout.strip())
    return None


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
    files = b"\0".join((PROJECT / name).read_bytes() for name in (lock, "pyproject.toml", LEFT_OUT))
    return hashlib.sha256(files).hexdigest()


def read_stamp(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
