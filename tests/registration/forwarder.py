"""A step between a program and the practice tenant that counts HTTP exchanges, and kills the program at one of them.

It is a proxy that ends TLS with a certificate of its own, so that it sees where each exchange begins and ends.
"""

from __future__ import annotations

import contextlib
import os
import signal
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar, Literal

import httpx
import trustme

HOSTS = ("login.microsoftonline.com", "graph.microsoft.com")
# Each connection's own, and lengths that are counted anew.
NOT_PASSED_ON = {"connection", "proxy-connection", "transfer-encoding", "content-length", "content-encoding", "host"}

When = Literal["before", "after"]


@dataclass
class Gate:
    """Counts the exchanges that pass.

    Attributes:
        victim: the process that is killed.
        at: the number of the exchange, from 1; 0 for none.
        when: before the tenant sees the request, or after it answered and before the program sees the answer.
    """

    upstream: httpx.Client
    victim: int = 0
    at: int = 0
    when: When = "before"
    passed: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def arm(self, victim: int, at: int, when: When) -> None:
        """Begin to count anew."""
        with self.lock:
            self.victim, self.at, self.when = victim, at, when
            self.passed.clear()

    def number(self, request: str) -> int:
        """Count an exchange and return its number."""
        with self.lock:
            self.passed.append(request)
            return len(self.passed)

    def kills(self, number: int, when: When) -> bool:
        """Kill the victim if its time has come."""
        if (number, when) != (self.at, self.when):
            return False
        os.kill(self.victim, signal.SIGKILL)
        return True


class Handler(BaseHTTPRequestHandler):
    """One connection of the program."""

    protocol_version = "HTTP/1.1"
    gate: ClassVar[Gate]
    context: ClassVar[ssl.SSLContext]

    def do_CONNECT(self) -> None:
        """Answer as a proxy, then go on as the host that was asked for."""
        self.send_response(200)
        self.end_headers()
        self.host = self.path.partition(":")[0]
        self.connection = self.context.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)
        self.close_connection = False
        while not self.close_connection:
            self.handle_one_request()

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        number = self.gate.number(f"{self.command} {self.host}{self.path.partition('?')[0]}")
        if self.gate.kills(number, "before"):
            self.close_connection = True
            return
        headers = {name: value for name, value in self.headers.items() if name.lower() not in NOT_PASSED_ON}
        address = f"https://{self.host}{self.path}"
        answer = self.gate.upstream.request(self.command, address, headers=headers, content=body)
        if self.gate.kills(number, "after"):
            self.close_connection = True
            return
        self.send_response_only(answer.status_code)
        for name, value in answer.headers.multi_items():
            if name.lower() not in NOT_PASSED_ON:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_GET = do_POST = do_PATCH = do_DELETE = _pass_on  # noqa: N815 - the names that http.server calls

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Forwarder:
    """A running one: its address, its certificate authority's file, its gate."""

    proxy: str
    ca: Path
    gate: Gate


@contextlib.contextmanager
def forwarding(tenant_proxy: str, tenant_ca: Path, folder: Path) -> Iterator[Forwarder]:
    """Run a forwarder to a tenant while the block runs."""
    authority = trustme.CA()
    ca = folder / "forwarder-ca.pem"
    authority.cert_pem.write_to_path(str(ca))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*HOSTS).configure_cert(context)
    trust = ssl.create_default_context(cafile=str(tenant_ca))
    with httpx.Client(proxy=tenant_proxy, verify=trust, trust_env=False, timeout=30) as upstream:
        gate = Gate(upstream)
        handler = type("Bound", (Handler,), {"gate": gate, "context": context})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield Forwarder(f"http://127.0.0.1:{server.server_port}", ca, gate)
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
