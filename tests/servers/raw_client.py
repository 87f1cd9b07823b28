"""An MCP client without any library: each of its requests is made by hand, so that it may also be a wrong one."""

from __future__ import annotations

import base64
import hashlib
import itertools
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

import practice_tenant
from practice_tenant import PracticeBrowser
from workshop.background import BackgroundServer
from workshop.servers import proxy

from .conftest import Entra
from .doors import HEADERS, MESSAGE

REDIRECT = "http://localhost:5555/callback"

_count = itertools.count(1)


@dataclass
class RawClient:
    """A client of one server, registered there."""

    server: BackgroundServer
    browser: PracticeBrowser
    brought: list[dict[str, str]]
    http: httpx.Client
    redirect_uri: str = REDIRECT
    client_id: str = ""
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)

    @property
    def challenge(self) -> str:
        """The code challenge of the verifier (S256)."""
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()

    def register(self, **changes: Any) -> httpx.Response:
        """Register, and keep the id if there is one."""
        answer = self.post("/register", json={"client_name": "Raw", "redirect_uris": [self.redirect_uri]} | changes)
        if answer.status_code == 201:
            self.client_id = answer.json()["client_id"]
        return answer

    def asks(self, **changes: str) -> dict[str, str]:
        """Return the parameters of an authorization request."""
        plain = {
            "response_type": "code", "client_id": self.client_id, "redirect_uri": self.redirect_uri,
            "code_challenge": self.challenge, "code_challenge_method": "S256", "state": "state",
        }  # fmt: skip
        return plain | changes

    def authorize(self, **changes: str) -> httpx.Response:
        """Send an authorization request and follow nothing."""
        return self.get("/authorize", params=self.asks(**changes))

    def code(self, **changes: str) -> str:
        """Sign in and return the code that the browser brought."""
        address = httpx.URL(f"{self.server.base_url}/authorize", params=self.asks(**changes))
        went = self.browser.sign_in(str(address))
        assert self.brought, went
        return self.brought.pop()["code"]

    def redeem(self, code: str, **changes: str) -> httpx.Response:
        """Ask for tokens for a code."""
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri,
            "client_id": self.client_id, "code_verifier": self.verifier,
        }  # fmt: skip
        return self.post("/token", data=form | changes)

    def tokens(self) -> dict[str, Any]:
        """Sign in and return the tokens."""
        answer = self.redeem(self.code())
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def refresh(self, token: str, **changes: str) -> httpx.Response:
        """Ask for the next tokens."""
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": self.client_id}
        return self.post("/token", data=form | changes)

    def revoke(self, token: str, **changes: str) -> httpx.Response:
        """Give a token back (RFC 7009)."""
        return self.post("/revoke", data={"token": token, "client_id": self.client_id} | changes)

    def call(self, token: str) -> int:
        """Call a tool and return the status."""
        headers = {name: value.decode() for name, value in HEADERS}
        arguments = MESSAGE | {"params": dict(MESSAGE["params"], name="list_expenses")}  # type: ignore[call-overload]
        headers |= {"MCP-Name": "list_expenses", "Authorization": f"Bearer {token}"}
        return self.post("/mcp", json=arguments, headers=headers).status_code

    def get(self, path: str, **options: Any) -> httpx.Response:
        """Send a GET request."""
        return self.http.get(self.server.base_url + path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        """Send a POST request."""
        return self.http.post(self.server.base_url + path, **options)

    def another(self) -> RawClient:
        """Return another client of the server, registered on its own."""
        other = replace(self, client_id="", verifier=secrets.token_urlsafe(48))
        assert other.register().status_code == 201
        return other


@contextmanager
def raw_client(entra: Entra, build: Any = proxy.build, **settings: Any) -> Iterator[RawClient]:
    """Serve the tools behind the proxy, and return a registered client with a browser that signs in by itself."""
    from server_help import serving

    running = practice_tenant.found(entra.tenant.state)
    assert running
    brought: list[dict[str, str]] = []

    def arrives(request: httpx.Request) -> httpx.Response:
        brought.append({name: values[0] for name, values in parse_qs(urlsplit(str(request.url)).query).items()})
        return httpx.Response(200, text="You may close this window.")

    # It stands for the port on which a client waits for the browser, and only for that.
    browser = PracticeBrowser(
        proxy=running.doors.proxy, ca=running.ca, mounts={"all://localhost:5555": httpx.MockTransport(arrives)}
    )
    chosen = entra.settings(**{"consent": False, "registrations_per_minute": 1000} | settings)
    with (
        serving(lambda url: build(url, chosen), name=f"raw {next(_count)}") as server,
        httpx.Client(trust_env=False, timeout=120) as http,
    ):
        entra.world.change(entra.app, web={"redirectUris": [f"{server.base_url}/auth/callback"]})
        client = RawClient(server, browser, brought, http)
        assert client.register().status_code == 201
        try:
            yield client
        finally:
            browser.close()
