"""A hand-written MCP client that connects as far as the sign-in page, and the reverse proxy before a server.

The client keeps to the order of the MCP Python SDK, whose own functions it uses, and says what that SDK says.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import httpx
from fastmcp import FastMCP
from mcp.client.auth.utils import (
    build_oauth_authorization_server_metadata_discovery_urls,
    build_protected_resource_metadata_discovery_urls,
)
from mcp.shared.auth_utils import check_resource_allowed

from practice_tenant import ANSWER_SECONDS
from workshop import background
from workshop.background import BackgroundServer
from workshop.breaking.scene import Scene
from workshop.breaking.stage import BROWSER

PUBLIC = "https://expenses.example"
REDIRECT = "http://127.0.0.1:33418"
ANOTHER_PORT = "http://127.0.0.1:53999"
NOTHING_KEPT = httpx.Limits(max_keepalive_connections=0)
"""A server that ends waits for connections that are kept."""

_count = itertools.count(1)


class Front(httpx.BaseTransport):
    """A reverse proxy that ends TLS: https://expenses.example leads to a server on this machine.

    Attributes:
        port: of the server.
        tells: whether it tells the server that the client came by https (X-Forwarded-Proto).
    """

    def __init__(self, port: int, *, tells: bool = True) -> None:
        self.port = port
        self.tells = tells
        self.inner = httpx.HTTPTransport(limits=NOTHING_KEPT)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass the request on, with the host that the client named."""
        url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self.port)
        headers = [*request.headers.raw, *([(b"X-Forwarded-Proto", b"https")] if self.tells else [])]
        passed = httpx.Request(
            request.method, url, headers=headers, stream=request.stream, extensions=request.extensions
        )
        return self.inner.handle_request(passed)

    def close(self) -> None:
        """Close the connections."""
        self.inner.close()


def through(front: Front | None, public: str = PUBLIC) -> httpx.Client:
    """Return a client of the user's machine, for whom the reverse proxy stands where DNS leads."""
    return httpx.Client(mounts={public: front} if front else {}, timeout=ANSWER_SECONDS, limits=NOTHING_KEPT)


def run(scene: Scene, build: Callable[[str], FastMCP], *, name: str = "", port: int = 0) -> BackgroundServer:
    """Run a server until the scene ends, or another of the same name takes its place."""
    server = background.start(build, port=port, name=name or f"broken {next(_count)}")
    scene.closing.append(server.stop)
    scene.server = server
    return server


def connect(url: str, http: httpx.Client, client_id: str = "", *, guesses: bool = True) -> str:
    """Connect, and return what the client shows where it stops; "" if the sign-in page opens.

    Args:
        client_id: of an earlier registration; the client registers if empty.
        guesses: whether it looks for the metadata where the challenge does not say.
    """
    answer = http.post(url, json={"jsonrpc": "2.0", "id": 1, "method": "ping"}, headers={"Accept": "application/json"})
    if answer.status_code != 401:
        return "" if answer.status_code < 400 else _said(answer)
    challenge = answer.headers.get("www-authenticate", "")
    metadata_url = challenge.partition('resource_metadata="')[2].partition('"')[0]
    if not metadata_url and not guesses:
        return _said(answer)
    urls = build_protected_resource_metadata_discovery_urls(metadata_url or None, url)
    resource, tried = _first(http, urls)
    if resource is None:
        return tried
    name = str(resource.get("resource"))
    if not check_resource_allowed(requested_resource=url, configured_resource=name):
        return f"Protected resource {name} does not match expected {url}"
    issuer = resource["authorization_servers"][0]
    server, tried = _first(http, build_oauth_authorization_server_metadata_discovery_urls(issuer, url))
    if server is None:
        return tried
    if "registration_endpoint" not in server:
        return "" if client_id else f"Registration failed: {http.post(f'{_origin(issuer)}/register').status_code}"
    return _sign_in_page(http, server, client_id or REDIRECT, registered=bool(client_id))


def register(http: httpx.Client, endpoint: str) -> tuple[str, str]:
    """Register as VS Code does and return the client id, and what was refused."""
    body = {"client_name": "VS Code", "redirect_uris": [REDIRECT, f"{REDIRECT}/", "https://vscode.dev/redirect"]}
    answer = http.post(endpoint, json=body | {"token_endpoint_auth_method": "none"})
    return (str(answer.json()["client_id"]), "") if answer.status_code == 201 else ("", _said(answer))


def _sign_in_page(http: httpx.Client, server: dict[str, Any], known: str, *, registered: bool) -> str:
    client_id, refused = (known, "") if registered else register(http, server["registration_endpoint"])
    if refused:
        return refused
    asked = {
        "response_type": "code", "client_id": client_id, "redirect_uri": ANOTHER_PORT, "state": "s",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256",
    }  # fmt: skip
    page = http.get(f"{server['authorization_endpoint']}?{urlencode(asked)}", headers=BROWSER)
    return "" if page.is_redirect or page.is_success else _said(page)


def _first(http: httpx.Client, urls: list[str]) -> tuple[dict[str, Any] | None, str]:
    tried = []
    for url in urls:
        answer = http.get(url)
        if answer.status_code == 200:
            return dict(answer.json()), ""
        tried.append(f"{answer.status_code} {url}")
    return None, "\n".join(tried)


def _said(answer: httpx.Response) -> str:
    head = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
    return f"HTTP/1.1 {answer.status_code}\n{head}\n\n{answer.text}"


def _origin(url: str) -> str:
    parts = httpx.URL(url)
    return f"{parts.scheme}://{parts.host}"
