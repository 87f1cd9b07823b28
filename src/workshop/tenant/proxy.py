"""The CONNECT door: a proxy that answers for Microsoft's hosts itself and refuses every other host.

Source: RFC 9110 section 9.3.6 (CONNECT).
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import ssl
from collections.abc import Callable

from workshop.tenant.tls import HOSTS

HEAD_LIMIT = 16_384
HEAD_SECONDS = 20.0
HANDSHAKE_SECONDS = 10.0

_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class ConnectDoor(asyncio.Protocol):
    """Read one CONNECT request, then hand the connection to TLS and HTTP in place.

    Args:
        loop: the running loop.
        context: the TLS context of the listener.
        http: makes the HTTP protocol of a connection; its argument is the label, the proxy user name.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        context: ssl.SSLContext,
        http: Callable[[str], asyncio.Protocol],
    ) -> None:
        self.loop = loop
        self.context = context
        self.http = http
        self.head = b""
        self.upgrading: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.deadline = self.loop.call_later(HEAD_SECONDS, transport.abort)

    def connection_lost(self, _: Exception | None) -> None:
        self.deadline.cancel()

    def data_received(self, data: bytes) -> None:
        if self.upgrading is not None:
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
            self.deadline.cancel()
            self.transport.pause_reading()
            self.transport.write(_ESTABLISHED)
            self.upgrading = self.loop.create_task(self._upgrade(label_of(header_lines)))

    def _refuse(self, status: str, text: str) -> None:
        body = (text + "\n").encode("utf-8", "replace")
        self.transport.write(
            f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode("latin-1")
            + body
        )
        self.transport.close()

    async def _upgrade(self, label: str) -> None:
        early = EarlyBytes(self.http(label))
        try:
            secured = await self.loop.start_tls(
                self.transport,
                early,
                self.context,
                server_side=True,
                ssl_handshake_timeout=HANDSHAKE_SECONDS,
            )
        except (OSError, asyncio.CancelledError):
            self.transport.abort()
            return
        if secured is not None:
            early.begin(secured)


class EarlyBytes(asyncio.Protocol):
    """Keep what arrives before ``start_tls`` has returned, then pass everything on to the HTTP protocol."""

    def __init__(self, inner: asyncio.Protocol) -> None:
        self.inner = inner
        self.begun = False
        self.early: list[bytes] = []
        self.ended = False

    def begin(self, transport: asyncio.Transport) -> None:
        self.begun = True
        self.inner.connection_made(transport)
        for data in self.early:
            self.inner.data_received(data)
        self.early.clear()
        if self.ended:
            self.inner.connection_lost(None)
        else:
            transport.set_protocol(self.inner)

    def data_received(self, data: bytes) -> None:
        if self.begun:
            self.inner.data_received(data)
        else:
            self.early.append(data)

    def eof_received(self) -> bool | None:
        return self.inner.eof_received() if self.begun else None

    def pause_writing(self) -> None:
        if self.begun:
            self.inner.pause_writing()

    def resume_writing(self) -> None:
        if self.begun:
            self.inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended = True
        if self.begun:
            self.inner.connection_lost(exc)


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
