"""What the tests of the practice tenant share: its folder, processes that use it, and waiting with a deadline."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import psutil
import pytest

from practice_tenant import Running, found
from workshop.errors import WorkshopError

T = TypeVar("T")
DEADLINE = 120.0

posix_only = pytest.mark.skipif(os.name != "posix", reason="POSIX only")


def until(ask: Callable[[], T], what: str, seconds: float = DEADLINE) -> T:
    """Ask until the answer is true, and return it."""
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)
    return answer


def clean_environ(state: Path, **more: str) -> dict[str, str]:
    """Return this process's variables without any that a practice tenant or a proxy would matter to."""
    unwanted = ("AZURE_", "ENTRA_", "FASTMCP_", "WORKSHOP_", "SSL_CERT", "IDENTITY_", "MSI_", "IMDS_")
    others = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(unwanted) and name.upper() not in others
    }
    return kept | {"WORKSHOP_STATE": str(state), "WORKSHOP_TENANT": "practice"} | more


def is_gone(pid: int) -> bool:
    """Say whether the process has ended; an orphan may wait as a zombie for a slow process 1."""
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def can_bind(url: str) -> bool:
    """Say whether the port of `url` is free."""
    port = urlsplit(url).port
    assert port
    with socket.socket() as probe:
        if os.name == "posix":  # as a server would: connections that just ended don't count
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def ends(running: Running, seconds: float = DEADLINE) -> None:
    """Wait until the tenant has ended and its ports are free."""
    until(lambda: is_gone(running.pid), f"end of the tenant {running.pid}", seconds)
    for url in (running.proxy, running.https, running.control):
        until(lambda url=url: can_bind(url), f"free port of {url}", seconds)  # type: ignore[misc]


HOLDER = """
import sys
import threading
from workshop import practice
from workshop.core.settings import load
running = practice.ensure(load(), sys.argv[1])
print(running.pid, flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def process(code: str, *arguments: str, environ: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Run `code` in a Python of its own; it is killed in the end."""
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environ,
    ) as started:
        try:
            yield started
        finally:
            started.kill()


def line_of(started: subprocess.Popen[str]) -> str:
    """Return the next line a process prints; a silent one is ended."""
    assert started.stdout
    watchdog = threading.Timer(DEADLINE, started.kill)
    watchdog.start()
    try:
        line = started.stdout.readline()
    finally:
        watchdog.cancel()
    assert line, f"it ended with {started.wait()}"
    return line.strip()


def end_any(state: Path) -> None:
    """End the tenant of a test that left one."""
    running = found(state)
    if running:
        with contextlib.suppress(WorkshopError):
            running.stop()
        ends(running)


def let_aiohttp_trust(ca: Path) -> None:
    """Let aiohttp trust this authority too: it reads them once, when an earlier file may have imported it."""
    connector = sys.modules.get("aiohttp.connector")
    if connector is not None:
        connector._SSL_CONTEXT_VERIFIED.load_verify_locations(ca)
