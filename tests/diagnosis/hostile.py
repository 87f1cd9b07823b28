"""A server that means harm: it answers with bytes as they stand, without end if it likes, and drips them."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Reply = bytes | Callable[[], Iterable[bytes]]


@dataclass
class Hostile:
    """The server.

    Attributes:
        replies: whole answers by method and path, as bytes or as what yields them; `*` for all others.
        asked: the heads of the requests that came.
        sent: bytes that went out.
    """

    port: int
    replies: dict[str, Reply] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    sent: int = 0

    @property
    def base(self) -> str:
        """Its address without a path."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The address that a client is given."""
        return f"{self.base}/mcp"

    def challenge(self, metadata: str) -> None:
        """Ask for a token, and lead to this metadata."""
        self.replies["POST /mcp"] = answer(b"", status="401 Unauthorized", more=bearer(metadata))


def bearer(metadata: str) -> str:
    """Return the header of a challenge."""
    return f'WWW-Authenticate: Bearer resource_metadata="{metadata}"\r\n'


def answer(body: bytes, *, status: str = "200 OK", more: str = "") -> bytes:
    """Return a whole answer."""
    head = f"HTTP/1.1 {status}\r\n{more}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode("latin-1") + body


@contextmanager
def hostile() -> Iterator[Hostile]:
    """Serve until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Hostile(listener.getsockname()[1])
    ended = threading.Event()

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=_answer, args=(server, connection, ended), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        ended.set()
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def _answer(server: Hostile, connection: socket.socket, ended: threading.Event) -> None:
    with suppress(OSError), connection:
        head = b""
        while b"\r\n\r\n" not in head:
            piece = connection.recv(65_536)
            if not piece:
                return
            head += piece
        text = head.decode("latin-1")
        size = int((re.search(r"(?i)\r\ncontent-length: *(\d+)", text) or "00")[1])
        rest = size - len(head.partition(b"\r\n\r\n")[2])
        while rest > 0:  # a connection that is closed with something unread is reset
            rest -= len(connection.recv(65_536)) or rest
        server.asked.append(text)
        call = " ".join(text.split(" ", 2)[:2]).partition("?")[0]
        reply = server.replies.get(call, server.replies.get("*", answer(b"", status="404 Not Found")))
        for piece in [reply] if isinstance(reply, bytes) else reply():
            if ended.is_set():
                return
            connection.sendall(piece)
            server.sent += len(piece)
