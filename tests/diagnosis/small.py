"""A small server that signs users in by way of Entra and does all of it right, until a test makes it do one wrong."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

APP = "99999999-8888-4777-8666-555555555555"
ENTRA = "https://login.microsoftonline.com/t/oauth2/v2.0/authorize"
PAGE = "<html><body><form method=post><p>Allow {uri}?</p><button>Allow</button></form></body></html>"
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Set-Cookie": "consent=x; HttpOnly; SameSite=Lax; Path=/",
}
TRACEBACK = 'Traceback (most recent call last):\n  File "/app/server.py", line 12, in authorize\nValueError: x'


@dataclass
class Small:
    """The server.

    Attributes:
        faults: what it does wrong, by the names that the handler asks for.
        page_headers: of the page that asks.
        clients: redirect URIs of each registered client.
        asked: what came: method, path, headers.
    """

    port: int
    faults: set[str] = field(default_factory=set)
    page_headers: dict[str, str] = field(default_factory=lambda: dict(PAGE_HEADERS))
    clients: dict[str, list[str]] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    spent: list[str] = field(default_factory=list)
    revoked: bool = False

    @property
    def base(self) -> str:
        """Its address without a path."""
        return f"http://localhost:{self.port}"

    @property
    def url(self) -> str:
        """The address that a client is given."""
        return f"{self.base}/mcp"


@contextmanager
def small(*faults: str) -> Iterator[Small]:
    """Serve until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    one = Small(server.server_port, set(faults))
    server.small = one  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield one
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    @property
    def small(self) -> Small:
        return self.server.small  # type: ignore[attr-defined,no-any-return]

    def _answer(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        if size > 65_536 and "any body" not in self.small.faults:
            self.close_connection = True
            self.rfile.read(size)
            self._say(413, "too large")
            return
        body = self.rfile.read(size)
        self.small.asked.append((self.command, self.path, dict(self.headers)))
        if not self._refused():
            path = urlsplit(self.path).path
            routes = {
                "/mcp": self._mcp,
                "/authorize": self._authorize,
                "/register": self._register,
                "/token": self._token,
            }
            route = routes.get(path)
            if route:
                route(body)
            elif path.startswith("/.well-known/"):
                self._metadata(path)
            elif path.startswith("/clients/") and self.command == "DELETE":
                self.small.clients.pop(path.removeprefix("/clients/"), None)
                self._say(204, "")
            else:
                self._say(404, "no")

    do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - the names that http.server wants

    def _refused(self) -> bool:
        """Say no to what comes from elsewhere; three ways of looking at Origin that let too much pass."""
        faults, origin, host = self.small.faults, self.headers.get("Origin"), self.headers.get("Host", "")
        own = self.small.base
        allowed = (
            origin in (None, own)
            or "any origin" in faults
            or ("origin by its beginning" in faults and str(origin).startswith("http://localhost"))
            or ("origin by its end" in faults and str(origin).endswith("localhost"))
            or ("origin null" in faults and origin == "null")
        )
        if not allowed:
            self._say(400 if "origin with 400" in faults else 403, "Invalid Origin header")
            return True
        named = "any host" in faults or ("host named in the metadata" in faults and self.command == "GET")
        if host.partition(":")[0] not in ("localhost", "127.0.0.1") and not named:
            self._say(421, "Invalid Host header")
            return True
        return False

    def _mcp(self, _: bytes) -> None:
        faults, query = self.small.faults, parse_qs(urlsplit(self.path).query)
        tokens = self.headers.get_all("Authorization") or []
        if "access_token" in query and "token in the address" not in faults and "address ignored" not in faults:
            self._say(400, "a token in the address")
        elif len(tokens) > 1 and "two tokens fail" in faults:
            self._say(500, "Internal Server Error")
        elif len(tokens) > 1 and "two tokens" not in faults:
            self._say(400, "several tokens")
        else:
            read = tokens or ("token in the address" in faults and "access_token" in query)
            error = 'error="invalid_token", ' if read else ""
            metadata = f'resource_metadata="{self.small.base}/.well-known/oauth-protected-resource/mcp"'
            self._say(401, "", {"WWW-Authenticate": f"Bearer {error}{metadata}"})

    def _metadata(self, path: str) -> None:
        base = self.small.base
        if "host named in the metadata" in self.small.faults:
            base = f"http://{self.headers['Host']}"
        if path.endswith("oauth-protected-resource/mcp"):
            said: dict[str, Any] = {"resource": f"{base}/mcp", "authorization_servers": [base]}
        elif path == "/.well-known/oauth-authorization-server":
            said = {"issuer": base, "code_challenge_methods_supported": ["S256"]}
            said |= {f"{name}_endpoint": f"{base}/{name.removesuffix('ation').replace('registr', 'register')}"
                     for name in ("registration", "token")}  # fmt: skip
            said |= {"authorization_endpoint": f"{base}/authorize"} | self.small.metadata
        else:
            self._say(404, "")
            return
        self._say(200, json.dumps(said))

    def _register(self, body: bytes) -> None:
        faults, small = self.small.faults, self.small
        try:
            asked = json.loads(body)
        except ValueError:
            self._say(500 if "registration fails" in faults else 400, "no JSON")
            return
        uris, name = asked.get("redirect_uris", []), asked.get("client_name", "")
        if len(name) > 200:
            if "name cut" not in faults and "any name" not in faults:
                self._say(400, "client_name is too long")
                return
            name = name if "any name" in faults else name[:200]
        if len(uris) > 20 and "any number" not in faults:
            self._say(400, "too many redirect_uris")
            return
        foreign = [uri for uri in uris if urlsplit(uri).hostname not in ("localhost", "127.0.0.1", "vscode.dev")]
        if foreign and "any client" not in faults:
            self._say(400, "invalid_redirect_uri")
            return
        client_id = f"client-{len(small.clients)}"
        small.clients[client_id] = uris
        said = {"client_id": client_id, "client_name": name, "redirect_uris": uris}
        if "forgets" in faults:
            said |= {"registration_client_uri": f"{small.base}/clients/{client_id}", "registration_access_token": "t"}
        self._say(201, json.dumps(said))

    def _authorize(self, _: bytes) -> None:
        faults = self.small.faults
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        client_id, uri = asked.get("client_id", ""), asked.get("redirect_uri", "")
        if "\\" in client_id or "\x00" in client_id:
            tells = "traceback" in faults
            self._say(500 if "fails" in faults else 400, TRACEBACK if tells else "no such client")
            return
        if "errors go anywhere" in faults and asked.get("response_type") != "code":
            self._say(302, "", {"Location": f"{uri}?error=unsupported_response_type"})
            return
        if "codes go anywhere" in faults and asked.get("response_type") != "code":
            self._say(400, "unsupported_response_type")
            return
        if not self._takes(client_id, uri):
            known = self.small.clients.get(client_id)
            if known and "errors go home" in faults:
                self._say(302, "", {"Location": f"{known[-1]}?error=invalid_request"})
                return
            self._say(400, f"Redirect URI {uri} is not registered")
            return
        if asked.get("response_type") != "code":
            self._say(302, "", {"Location": f"{uri}?error=unsupported_response_type"})
            return
        if "code_challenge" not in asked and "no PKCE" not in faults:
            self._say(302, "", {"Location": f"{uri}?error=invalid_request"})
            return
        if "nobody is asked" in faults:
            query = urlencode({"client_id": APP, "redirect_uri": f"{self.small.base}/callback"})
            self._say(302, "", {"Location": f"{ENTRA}?{query}"})
            return
        self._say(200, PAGE.format(uri=uri), self.small.page_headers)

    def _token(self, body: bytes) -> None:
        small, faults = self.small, self.small.faults
        asked = {name: values[0] for name, values in parse_qs(body.decode("latin-1")).items()}
        token = asked.get("refresh_token", "")
        if asked.get("grant_type") == "authorization_code" and asked.get("code") == "good":
            self._say(200, json.dumps({"access_token": "a", "refresh_token": "token-0"}))
        elif asked.get("grant_type") != "refresh_token" or small.revoked:
            self._say(400, "invalid_grant")
        elif token in small.spent and "spent is taken" not in faults:
            repeated = small.spent.count(token) == 1 and "lost answer" in " ".join(faults)
            small.spent.append(token)
            small.revoked = not repeated and "family lives on" not in faults
            number = 9 if "a lost answer is made up for" in faults else len(set(small.spent))
            following = json.dumps({"access_token": "a", "refresh_token": f"token-{number}"})
            self._say(200 if repeated else 400, following if repeated else "invalid_grant")
        else:
            small.spent.append(token)
            self._say(200, json.dumps({"access_token": "a", "refresh_token": f"token-{len(small.spent)}"}))

    def _takes(self, client_id: str, uri: str) -> bool:
        faults, known = self.small.faults, self.small.clients.get(client_id)
        if faults & {"any redirect", "codes go anywhere"}:
            return True
        if "any redirect of the app" in faults and client_id == APP:
            return True
        if known is None:
            return False
        without_port = [f"{urlsplit(one).hostname}{urlsplit(one).path}" for one in known]
        parts = urlsplit(uri)
        loose = (
            ("redirect by its host" in faults and parts.hostname == "localhost")
            or ("redirect by its beginning" in faults and uri.startswith("http://localhost"))
            or ("redirect by a list" in faults and (parts.hostname or "").endswith("vscode.dev"))
        )
        return uri in known or f"{parts.hostname}{parts.path}" in without_port or loose

    def _say(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        body = text.encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
