"""Requests made by chance, to each server's routes that ask for no sign-in: it has an answer for every one."""

from __future__ import annotations

import contextlib
import http.client
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest
from practice_help import clean_environ, until
from server_help import free_port

from .generated import Shot, Shots

SERVERS = ("unprotected", "whoami", "proxy", "on_behalf_of", "both_doors", "preauthorized")
GUID = "6f1c3a52-0000-4000-8000-0123456789ab"
MIB = 1 << 20
TOLD = {
    "AZURE_TENANT_ID": GUID,
    "ENTRA_PROXY_AZURE_CLIENT_ID": GUID,
    "ENTRA_PROXY_AZURE_CLIENT_SECRET": "a value for tests",
    "ENTRA_PREAUTHORIZED_AZURE_CLIENT_ID": GUID,
    # So many that the requests reach what is behind the bound.
    "ENTRA_PROXY_REGISTRATIONS_PER_MINUTE": "1000000",
}


@dataclass(frozen=True)
class Target:
    """A server in a process of its own, with its log in a file."""

    port: int
    pid: int
    log: Path

    @property
    def memory(self) -> int:
        """Bytes that the process holds."""
        return int(psutil.Process(self.pid).memory_info().rss)

    def register(self) -> str:
        """Return the id of a client, empty if the server registers none."""
        body = {"redirect_uris": ["http://localhost:1/callback"]}
        answer = httpx.post(f"http://127.0.0.1:{self.port}/register", json=body, trust_env=False)
        return str(answer.json()["client_id"]) if answer.status_code == 201 else ""


@contextlib.contextmanager
def target(name: str, folder: Path) -> Iterator[Target]:
    """Run a server as its owner would; its log goes to a file, as in a container."""
    port, log = free_port(), folder / "log"
    command = [sys.executable, "-m", f"workshop.servers.{name}", "--port", str(port)]
    environ = clean_environ(folder) | TOLD | {"FASTMCP_HOME": str(folder / "home")}
    with (
        log.open("wb") as said,
        subprocess.Popen(command, env=environ, cwd=folder, stdout=said, stderr=said) as started,
    ):
        try:
            until(lambda: started.poll() is not None or _listens(port), "the server listens")
            assert started.poll() is None, log.read_text()
            yield Target(port, started.pid, log)
            assert started.poll() is None, "it is still there"
        finally:
            started.terminate()


def _listens(port: int) -> bool:
    try:
        httpx.get(f"http://127.0.0.1:{port}/", trust_env=False)
    except httpx.TransportError:
        return False
    return True


def send(connection: http.client.HTTPConnection, shot: Shot) -> int:
    """Send a request and return the status; 0 if the server closed the connection."""
    try:
        connection.putrequest(shot.method, shot.target, skip_accept_encoding=True)
        for header, value in shot.headers:
            connection.putheader(header, value)
        if shot.body:
            connection.putheader("Content-Length", str(len(shot.body)))
        connection.endheaders(shot.body or None)
        answer = connection.getresponse()
        if "text/event-stream" in answer.headers.get("content-type", ""):
            connection.close()  # it would never end
        else:
            answer.read()
    except (http.client.HTTPException, OSError):
        connection.close()
        return 0
    return answer.status


def fire(aimed: Target, count: int, seed: int) -> Counter[int]:
    """Send so many requests and return how often each status came."""
    shots = Shots(random.Random(seed), [known for known in (aimed.register(), GUID) if known])  # noqa: S311
    statuses: Counter[int] = Counter()
    connection = http.client.HTTPConnection("127.0.0.1", aimed.port, timeout=120)
    for _ in range(count):
        shot = shots.one()
        status = send(connection, shot)
        statuses[status] += 1
        assert status < 500, (seed, shot, shot.body)
    connection.close()
    return statuses


def held(name: str, count: int, folder: Path) -> None:
    with target(name, folder) as aimed:
        fire(aimed, 300, 1)  # what is imported and cached once
        before = aimed.memory
        seed = int(os.environ.get("WORKSHOP_TEST_SEED") or 0) or 2
        statuses = fire(aimed, count, seed)
        grown = aimed.memory - before
        assert statuses[0] < count / 20, statuses
        assert sum(statuses[status] for status in (200, 201, 302, 400, 401, 404, 405)) > count / 2, statuses
        assert grown < 50 * MIB, f"{grown / MIB:.0f} MiB more after {count} requests"
        lines = aimed.log.read_bytes().splitlines()
    said = b"\n".join(lines)
    assert b"Traceback" not in said, said[said.index(b"Traceback") - 500 :][:3_000].decode()
    assert not [line for line in lines if any(byte < 32 or byte == 127 for byte in line)], "a control character"
    assert not [line for line in lines if line.startswith((b" ", b"INFO: audit"))], "a line that is part of another"


@pytest.mark.parametrize("name", SERVERS)
def test_some_hundreds(name: str, tmp_path: Path) -> None:
    held(name, 500, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("name", SERVERS)
def test_twenty_thousand(name: str, tmp_path: Path) -> None:
    held(name, 20_000, tmp_path)
