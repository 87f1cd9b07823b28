"""The CONNECT door: a proxy that answers for Microsoft's hosts itself and refuses every other host.

Source: RFC 9110 section 9.3.6 (CONNECT).
"""

from __future__ import annotations

import asyncio
import ssl

from practice_tenant.server.account import ends_of
from practice_tenant.server.doors.connections import HEAD
from practice_tenant.server.doors.entrances import Entrance
from practice_tenant.server.doors.guards import DoorRefusal, Guard, credentials_of
from practice_tenant.well_known import HOSTS

HEAD_LIMIT = 16_384

_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_PLAIN = DoorRefusal(
    "403 Forbidden", "This proxy belongs to the PRACTICE tenant. It carries https only (CONNECT), no plain http."
)


class ConnectDoor(asyncio.Protocol):
    """Read one CONNECT request, then hand the connection to TLS and HTTP in place."""

    def __init__(self, entrance: Entrance, context: ssl.SSLContext, guard: Guard) -> None:
        self.entrance = entrance
        self.context = context
        self.guard = guard
        self.head = b""
        self.answering: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.connection = self.entrance.enter(transport, HEAD)
        self.transport = self.connection.transport

    def data_received(self, data: bytes) -> None:
        if self.answering is not None:
            return
        self.head += data
        if len(self.head) > HEAD_LIMIT:
            self._refuse(DoorRefusal("431 Request Header Fields Too Large", "The request head is too large."))
        elif b"\r\n\r\n" in self.head:
            self.transport.pause_reading()
            self.answering = asyncio.create_task(self._answer())

    async def _answer(self) -> None:
        head, _, rest = self.head.partition(b"\r\n\r\n")
        request_line, *header_lines = head.decode("latin-1").split("\r\n")
        method, _, target = request_line.partition(" ")
        authority = target.partition(" ")[0]
        credentials = credentials_of(header_lines)
        refusal = await self.guard.refusal(credentials, ends_of(self.transport))
        if self.transport.is_closing():
            return
        refusal = refusal or (_refused(authority, rest) if method == "CONNECT" else _PLAIN)
        if refusal is not None:
            self._refuse(refusal)
            return
        self.connection.label, self.connection.target = credentials.label, authority
        self.transport.write(_ESTABLISHED)
        await self.entrance.secure(self.connection, self.context)

    def _refuse(self, refusal: DoorRefusal) -> None:
        body = (refusal.text + "\n").encode("utf-8", "replace")
        lines = (
            f"HTTP/1.1 {refusal.status}",
            *refusal.headers,
            "Content-Type: text/plain; charset=utf-8",
            f"Content-Length: {len(body)}",
            "Connection: close",
        )
        self.transport.write("\r\n".join((*lines, "\r\n")).encode("latin-1") + body)
        self.transport.close()


def _refused(authority: str, rest: bytes) -> DoorRefusal | None:
    """Return why a target is not answered for; None if it is."""
    host, _, port = authority.rpartition(":")
    if host.lower() in HOSTS and port == "443" and not rest:
        return None
    return DoorRefusal(
        "403 Forbidden",
        "The PRACTICE tenant's proxy answers for Microsoft's sign-in and Graph hosts only, "
        f"and {authority[:200]!r} is not one of them. Nothing in practice mode leaves this machine.",
    )
