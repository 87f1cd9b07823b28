"""A server under attack, and what it answers to bytes that no library would send."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from fastmcp.server.auth.oauth_proxy.models import ClientCode
from servers.forge import Forge

from workshop.background import BackgroundServer

CALLBACK = "http://127.0.0.1:33418/"
EVIL = "https://evil.example/x"
VERIFIER = "a-verifier-of-forty-three-characters-or-more-0123456789"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
CUT_OFF = "cut off"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def location(self) -> str:
        """Where the browser is sent."""
        return self.headers.get("location", "")

    def json(self) -> dict[str, Any]:
        """Return the body as an object, or nothing."""
        try:
            read = json.loads(self.body)
        except ValueError:
            return {}
        return read if isinstance(read, dict) else {}

    def __str__(self) -> str:
        """Return the status and the OAuth error."""
        if not self.status:
            return CUT_OFF
        challenge = re.search(r'error="(\w+)"', self.headers.get("www-authenticate", ""))
        error = self.json().get("error")
        if 300 <= self.status < 400:
            found = re.search(r"[?&]error=(\w+)", self.location)
            error = found[1] if found else ""
        word = error if isinstance(error, str) else ""
        return f"{self.status} {word or (challenge[1] if challenge else '')}".strip()


@dataclass
class Target:
    """One of the shared servers, in the background.

    Attributes:
        proxy: its OAuth proxy, if it has one.
    """

    name: str
    server: BackgroundServer
    proxy: Any
    forge: Forge
    registered: dict[str, str] = field(default_factory=dict)

    def raw(self, request: bytes) -> Answer:
        """Send bytes and read one answer."""
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=60) as connection:
            try:
                connection.sendall(request)
                answer = HTTPResponse(connection)
                answer.begin()
                return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
            except (OSError, HTTPException):
                return Answer(0, {}, b"")

    def send(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str | bytes] | None = None
    ) -> Answer:
        """Send a request; nothing in it is looked at or escaped."""
        all_headers: dict[str, str | bytes] = {"Host": f"localhost:{self.server.port}", "Connection": "close"}
        if body or method in ("POST", "PUT"):
            all_headers["Content-Length"] = str(len(body))
        all_headers.update(headers or {})
        lines = [f"{method} {path} HTTP/1.1".encode("utf-8", "surrogateescape")]
        lines += [
            name.encode() + b": " + (value if isinstance(value, bytes) else value.encode())
            for name, value in all_headers.items()
        ]
        return self.raw(b"\r\n".join(lines) + b"\r\n\r\n" + body)

    def get(self, path: str, headers: Mapping[str, str | bytes] | None = None) -> Answer:
        """Get a page."""
        return self.send("GET", path, headers=headers)

    def ask(self, path: str, **query: str) -> Answer:
        """Get a page by a query."""
        return self.get(f"{path}?{urlencode(query)}")

    def form(self, path: str, **fields: str) -> Answer:
        """Send a form."""
        more = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.send("POST", path, urlencode(fields).encode(), more)

    def register(self, **changes: Any) -> Answer:
        """Register a client."""
        body: dict[str, Any] = {"redirect_uris": [CALLBACK], "client_name": "An attack", **changes}
        return self.send("POST", "/register", json.dumps(body).encode(), {"Content-Type": "application/json"})

    def client(self, callback: str = CALLBACK) -> str:
        """Return the id of a client that is registered with this callback; where there is no door, any id."""
        if callback not in self.registered:
            self.registered[callback] = str(self.register(redirect_uris=[callback]).json().get("client_id", "nobody"))
        return self.registered[callback]

    def authorize(self, **changes: str | None) -> Answer:
        """Begin to sign in as an honest client does, but for the changes; None leaves a parameter out."""
        asked = {
            "response_type": "code", "client_id": self.client(), "redirect_uri": CALLBACK, "state": "s",
            "code_challenge": CHALLENGE, "code_challenge_method": "S256",
        }  # fmt: skip
        return self.ask("/authorize", **{k: v for k, v in (asked | changes).items() if v is not None})

    def code(self, client_id: str) -> str:
        """Put a code into the proxy's store, as a sign-in leaves it, and return it."""
        if self.proxy is None:
            return "none"
        code = uuid4().hex
        token, scopes = self.forge.genuine, list(self.proxy.required_scopes or ())
        kept = ClientCode(
            code=code, client_id=client_id, redirect_uri=CALLBACK, code_challenge=CHALLENGE,
            code_challenge_method="S256", scopes=scopes, idp_tokens=dict(token), expires_at=time.time() + 300,
            created_at=time.time(),
        )  # fmt: skip
        asyncio.run(self.proxy._code_store.put(key=code, value=kept, ttl=300))
        return code

    def redeem(self, code: str, **changes: str | None) -> Answer:
        """Redeem a code as an honest client does, but for the changes."""
        fields = {
            "grant_type": "authorization_code", "code": code, "client_id": self.client(), "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        }  # fmt: skip
        return self.form("/token", **{k: v for k, v in (fields | changes).items() if v is not None})

    def refresh(self, token: str, **changes: str) -> Answer:
        """Redeem a refresh token as an honest client does, but for the changes."""
        fields = {"grant_type": "refresh_token", "refresh_token": token, "client_id": self.client()}
        return self.form("/token", **(fields | changes))

    def tool(self, token: str = "", path: str = "/mcp", headers: Mapping[str, str | bytes] | None = None) -> Answer:
        """Initialize a session, as the first request of a client does."""
        body = {
            "jsonrpc": "2.0", "id": 1, "method": "initialize",
            "params": {
                "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"},
            },
        }  # fmt: skip
        more: dict[str, str | bytes] = {
            "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
        }  # fmt: skip
        if token:
            more["Authorization"] = f"Bearer {token}"
        return self.send("POST", path, json.dumps(body).encode(), more | dict(headers or {}))


def host_of(url: str) -> str:
    """Return the host of an address."""
    return urlsplit(url).hostname or ""
