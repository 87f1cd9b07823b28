"""Clients that stall: a slow one is served, one that never goes on is let go and named, and idle ones stop nobody."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from practice_help import posix_only, until

from practice_tenant.server.doors.connections import Bounds

from . import stalling
from .process import Tenant, serving
from .stalling import HOST, LABEL, Resume, Staller, staller
from .world import World, host_of

PROMISED = 30.0
STALLS: dict[Callable[[Staller], Resume], str] = {
    stalling.before_the_head: "in the request head",
    stalling.in_the_head: "in the request head",
    stalling.before_tls: "in the TLS handshake",
    stalling.in_the_client_hello: "in the TLS handshake",
    stalling.before_finished: "in the TLS handshake",
    stalling.in_the_question: "in the request head",
    stalling.in_the_order: "in the request body",
}


def let_go(tenant: Tenant) -> list[dict[str, Any]]:
    """Return what the log says of those who were let go."""
    return [each for each in tenant.control().get("/log").json()["exchanges"] if each["flow"] == "let go"]


def log_of(tenant: Tenant) -> str:
    """Return what `workshop tenant log` prints."""
    line = [sys.executable, "-m", "workshop", "tenant", "log", "--state", str(tenant.state)]
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout


@contextlib.contextmanager
def stopped(tenant: Tenant) -> Iterator[None]:
    """Stop the tenant's process while the block runs, as a machine does that has no time for it."""
    os.kill(tenant.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(tenant.process.pid, signal.SIGCONT)


def running_for(tenant: Tenant, seconds: float) -> None:
    """Return when the tenant has run for some seconds more."""

    def uptime() -> float:
        return float(tenant.control().get("/status").json()["uptime_seconds"])

    began = uptime()
    until(lambda: uptime() > began + seconds, "the tenant's own time")


@posix_only
@pytest.mark.thorough
def test_half_a_minute_is_not_too_long_wherever_it_is_spent(tmp_path: Path) -> None:
    """The second tenant has less patience, but it is itself stopped for that time, and so blames nobody."""
    with serving(tmp_path / "a") as patient, serving(tmp_path / "b", "--patience", str(PROMISED / 2)) as starved:
        resumed = {
            (stall, tenant.said["proxy"]): stall(staller(tenant)) for tenant in (patient, starved) for stall in STALLS
        }
        running_for(starved, 2)
        with stopped(starved):
            time.sleep(PROMISED)  # the stall itself
        running_for(starved, 2)
        for (stall, _), resume in resumed.items():
            assert resume() == (400 if stall is stalling.in_the_order else 200), stall.__doc__
        for tenant in (patient, starved):
            assert let_go(tenant) == []
            assert tenant.errors.read_text("utf-8") == ""


def test_the_patience_is_longer_than_what_is_promised() -> None:
    assert Bounds().patience >= 2 * PROMISED
    assert Bounds().open >= 1_000


def test_one_that_never_goes_on_is_let_go_and_named(tmp_path: Path) -> None:
    with serving(tmp_path / "state", "--patience", "1") as tenant:
        kept, lease = staller(tenant), tenant.control()
        ask_again = stalling.between_requests(kept)
        with lease.stream("GET", "/lease", params={"holder": "someone"}):
            stalled = {}
            for stall in STALLS:
                client = staller(tenant)
                stall(client)
                stalled[client] = stall
            silent, half = staller(tenant, "https"), staller(tenant, "control")
            half.send(b"GET /status HT")
            others = {silent: "in the TLS handshake", half: "in the request head"}
            for client in (*stalled, *others):
                until(lambda client=client: client.ended, "the end of a stalled connection")  # type: ignore[misc]
            told, printed = let_go(tenant), log_of(tenant)
            assert ask_again() == 200, "one that is idle between two requests does not stall"
            assert tenant.control().get("/status").json()["leases"] == ["someone"]
        assert tenant.errors.read_text("utf-8") == ""
    for step in STALLS.values():
        assert any(step in entry["reason"] for entry in told)
    assert {(entry["method"], entry["status"]) for entry in told} == {("CONNECT", 408), ("-", 408)}
    labelled = [entry for entry in told if entry["host"] == f"{HOST}:443"]
    assert {entry["holder"] for entry in labelled} == {LABEL}
    assert re.search(
        rf" {LABEL}  CONNECT  {HOST}:443  408  let go  .* it stalled for \d+ s in the TLS handshake", printed
    )
    reasons = "\n".join(entry["reason"] for entry in told)
    for client, step in others.items():
        assert re.search(rf"^{client.address} was let go: it stalled for \d+ s {step}$", reasons, re.MULTILINE)


def idle(tenant: Tenant, door: str, count: int = 500) -> list[Staller]:
    """Open connections that ask for nothing; at the proxy every second one has got as far as TLS."""
    clients = [staller(tenant, door) for _ in range(count)]
    if door == "proxy":
        for client in clients[::2]:
            with contextlib.suppress(ConnectionError):  # some were let go already
                client.send(client.connect)
                client.connection.recv(1_000)
    return clients


def lease(tenant: Tenant) -> Staller:
    """Ask for a lease, and return when it is given or there is no room for it."""
    client = staller(tenant, "control")
    head = f"GET /lease?holder=x HTTP/1.1\r\nHost: {host_of(tenant.said['control'])}\r\n"
    with contextlib.suppress(ConnectionError):
        client.send(f"{head}Authorization: Bearer {tenant.secret}\r\n\r\n".encode())
        client.connection.recv(1_000)
    return client


def everything_works(tenant: Tenant) -> None:
    """Sign someone in, redeem the code, and knock at every door."""
    world = World(tenant)
    assert world.tokens(world.register())["token_type"] == "Bearer"
    assert tenant.direct().get(stalling.KEYS).status_code == 200
    assert tenant.control().get("/status").json()["pid"] == tenant.process.pid
    with httpx.Client(trust_env=False, verify=tenant.trust) as http:
        assert http.get(tenant.said["managed_identity"] + "/").status_code == 404
        assert http.get(tenant.said["admin_center"] + "/").status_code == 404
    assert tenant.errors.read_text("utf-8") == ""


@pytest.fixture
def enough_files() -> Iterator[None]:
    """Let this process hold 2,500 connections."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4_000 if before[1] == resource.RLIM_INFINITY else min(4_000, before[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(wanted, before[0]), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@posix_only
@pytest.mark.usefixtures("enough_files")
def test_five_hundred_idle_connections_to_each_door_stop_nobody(tmp_path: Path) -> None:
    with serving(tmp_path / "state") as tenant, contextlib.ExitStack() as stack:
        kept = staller(tenant)
        ask_again = stalling.between_requests(kept)
        stack.enter_context(tenant.control().stream("GET", "/lease", params={"holder": "first"}))
        for door in ("https", "proxy", "browser", "control", "managed_identity", "admin_center"):
            for client in idle(tenant, door):
                stack.enter_context(client.connection)
            everything_works(tenant)
            if door == "proxy":
                told = until(lambda: let_go(tenant), "the log: so many may be in the TLS handshake, and no more")
                assert re.search(r"was let go for want of room: it stalled for \d+ s in the ", told[0]["reason"])
        until(
            lambda: any("between requests" in entry["reason"] for entry in let_go(tenant)),
            "the log: so many may be open, and no more",
        )
        assert tenant.control().get("/status").json()["leases"] == ["first"], "a lease is never let go"
        assert kept.ended or ask_again() == 200


@posix_only
def test_a_small_limit_of_open_files_stops_nobody(tmp_path: Path) -> None:
    limited = ("sh", "-c", 'ulimit -n 256 && exec "$@"', "sh")
    with serving(tmp_path / "state", by=limited) as tenant, contextlib.ExitStack() as stack:
        for door in ("https", "proxy", "control"):
            for client in idle(tenant, door):
                stack.enter_context(client.connection)
            everything_works(tenant)
        assert until(lambda: let_go(tenant), "the log")
        leases = [lease(tenant) for _ in range(200)]
        held = [client for client in leases if not client.ended]
        assert leases[0] in held, "what is being answered is never let go"
        assert 100 < len(held) < 200
