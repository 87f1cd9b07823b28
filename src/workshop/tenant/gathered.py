"""What is written in one turn of the event loop leaves as one piece.

Uvicorn writes an answer's head and its body apart; over TLS that is two records, two system calls, and two wake-ups
of the client.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class Gathered:
    """A transport whose writes wait for the end of the loop's turn; everything else is the inner transport's."""

    def __init__(self, inner: asyncio.Transport) -> None:
        self._inner = inner
        self._loop = asyncio.get_running_loop()
        self._pieces: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def write(self, data: bytes) -> None:
        if not self._pieces:
            self._loop.call_soon(self._leave)
        self._pieces.append(data)

    def close(self) -> None:
        self._leave()
        self._inner.close()

    def _leave(self) -> None:
        if self._pieces:
            data = b"".join(self._pieces)
            self._pieces.clear()
            self._inner.write(data)


class GatheringProtocol(HttpToolsProtocol):
    """Uvicorn's HTTP protocol over such a transport."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(Gathered(transport))  # type: ignore[arg-type]
