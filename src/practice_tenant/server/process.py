"""The process: one lock, six listening sockets, one announcement, and a clean end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from practice_tenant.private import make_private_folder
from practice_tenant.server.admin.door import admin_application
from practice_tenant.server.admin.sessions import Sessions
from practice_tenant.server.app import application
from practice_tenant.server.control.door import Control, Leases, control_application
from practice_tenant.server.directory import sown
from practice_tenant.server.directory.settings import SettingsOfDirectories
from practice_tenant.server.directory.store import Store
from practice_tenant.server.doors import tls
from practice_tenant.server.doors.connections import Bounds, Connections
from practice_tenant.server.doors.entrances import Entrance, PlainDoor, TlsDoor
from practice_tenant.server.doors.guards import AccountGuard, PasswordGuard
from practice_tenant.server.doors.listening import room, serve
from practice_tenant.server.doors.proxy import ConnectDoor
from practice_tenant.server.entropy import Entropy
from practice_tenant.server.faults import Faults
from practice_tenant.server.http.door import HttpDoor
from practice_tenant.server.lock import StateLock
from practice_tenant.server.managed_identity.door import identity_application
from practice_tenant.server.requestlog import RequestLog
from practice_tenant.server.run_secrets import secrets_of_run
from practice_tenant.server.service import Service
from practice_tenant.server.signing.keys import KeyRings

LOOPBACK = "127.0.0.1"
FIRST_LEASE_SECONDS = 300.0
DOORS = ("proxy", "browser", "https", "control", "managed_identity", "admin_center")


@dataclass(frozen=True)
class Options:
    """How the process was asked to run.

    Args:
        port: the proxy's; 0 for the one used before or any free one.
        leased: end when the last lease is let go.
        grace: seconds within which the first lease must be taken.
        bounds: of its clients' patience and number.
    """

    state: Path
    port: int = 0
    leased: bool = False
    grace: float = FIRST_LEASE_SECONDS
    bounds: Bounds = field(default_factory=Bounds)


def run(options: Options) -> None:
    """Run the practice tenant until it is told to stop.

    Raises:
        AlreadyRunning: another process serves this state folder.
        NotPrivate: the state folder, or what is kept there, is not this account's alone.
    """
    make_private_folder(options.state)
    with StateLock(options.state / "tenant.lock"):
        asyncio.run(_serve(options))


async def _serve(options: Options) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    sockets, moved = _sockets(options)
    secrets_there = secrets_of_run(options.state, identities_moved="managed_identity" in moved)
    service = _service(options.state)
    context = tls.server_context(options.state, service.clock())
    leases = Leases(on_last=ended.set if options.leased else lambda: None)
    sessions = Sessions(service.opaque, service.clock)
    instance = secrets.token_hex(8)
    control = Control(service, leases, sessions, secrets_there.control, instance, service.clock(), ended.set)

    tenant = application(service)
    web = HttpDoor(tenant)
    controls = HttpDoor(control_application(control, sockets["control"].getsockname()[1]))
    identities = HttpDoor(
        identity_application(
            service,
            secrets_there.identity_header,
            secrets_there.identity_path,
            sockets["managed_identity"].getsockname()[1],
        )
    )
    admin = HttpDoor(admin_application(service, sessions, tenant, sockets["admin_center"].getsockname()[1]))
    connections = Connections(replace(options.bounds, open=room(options.bounds.open)), service.log, loop.time)
    entrances = {
        name: Entrance(name, door.protocol, connections)
        for name, door in zip(DOORS, (web, web, web, controls, identities, admin), strict=True)
    }
    by_password = PasswordGuard(secrets_there.proxy, secrets_there.earlier)
    servers = [
        await serve(sockets["proxy"], partial(ConnectDoor, entrances["proxy"], context, by_password)),
        await serve(sockets["browser"], partial(ConnectDoor, entrances["browser"], context, AccountGuard())),
        await serve(sockets["https"], partial(TlsDoor, entrances["https"], context)),
        *[await serve(sockets[name], partial(PlainDoor, entrances[name])) for name in DOORS[3:]],
    ]
    announcement = _announcement(options.state, sockets)
    tls.write_private(options.state / "tenant.json", json.dumps(announcement).encode())
    print(json.dumps(announcement), flush=True)
    gc.freeze()
    gc.enable()
    if options.leased:
        loop.call_later(options.grace, lambda: None if leases.count else ended.set())
    housekeeping = asyncio.create_task(_housekeeping(service, connections, (web, controls, identities, admin)))
    with _signals(loop, ended.set):
        await ended.wait()
    housekeeping.cancel()
    service.log.end()
    leases.over.set()
    for server in servers:
        server.close()
    for door in (admin, controls, identities, web):
        await door.close()
    with contextlib.suppress(OSError):
        (options.state / "tenant.json").unlink()
    await service.keys.signer.end()
    service.store.close()


def _service(state: Path) -> Service:
    store = Store(state / "directory.sqlite")
    if not sown.is_sown(store):
        from practice_tenant.server.directory import seed

        seed.sow(store)
        seed.renew(store)
    return Service(
        store=store,
        keys=KeyRings(store, time.time()),
        settings=SettingsOfDirectories(store),
        faults=Faults(store),
        log=RequestLog(time.time),
        clock=time.time,
        entropy=Entropy(secrets.token_bytes),
    )


async def _housekeeping(service: Service, connections: Connections, doors: tuple[HttpDoor, ...]) -> None:
    """Let go who stalls, keep the Date header right, see what others wrote, and drop old sign-ins once an hour."""
    forgotten = 0.0
    while True:
        now = time.time()
        for door in doors:
            door.set_date(now)
        connections.patrol()
        service.store.look_again()
        if now - forgotten > 3_600:
            service.store.forget(service.clock() + service.settings.furthest_back())
            forgotten = now
        await asyncio.sleep(1)


def _sockets(options: Options) -> tuple[dict[str, socket.socket], frozenset[str]]:
    """Bind each door where it was before if that is free, else anywhere, and remember it.

    Returns:
        the sockets, and the doors that somebody else's listener has driven away.
    """
    ports_file = options.state / "ports.json"
    try:
        before = {str(door): int(port) for door, port in json.loads(ports_file.read_text("utf-8")).items()}
    except (OSError, ValueError, AttributeError, TypeError):
        before = {}
    bound = {door: _bind(before.get(door, 0)) for door in DOORS if door != "proxy"}
    bound["proxy"] = _bind(options.port, strict=True) if options.port else _bind(before.get("proxy", 0))
    ports = {door: sock.getsockname()[1] for door, sock in bound.items()}
    tls.write_private(ports_file, json.dumps(ports).encode())
    return bound, frozenset(door for door, port in ports.items() if before.get(door, port) != port)


def _bind(port: int, *, strict: bool = False) -> socket.socket:
    # Named as TCP: asyncio switches Nagle's algorithm off only then, which costs 40 ms a request otherwise.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port if 0 <= port < 65_536 else 0))
    except OSError:
        if strict:
            listener.close()
            raise
        listener.bind((LOOPBACK, 0))
    listener.listen(512)
    listener.setblocking(False)
    return listener


def _announcement(state: Path, sockets: dict[str, socket.socket]) -> dict[str, object]:
    ports = {door: sock.getsockname()[1] for door, sock in sockets.items()}
    return {
        "pid": os.getpid(),
        "proxy": f"http://{LOOPBACK}:{ports['proxy']}",
        "browser": f"http://{LOOPBACK}:{ports['browser']}",
        "https": f"https://localhost:{ports['https']}",
        "ca": str(state / "ca.pem"),
        "tenant_id": sown.tenant_id_of(sown.DEFAULT),
        "state": str(state),
        "control": f"http://{LOOPBACK}:{ports['control']}",
        "managed_identity": f"http://{LOOPBACK}:{ports['managed_identity']}",
        "admin_center": f"http://{LOOPBACK}:{ports['admin_center']}",
    }


@contextlib.contextmanager
def _signals(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> Iterator[None]:
    caught = (signal.SIGINT, signal.SIGTERM)
    if sys.platform == "win32":
        for number in caught:
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))
    else:
        for number in caught:
            loop.add_signal_handler(number, stop)
    yield
