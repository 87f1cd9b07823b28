"""The CONNECT door: a proxy that answers for Microsoft's hosts itself and refuses every other host.

Source: RFC 9110 section 9.3.6 (CONNECT).
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import ssl

from practice_tenant.server.doors.connections import HEAD
from practice_tenant.server.doors.entrances import Entrance
from practice_tenant.well_known import HOSTS

HEAD_LIMIT = 16_384

_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class ConnectDoor(asyncio.Protocol):
    """Read one CONNECT request, then hand the connection to TLS and HTTP in place."""

    def __init__(self, entrance: Entrance, context: ssl.SSLContext) -> None:
        self.entrance = entrance
        self.context = context
        self.head = b""
        self.securing: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.connection = self.entrance.enter(transport, HEAD)
        self.transport = self.connection.transport

    def data_received(self, data: bytes) -> None:
        if self.securing is not None:
            return
        self.head += data
        if len(self.head) > HEAD_LIMIT:
            self._refuse("431 Request Header Fields Too Large", "The request head is too large.")
        elif b"\r\n\r\n" in self.head:
            self._answer()

    def _answer(self) -> None:
        head, _, rest = self.head.partition(b"\r\n\r\n")
        request_line, *header_lines = head.decode("latin-1").split("\r\n")
        method, _, target = request_line.partition(" ")
        authority = target.partition(" ")[0]
        host, _, port = authority.rpartition(":")
        if method != "CONNECT":
            self._refuse(
                "403 Forbidden",
                "This proxy belongs to the PRACTICE tenant. It carries https only (CONNECT), no plain http.",
            )
        elif host.lower() not in HOSTS or port != "443" or rest:
            self._refuse(
                "403 Forbidden",
                f"The PRACTICE tenant's proxy answers for Microsoft's sign-in and Graph hosts only, "
                f"and {authority[:200]!r} is not one of them. Nothing in practice mode leaves this machine.",
            )
        else:
            self.connection.label, self.connection.target = label_of(header_lines), authority
            self.transport.pause_reading()
            self.transport.write(_ESTABLISHED)
            self.securing = asyncio.create_task(self.entrance.secure(self.connection, self.context))

    def _refuse(self, status: str, text: str) -> None:
        body = (text + "\n").encode("utf-8", "replace")
        self.transport.write(
            f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode("latin-1")
            + body
        )
        self.transport.close()


def label_of(header_lines: list[str]) -> str:
    """Return the user name of a Basic ``Proxy-Authorization`` header, or an empty string."""
    for line in header_lines:
        name, _, value = line.partition(":")
        if name.strip().lower() == "proxy-authorization":
            scheme, _, credentials = value.strip().partition(" ")
            if scheme.lower() == "basic":
                try:
                    decoded = base64.b64decode(credentials.strip(), validate=True)
                except (binascii.Error, ValueError):
                    return ""
                return decoded.decode("utf-8", "replace").partition(":")[0][:100]
    return ""
