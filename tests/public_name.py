"""A public https name for a server of this machine: what DNS, TLS and a reverse proxy are to a server elsewhere.

Programs reach it by the variables that lead them to the practice tenant, with this proxy before the tenant's.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import trustme

from practice_tenant import Running

HEAD = 16_384


@dataclass
class PublicName:
    """A proxy that leads to the server where its name is asked for, and to the tenant's proxy otherwise.

    Attributes:
        host: the name, such as expenses.contoso.onmicrosoft.com.
        port: of the server on this machine; 0 while there is none.
        asked: how often somebody came by the name.
    """

    host: str
    tenant: str
    context: ssl.SSLContext
    port: int = 0
    asked: int = 0
    listens: int = 0
    ending: int = 0
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError), contextlib.closing(writer):
            head = await reader.readuntil(b"\r\n\r\n")
            if head.split(b" ")[1] == f"{self.host}:443".encode():
                self.asked += 1
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await self._between(reader, writer, "127.0.0.1", self.ending, b"")
            else:
                parts = urlsplit(self.tenant)
                await self._between(reader, writer, parts.hostname or "", parts.port or 0, head)

    async def end_tls(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Lead a connection whose TLS ends here to the server."""
        with contextlib.suppress(OSError), contextlib.closing(writer):
            await self._between(reader, writer, "127.0.0.1", self.port, b"")

    async def _between(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int, first: bytes
    ) -> None:
        there_reads, there_writes = await asyncio.open_connection(host, port)
        there_writes.write(first)
        ways = [asyncio.create_task(_pass(*way)) for way in ((reader, there_writes), (there_reads, writer))]
        self.tasks.update(ways)
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        self.tasks.difference_update(ways)
        there_writes.close()

    async def serve(self, ready: threading.Event, ended: asyncio.Event) -> None:
        """Listen until it is over."""
        tls = await asyncio.start_server(self.end_tls, "127.0.0.1", 0, ssl=self.context)
        proxy = await asyncio.start_server(self.come, "127.0.0.1", 0, limit=HEAD)
        self.ending, self.listens = (server.sockets[0].getsockname()[1] for server in (tls, proxy))
        ready.set()
        await ended.wait()
        for server in (tls, proxy):
            server.close()
        for task in list(self.tasks):
            task.cancel()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(HEAD):
            writer.write(data)
            await writer.drain()


@dataclass(frozen=True)
class LedThere:
    """A name and the variables by which a program finds it, and the practice tenant behind."""

    name: PublicName
    trusted: Path
    ca: Path

    def lead(self, environ: dict[str, str]) -> dict[str, str]:
        """Return variables that led to the tenant as they lead by this name too."""
        before = urlsplit(self.name.tenant).netloc
        return {
            name: str(self.trusted) if text == str(self.ca) else text.replace(before, f"127.0.0.1:{self.name.listens}")
            for name, text in environ.items()
        }


@contextlib.contextmanager
def public_name(host: str, running: Running, folder: Path) -> Iterator[LedThere]:
    """Give a server of this machine a public name for the time of the block."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(host).configure_cert(context)
    trusted = folder / "trusted.pem"
    trusted.write_bytes(running.ca.read_bytes() + authority.cert_pem.bytes())
    name = PublicName(host, running.proxy, context)
    loop, ready, ended = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(name.serve(ready, ended)), daemon=True)
    thread.start()
    assert ready.wait(30)
    try:
        yield LedThere(name, trusted, running.ca)
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(30)
        loop.close()
