"""From an accepted connection to HTTP: as it is, or after the TLS handshake, in place."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from practice_tenant.server.account import ends_of, whose
from practice_tenant.server.doors.connections import HANDSHAKE, NO_DEADLINE, Connection, Connections
from practice_tenant.server.http.door import HttpConnection


@dataclass(frozen=True)
class Entrance:
    """What every connection of a door comes through.

    Args:
        door: its name.
        http: makes the HTTP protocol of a connection; its argument is the label, the proxy user name.
        connections: keeps an eye on those that came in.
    """

    door: str
    http: Callable[[str], HttpConnection]
    connections: Connections

    def enter(self, transport: asyncio.BaseTransport, step: str) -> Connection:
        """Return a new connection, whose client begins with `step`."""
        assert isinstance(transport, asyncio.Transport)
        connection = Connection(self.door, transport, step)
        self.connections.admit(connection)
        return connection

    async def secure(self, connection: Connection, context: ssl.SSLContext) -> None:
        """Do the TLS handshake in place, then begin to speak HTTP."""
        if connection.transport.is_closing():
            return
        connection.step = HANDSHAKE
        http = self.http(connection.label)
        early = EarlyBytes(http)
        try:
            secured = await asyncio.get_running_loop().start_tls(
                connection.transport,
                early,
                context,
                server_side=True,
                ssl_handshake_timeout=NO_DEADLINE,
                ssl_shutdown_timeout=self.connections.bounds.patience,
            )
        except (OSError, asyncio.CancelledError):
            connection.transport.abort()
            return
        if secured is not None:
            connection.speak(http)
            early.begin(secured)


class PlainDoor(asyncio.Protocol):
    """Speak HTTP from the first byte."""

    def __init__(self, entrance: Entrance) -> None:
        self.entrance = entrance

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        connection = self.entrance.enter(transport, "")
        http = self.entrance.http("")
        connection.speak(http)
        connection.transport.set_protocol(http)
        http.connection_made(connection.transport)


class TlsDoor(asyncio.Protocol):
    """Begin with the TLS handshake, with the programs of this account: no password can be told before it."""

    def __init__(self, entrance: Entrance, context: ssl.SSLContext) -> None:
        self.entrance = entrance
        self.context = context

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        connection = self.entrance.enter(transport, HANDSHAKE)
        connection.transport.pause_reading()
        self.securing = asyncio.create_task(self._secure(connection))

    async def _secure(self, connection: Connection) -> None:
        if await whose(ends_of(connection.transport)) == "own":
            await self.entrance.secure(connection, self.context)
        else:
            connection.transport.abort()


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
