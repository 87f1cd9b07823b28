"""Requests that nobody would write by hand, made by chance of what the servers know and what they don't."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode


@dataclass(frozen=True)
class Shot:
    """One request, as it goes over the wire."""

    method: str
    target: str
    headers: tuple[tuple[str, bytes], ...] = ()
    body: bytes = field(default=b"", repr=False)


ROUTES = (
    "/authorize", "/token", "/register", "/revoke", "/consent", "/auth/callback", "/mcp", "/",
    "/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource",
    "/.well-known/oauth-protected-resource/mcp", "/.well-known/openid-configuration", "/mcp/", "/favicon.ico",
)  # fmt: skip
METHODS = ("GET", "POST", "OPTIONS", "HEAD", "PUT", "DELETE", "PATCH", "TRACE", "X")
PARAMETERS = (
    "client_id", "redirect_uri", "response_type", "code_challenge", "code_challenge_method", "state", "scope",
    "resource", "code", "error", "error_description", "txn_id", "csrf_token", "action", "grant_type", "code_verifier",
    "refresh_token", "token", "token_type_hint", "client_secret", "client_assertion", "client_assertion_type",
    "client_name", "redirect_uris", "grant_types", "response_types", "application_type", "jwks", "jwks_uri", "iss",
    "assertion", "response_mode", "nonce", "prompt", "logo_uri", "contacts", "software_id",
)  # fmt: skip
URIS = (
    "http://localhost:1/callback", "https://vscode.dev/redirect", "https://evil.example/x", "cursor://x/y",
    "javascript:alert(1)", "http://localhost\\@evil.example/", "http://[::1", "http://a:b@localhost/", "urn:x",
    "https://127.0.0.1:1%5C.example.com/x", "https://127.0.0.1:1\\.example.com/x", "https://a.example/\r\nX: y",
    "https://a..example/x", "https://xn--/x", "https://a.example:99999/x", "//evil.example", "http://localhost:*/x",
)  # fmt: skip
WORDS = (
    "", "x", "code", "token", "S256", "plain", "authorization_code", "refresh_token", "none", "web", "native",
    "approve", "deny", "access", "openid profile", "null", "true", "0", "-1", "1e999", "9" * 400, "[]", "{}",
    "\x00", "\x1b[2J", "\r\nINFO: audit {}", "\u202e\u2028", "%", "%ff", "%00", "../../etc/passwd", "<script>",
    "'\"`", "\ud7ff\U0001f600",
    "eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJIUzI1NiJ9.e30.x", "a.b.c", "Bearer x", "x" * 3_000, "\udcff",
)  # fmt: skip
HEADERS = (
    "Authorization", "Content-Type", "Accept", "Origin", "Cookie", "Content-Encoding", "X-Forwarded-For",
    "Mcp-Session-Id", "MCP-Protocol-Version", "X-Forwarded-Proto", "Range", "If-None-Match", "Expect",
    "Access-Control-Request-Method",
    "Access-Control-Request-Headers", "Forwarded", "Referer", "User-Agent", "Accept-Language", "MCP-Method",
)  # fmt: skip
TYPES = (
    "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "multipart/form-data",
    "text/plain", "application/json; charset=utf-16", "application/x-www-form-urlencoded; charset=x", "",
)  # fmt: skip


RIGHT: Mapping[str, tuple[str, dict[str, str]]] = {
    "/authorize": (
        "GET",
        {
            "client_id": "{client}", "redirect_uri": "http://localhost:1/callback", "response_type": "code",
            "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256",
            "state": "s", "scope": "mcp-access",
        },
    ),
    "/token": (
        "POST",
        {
            "grant_type": "authorization_code", "client_id": "{client}", "code": "x", "code_verifier": "x" * 43,
            "redirect_uri": "http://localhost:1/callback",
        },
    ),
    "/revoke": ("POST", {"client_id": "{client}", "token": "x"}),
    "/consent": ("POST", {"txn_id": "x", "csrf_token": "x", "action": "approve"}),
    "/auth/callback": ("GET", {"code": "x", "state": "x"}),
}  # fmt: skip
"""For each route a request that is right, or would be with what only a sign-in gives."""


class Shots:
    """Make requests by chance, the same ones for the same seed.

    Args:
        known: values that mean something to the server, the id of a client first.
    """

    def __init__(self, chance: random.Random, known: Sequence[str] = ()) -> None:
        self.chance = chance
        self.known = tuple(known)

    def one(self) -> Shot:
        """Return the next request."""
        return self._nearly_right() if self.chance.random() < 0.5 else self._anything()

    def _nearly_right(self) -> Shot:
        path = self.chance.choice((*RIGHT, "/register"))
        if path == "/register":
            told: dict[str, object] = {"client_name": "x", "redirect_uris": ["http://localhost:1/callback"]}
            for _ in range(self.chance.randrange(3)):
                told[self.chance.choice((*told, *PARAMETERS))] = self._value(2)
            return Shot("POST", path, (("Content-Type", b"application/json"),), json.dumps(told).encode())
        method, right = RIGHT[path]
        pairs = [(name, value.replace("{client}", self.known[0])) for name, value in right.items()]
        for _ in range(self.chance.randrange(3)):
            wrong = self.chance.choice(pairs)[0]
            others = [pair for pair in pairs if pair[0] != wrong or self.chance.random() < 0.3]
            pairs = [*others, (wrong, self._word())] if self.chance.random() < 0.8 else others or pairs
        form = urlencode(pairs, errors="surrogateescape")
        if method == "GET":
            return Shot(method, f"{path}?{form}")
        return Shot(method, path, (("Content-Type", b"application/x-www-form-urlencoded"),), form.encode())

    def _anything(self) -> Shot:
        pick = self.chance.choice
        method = pick(METHODS[:2]) if self.chance.random() < 0.8 else pick(METHODS)
        target = pick(ROUTES)
        if self.chance.random() < 0.1:
            target = "/" + quote(self._word(), safe="/%", errors="surrogateescape")
        if self.chance.random() < 0.7:
            target += "?" + self._form()
        headers = [(pick(HEADERS), self._header()) for _ in range(pick((0, 0, 1, 2)))]
        body = b""
        if method not in ("GET", "HEAD") and self.chance.random() < 0.9:
            kind = pick(TYPES)
            body = self._body(kind)
            headers.append(("Content-Type", kind.encode()))
        return Shot(method, target, tuple(headers), body)

    def _word(self) -> str:
        return self.chance.choice(self.chance.choice((URIS, WORDS, self.known or WORDS)))

    def _header(self) -> bytes:
        told = self._word().encode("utf-8", "surrogateescape")
        return bytes(byte for byte in told if byte not in b"\r\n\x00")[:2_000]

    def _form(self) -> str:
        pairs = [(self.chance.choice(PARAMETERS), self._word()) for _ in range(self.chance.randrange(9))]
        return urlencode(pairs, errors="surrogateescape")

    def _body(self, kind: str) -> bytes:
        if self.chance.random() < 0.1:
            return self.chance.randbytes(self.chance.choice((1, 50, 5_000)))
        if "json" in kind or self.chance.random() < 0.2:
            text = json.dumps(self._value(3))
            return text.encode("utf-16" if "utf-16" in kind else "utf-8", "surrogatepass")
        if "multipart" in kind:
            part = f'--x\r\nContent-Disposition: form-data; name="{self._word()}"\r\n\r\n{self._word()}\r\n--x--\r\n'
            return part.encode("utf-8", "surrogateescape")
        return self._form().encode()

    def _value(self, depth: int) -> object:
        made = self.chance.randrange(7 if depth else 4)
        if made == 4:
            return [self._value(depth - 1) for _ in range(self.chance.randrange(4))]
        if made > 4:
            names = (self.chance.choice((*PARAMETERS, "jsonrpc", "method", "id", "params")) for _ in range(6))
            return {name: self._value(depth - 1) for name in names}
        return self._word() if made else self.chance.choice((None, True, -1, 1e300, 0, 10**30))
