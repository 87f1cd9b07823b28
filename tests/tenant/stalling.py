"""Clients that stop in the middle of what they send, and go on later or never."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from .process import PATIENCE, Tenant

HOST = "login.microsoftonline.com"
KEYS = "/common/discovery/v2.0/keys"
LABEL = "staller"
FORM = b"grant_type=client_credentials&client_id=nobody&scope=x"
QUESTION = f"GET {KEYS} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
ORDER = (
    f"POST /common/oauth2/v2.0/token HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {len(FORM)}\r\n"
    "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
).encode() + FORM


@dataclass(eq=False)
class Staller:
    """A client that does its TLS by hand, so that it can stop at any byte."""

    connection: socket.socket
    trust: ssl.SSLContext
    connect: bytes

    def __post_init__(self) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = self.trust.wrap_bio(self.incoming, self.outgoing, server_hostname=HOST)

    @property
    def address(self) -> str:
        """The client's address, as the tenant sees it."""
        name = self.connection.getsockname()
        return f"{name[0]}:{name[1]}"

    @property
    def ended(self) -> bool:
        """Whether the tenant has let it go; asks without waiting, and throws away what is still to be read."""
        self.connection.setblocking(False)
        try:
            while self.connection.recv(65_536):
                pass
            return True
        except BlockingIOError:
            return False
        except ConnectionError:
            return True
        finally:
            self.connection.settimeout(PATIENCE)

    def send(self, sent: bytes) -> None:
        """Send bytes as they are."""
        self.connection.sendall(sent)

    def connected(self) -> None:
        """Read the answer to CONNECT."""
        assert self.connection.recv(1_000).startswith(b"HTTP/1.1 200 ")

    def next_flight(self) -> bytes:
        """Return what this side has to send next in the handshake; nothing once it is done."""
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                if self.outgoing.pending:
                    return self.outgoing.read()
                self._receive()
            else:
                return self.outgoing.read()

    def shake_hands(self) -> None:
        """Do the handshake, or what is left of it."""
        while flight := self.next_flight():
            self.send(flight)
        self.send(self.outgoing.read())

    def encrypted(self, sent: bytes) -> bytes:
        """Return the records that carry these bytes."""
        self.tls.write(sent)
        return self.outgoing.read()

    def status(self, *, secured: bool = True) -> int:
        """Return the status of the next answer and read the rest of it."""
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._decrypted() if secured else self.connection.recv(65_536)
        head, _, body = answer.partition(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        while len(body) < int(length.partition(b":")[2]):
            body += self._decrypted() if secured else self.connection.recv(65_536)
        return int(head.split(b" ")[1])

    def _decrypted(self) -> bytes:
        while True:
            try:
                return self.tls.read(65_536)
            except ssl.SSLWantReadError:
                self._receive()

    def _receive(self) -> None:
        received = self.connection.recv(65_536)
        assert received, "the tenant hung up"
        self.incoming.write(received)


Resume = Callable[[], int]


def staller(tenant: Tenant, door: str = "proxy") -> Staller:
    """Return a client at a door, which has sent nothing."""
    port = urlsplit(tenant.said[door]).port
    assert port
    connect = f"CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}:443\r\n{tenant.credentials(LABEL)}\r\n\r\n".encode()
    return Staller(socket.create_connection(("127.0.0.1", port), PATIENCE), tenant.trust, connect)


def before_the_head(client: Staller) -> Resume:
    """Stop before the first byte; the rest is a whole exchange."""

    def resume() -> int:
        client.send(client.connect)
        client.connected()
        return _asked(client)

    return resume


def in_the_head(client: Staller) -> Resume:
    """Stop in the middle of CONNECT's head."""
    client.send(client.connect[:40])

    def resume() -> int:
        client.send(client.connect[40:])
        client.connected()
        return _asked(client)

    return resume


def before_tls(client: Staller) -> Resume:
    """Stop between CONNECT's answer and the first byte of TLS."""
    client.send(client.connect)
    client.connected()
    return lambda: _asked(client)


def in_the_client_hello(client: Staller) -> Resume:
    """Stop in the middle of the ClientHello."""
    client.send(client.connect)
    client.connected()
    hello = client.next_flight()
    client.send(hello[:50])

    def resume() -> int:
        client.send(hello[50:])
        return _asked(client)

    return resume


def before_finished(client: Staller) -> Resume:
    """Stop when all of the handshake has happened but the client's last flight."""
    client.send(client.connect)
    client.connected()
    client.send(client.next_flight())
    finished = client.next_flight()

    def resume() -> int:
        client.send(finished)
        return _asked(client)

    return resume


def in_the_question(client: Staller) -> Resume:
    """Stop in the middle of a request's head, inside TLS."""
    client.send(client.connect)
    client.connected()
    client.shake_hands()
    client.send(client.encrypted(QUESTION[:40]))

    def resume() -> int:
        client.send(client.encrypted(QUESTION[40:]))
        return client.status()

    return resume


def in_the_order(client: Staller) -> Resume:
    """Stop in the middle of a form, inside TLS."""
    client.send(client.connect)
    client.connected()
    client.shake_hands()
    client.send(client.encrypted(ORDER[:-20]))

    def resume() -> int:
        client.send(client.encrypted(ORDER[-20:]))
        return client.status()

    return resume


def between_requests(client: Staller) -> Resume:
    """Idle after a first answer, as a kept connection does."""
    client.send(client.connect)
    client.connected()
    assert _asked(client) == 200
    return lambda: _asked(client)


def _asked(client: Staller) -> int:
    client.shake_hands()
    client.send(client.encrypted(QUESTION))
    return client.status()
