"""A lease on the practice tenant: an open connection, which ends with its holder, also by SIGKILL."""

from __future__ import annotations

import http.client
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote, urlsplit

import psutil

from practice_tenant.client import ANSWER_SECONDS
from practice_tenant.client.control import Running, announced
from practice_tenant.client.environment import check_label
from practice_tenant.client.process import start
from practice_tenant.errors import PracticeTenantError, TenantDidNotStart
from practice_tenant.private import make_private_folder, place_of

START_SECONDS = 120.0
SETTLE_SECONDS = 0.5
LONGEST_SETTLE_SECONDS = 5.0


@dataclass(frozen=True)
class Lease:
    """A held lease. It lasts until `close`, the end of this process, or the end of the tenant."""

    running: Running
    connection: socket.socket
    response: http.client.HTTPResponse

    def alive(self) -> bool:
        """Say whether the tenant still holds its end open."""
        try:
            while received := self.connection.recv(4096):
                if received.endswith(b"0\r\n\r\n"):
                    return False
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def close(self) -> None:
        """Give the lease back."""
        self.response.close()
        self.connection.close()


def take(running: Running, holder: str) -> Lease | None:
    """Take a lease under the name `holder`, or return None if nothing there grants one."""
    connection = http.client.HTTPConnection(urlsplit(running.control).netloc, timeout=running.patience)
    try:
        connection.request("GET", f"/lease?holder={quote(holder)}", headers=running.authorization)
        # http.client forgets the socket of an answer that ends with the connection; the lease needs it.
        held = connection.sock
        response = connection.getresponse()
        if response.status == 200 and json.loads(response.readline())["holder"] == holder:
            held.setblocking(False)
            return Lease(replace(running, holder=holder), held, response)
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        pass
    connection.close()
    return None


def obtain(state: Path, holder: str) -> Lease:
    """Take a lease on the tenant of a state folder, and start that tenant if none runs.

    Args:
        state: its folder; it is made if there is none.
        holder: a name for this user of the tenant, fit for a URL: letters, digits, dots, dashes, underscores.

    Raises:
        TenantDidNotStart: the message says why and what to do.
        TenantSilent: it runs and does not answer.
        NotPrivate: the folder is a link or another account's, or others can write to it.
    """
    check_label(holder)
    make_private_folder(state)
    deadline = time.monotonic() + START_SECONDS
    next_start, settle = 0.0, SETTLE_SECONDS
    while True:
        running = announced(state)
        lease = take(running, holder) if running else None
        if lease:
            return lease
        now = time.monotonic()
        if now >= deadline:
            raise TenantDidNotStart(state, f"another one holds its lock and did not answer for {START_SECONDS:.0f} s")
        if now < next_start:
            time.sleep(0.02)
        elif not start(state, START_SECONDS):
            # The one that holds the lock is still coming up, or going down: give it a moment, and then a longer one.
            next_start = time.monotonic() + settle
            settle = min(2 * settle, LONGEST_SETTLE_SECONDS)


@contextmanager
def running(state: Path | str | None = None, holder: str = "") -> Iterator[Running]:
    """Run a practice tenant while the block runs: the one of `state` if it runs already, else a new one.

    It is a process of its own and ends with its last user. One without `state` is gone with the block, with all that
    was registered in it.

    Args:
        state: the folder of its people, apps and keys, on a local disk; a new one that is removed at the end if None.
        holder: the name of this user of it, as its log shows it: letters, digits, dots, dashes, underscores.

    Raises:
        TenantDidNotStart: the message says why and what to do.
        NotPrivate: the folder of `state` is a link or another account's, or others can write to it.
    """
    holder = check_label(holder or f"process-{os.getpid()}")
    if state is not None:
        with closing(obtain(place_of(Path(state)), holder)) as lease:
            yield lease.running
        return
    with (
        TemporaryDirectory(prefix="practice-tenant-", ignore_cleanup_errors=True) as temporary,
        closing(obtain(Path(temporary).resolve(), holder)) as lease,
    ):
        try:
            yield lease.running
        finally:
            _end(lease.running)


def _end(tenant: Running) -> None:
    """Stop a tenant and wait for the end of its process, which has files open in its folder."""
    with suppress(PracticeTenantError):
        tenant.stop()
    with suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
        psutil.Process(tenant.pid).wait(ANSWER_SECONDS)
