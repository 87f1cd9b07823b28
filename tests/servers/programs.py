"""Servers as processes of their own, and a folder of packages that holds FastMCP, what it needs, and no more."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import psutil
from packaging.requirements import Requirement
from practice_help import until

PATIENCE = 90.0
LOOPBACK = {"127.0.0.1", "::1"}


@dataclass(frozen=True)
class Served:
    """A server that runs as a process."""

    process: subprocess.Popen[str]
    port: int
    log: Path

    @property
    def url(self) -> str:
        """The address an MCP client connects to."""
        return f"http://localhost:{self.port}/mcp"

    def listens_on(self) -> set[str]:
        """Return the addresses on which this process or one it started listens."""
        itself = psutil.Process(self.process.pid)
        connections = [each for one in (itself, *itself.children(recursive=True)) for each in one.net_connections()]
        return {each.laddr.ip for each in connections if each.status == psutil.CONN_LISTEN}

    def said(self) -> str:
        """Return what it has printed, to stdout alone if its errors are kept apart."""
        return self.log.read_text("utf-8", "replace")

    def errors(self) -> str:
        """Return what it has printed to stderr, if that is kept apart."""
        return self.log.with_suffix(".err").read_text("utf-8", "replace")


@contextmanager
def served(
    command: Sequence[str], port: int, environ: dict[str, str], folder: Path, *, apart: bool = False
) -> Iterator[Served]:
    """Run a server until the block ends; it answers when the block begins.

    Args:
        folder: where it runs, and where its output is kept.
        apart: keep what it prints to stderr in a file of its own.
    """
    log = folder / f"server-{port}.log"
    with log.open("wb") as output, log.with_suffix(".err").open("wb") as errors:
        process = subprocess.Popen(
            command,
            env=environ,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors if apart else output,
            text=True,
        )
    try:
        server = Served(process, port, log)
        until(lambda: _answers(port) or process.poll() is not None, "the server listens", PATIENCE)
        assert process.poll() is None, server.said()
        yield server
    finally:
        for one in psutil.Process(process.pid).children(recursive=True) if process.poll() is None else ():
            one.kill()
        process.kill()
        process.wait(20)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status > 0
    except OSError:
        return False
    finally:
        connection.close()


def needed_by(requirement: str) -> set[str]:
    """Return the names of the distributions that pip would install for a requirement, as far as they are here."""
    names: dict[str, set[str]] = {}
    open_ones = [Requirement(requirement)]
    while open_ones:
        wanted = open_ones.pop()
        name = re.sub(r"[-_.]+", "-", wanted.name).lower()
        if name in names and wanted.extras <= names[name]:
            continue
        names[name] = names.get(name, set()) | wanted.extras
        for line in metadata.distribution(name).requires or ():
            more = Requirement(line)
            if more.marker is None or any(more.marker.evaluate({"extra": one}) for one in names[name] | {""}):
                open_ones.append(more)
    return set(names)


def packages_of(names: set[str], folder: Path) -> Path:
    """Make a folder of packages with these distributions and return it."""
    for name in names:
        distribution = metadata.distribution(name)
        top = Path(str(distribution.locate_file("")))
        for file in distribution.files or ():
            source = Path(str(file.locate()))
            # Programs stand outside of the folder of packages.
            if ".." not in file.parts and "__pycache__" not in file.parts and source.is_file():
                target = folder / source.relative_to(top)
                target.parent.mkdir(parents=True, exist_ok=True)
                _link(source, target)
    return folder


def folders_of(names: set[str], folder: Path) -> Path:
    """Make a folder with links to these distributions' own folders, bytecode and all: msgraph has 40,000 files."""
    for name in names:
        distribution = metadata.distribution(name)
        top = Path(str(distribution.locate_file("")))
        for part in {file.parts[0] for file in distribution.files or () if ".." not in file.parts}:
            target = folder / part
            if part != "__pycache__" and not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                target.symlink_to(top / part, target_is_directory=(top / part).is_dir())
    return folder


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another volume, or a file system without links
        shutil.copyfile(source, target)


def python_of(packages: Path) -> tuple[list[str], dict[str, str]]:
    """Return a Python that sees its own library and these packages and nothing else, and the variables for it.

    What it compiles is kept beside the packages, whose files are those of the environment.
    """
    compiled = packages.with_name(f"{packages.name}-compiled")
    return [sys.executable, "-S"], {"PYTHONPATH": str(packages), "PYTHONPYCACHEPREFIX": str(compiled)}
