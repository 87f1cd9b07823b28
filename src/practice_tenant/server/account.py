"""Whose program is at the other end of a connection: every account of a machine reaches its loopback.

Linux says it in its table of connections. Elsewhere the programs of this account are asked for theirs.
Source: https://docs.kernel.org/networking/proc_net_tcp.html
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Whose = Literal["own", "another", "unknown"]
Address = tuple[str, int]

LOOKS = 3
ROOT = 0
_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_MAPPED = "0000000000000000FFFF0000" if sys.byteorder == "little" else "00000000000000000000FFFF"
_ESTABLISHED = "01"


@dataclass(frozen=True)
class Ends:
    """The two ends of a connection: the client's and this process's, each an IPv4 address with a port."""

    client: Address
    here: Address


def ends_of(transport: asyncio.BaseTransport) -> Ends | None:
    """Return the ends of a connection; None if it has none any more."""
    client, here = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
    return Ends(client[:2], here[:2]) if client and here else None


async def whose(ends: Ends | None) -> Whose:
    """Say whose a connection is. One of the superuser's is unknown: a relay is often root's, whoever uses it."""
    if ends is None:
        return "unknown"
    look = _by_table if sys.platform == "linux" else _by_programs
    for _ in range(LOOKS):  # a row may be missed while others come and go
        found = await asyncio.to_thread(look, ends)
        if found != "unknown":
            return found
    return "unknown"


def _by_table(ends: Ends) -> Whose:
    """Look the client's end up in the table of all connections."""
    client, here = _in_hex(ends.client), _in_hex(ends.here)
    rows = (f" {client} {here} {_ESTABLISHED} ", f" {_MAPPED}{client} {_MAPPED}{here} {_ESTABLISHED} ")
    for table, row in zip(_TABLES, rows, strict=True):
        text = ""
        with suppress(OSError):
            text = table.read_text("ascii")
        _, is_there, rest = text.partition(row)
        if is_there:
            _, _, _, uid, _, inode, *_ = rest.split(maxsplit=6)
            return "unknown" if inode == "0" else _of(int(uid))  # nobody's any more: it is shown as root's
    return "unknown"


def _in_hex(address: Address) -> str:
    host, port = address
    return f"{int.from_bytes(socket.inet_aton(host), sys.byteorder):08X}:{port:04X}"


def _of(uid: int) -> Whose:
    own = os.geteuid() if sys.platform != "win32" else None
    if uid == own:
        return "own"
    return "unknown" if uid == ROOT else "another"


def _by_programs(ends: Ends) -> Whose:
    """Look for a program of this account that has the client's end; those of others can't be asked."""
    import psutil  # here, so that no start waits for it

    itself = psutil.Process().username()
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.username() == itself and any(_is_client(each, ends) for each in process.net_connections("tcp")):
                return "own"
    return "unknown"


def _is_client(connection: object, ends: Ends) -> bool:
    said = tuple(getattr(connection, name, None) or ("", 0) for name in ("laddr", "raddr"))
    return tuple((host.removeprefix("::ffff:"), port) for host, port in said) == (ends.client, ends.here)
