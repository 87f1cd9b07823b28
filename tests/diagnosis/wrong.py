"""A server that answers what it is told to, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import trustme


@dataclass
class Wrong:
    """The server.

    Attributes:
        answers: by method and path: the status, and the body as text or as JSON.
        asked: what came: method, path, headers, body.
    """

    port: int
    scheme: str = "http"
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    challenge: str = ""
    asked: list[tuple[str, str, Mapping[str, str], bytes]] = field(default_factory=list)

    @property
    def base(self) -> str:
        """Its address without a path."""
        return f"{self.scheme}://localhost:{self.port}"

    @property
    def url(self) -> str:
        """The address that a client is given."""
        return f"{self.base}/mcp"

    def whole(self) -> dict[str, Any]:
        """Answer as a healthy server does, and return its authorization server's metadata."""
        metadata = f"{self.base}/.well-known/oauth-protected-resource/mcp"
        self.challenge = f'Bearer resource_metadata="{metadata}"'
        resource = {"resource": self.url, "authorization_servers": [f"{self.base}/"]}
        server = {
            "issuer": f"{self.base}/",
            "authorization_endpoint": f"{self.base}/authorize",
            "token_endpoint": f"{self.base}/token",
            "registration_endpoint": f"{self.base}/register",
            "code_challenge_methods_supported": ["S256"],
        }
        self.answers |= {
            "POST /mcp": (401, ""),
            "GET /.well-known/oauth-protected-resource/mcp": (200, resource),
            "GET /.well-known/oauth-authorization-server": (200, server),
            "POST /register": (201, {"client_id": "one"}),
            "GET /authorize": (200, "<html><body>Hello</body></html>"),
        }
        return server


@contextmanager
def serving(*, tls: bool = False, ca: trustme.CA | None = None, name: str = "localhost") -> Iterator[Wrong]:
    """Serve until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    wrong = Wrong(server.server_port, "https" if tls else "http")
    server.wrong = wrong  # type: ignore[attr-defined]
    if tls:
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        (ca or trustme.CA()).issue_cert(name).configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield wrong
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def _answer(self) -> None:
        wrong: Wrong = self.server.wrong  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.partition("?")[0]
        wrong.asked.append((self.command, self.path, dict(self.headers), body))
        status, said = wrong.answers.get(f"{self.command} {path}", (404, "Not Found"))
        text = (said if isinstance(said, str) else json.dumps(said)).encode()
        self.send_response(status)
        if status == 401 and wrong.challenge:
            self.send_header("WWW-Authenticate", wrong.challenge)
        if 300 <= status < 400:
            self.send_header("Location", str(said))
        self.send_header("Content-Type", "text/html" if text.startswith(b"<") else "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = _answer  # noqa: N815 - the names that http.server wants

    def log_message(self, *_: object) -> None:
        """Say nothing."""
