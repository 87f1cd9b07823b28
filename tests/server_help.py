"""Servers for the tests of background, sign-in and trace, and requests to them."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx
from fastmcp import FastMCP
from fastmcp.server.auth.oauth_proxy import OAuthProxy
from fastmcp.server.auth.providers.in_memory import InMemoryOAuthProvider
from fastmcp.server.auth.providers.jwt import JWTVerifier, RSAKeyPair
from key_value.aio.stores.memory import MemoryStore
from mcp.server.auth.settings import ClientRegistrationOptions
from mcp.shared.auth import OAuthClientInformationFull
from pydantic import AnyUrl

from workshop import background
from workshop.background import BackgroundServer

KEY = RSAKeyPair.generate()
OTHER_KEY = RSAKeyPair.generate()


def free_port() -> int:
    """Return a port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(build: Callable[[str], FastMCP], **options: Any) -> Iterator[BackgroundServer]:
    """Run a server in the background for the time of the block."""
    options.setdefault("port", free_port())
    server = background.start(build, **options)
    try:
        yield server
    finally:
        server.stop()


def protected(base_url: str) -> FastMCP:
    """Build a server that wants a token of KEY for api://whoami with the scope read."""
    verifier = JWTVerifier(
        public_key=KEY.public_key,
        issuer="https://issuer.example",
        audience="api://whoami",
        required_scopes=["read"],
        base_url=base_url,
    )
    server = FastMCP("protected", auth=verifier)

    @server.tool
    def hello() -> str:
        return "hello"

    @server.tool
    def broken() -> str:
        raise RuntimeError("the disk is full")

    return server


def token(key: RSAKeyPair = KEY, **changes: Any) -> str:
    """Make a token, right but for the `changes`."""
    claims: dict[str, Any] = {
        "subject": "robin",
        "issuer": "https://issuer.example",
        "audience": "api://whoami",
        "scopes": ["read"],
    }
    return key.create_token(**(claims | changes))


def call(server: BackgroundServer, bearer: str | None = None, tool: str = "hello") -> httpx.Response:
    """Call a tool without any MCP library."""
    version = "2026-07-28"
    headers = {
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": version,
        "MCP-Method": "tools/call",
        "MCP-Name": tool,
    }
    if bearer is not None:
        headers["Authorization"] = f"Bearer {bearer}"
    meta = {
        "io.modelcontextprotocol/protocolVersion": version,
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    params = {"name": tool, "arguments": {}, "_meta": meta}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    with httpx.Client(trust_env=False, timeout=120) as client:
        return client.post(server.url, headers=headers, json=message)


def get(url: str) -> httpx.Response:
    """Get a page of this machine."""
    with httpx.Client(trust_env=False, timeout=120) as client:
        return client.get(url)


@contextmanager
def signed_in_server(name: str = "whoami", *, consent: bool = True) -> Iterator[BackgroundServer]:
    """Run an OAuth proxy before a second server that stands where Entra would, and signs everybody in unasked."""
    upstream_port, port = free_port(), free_port()
    issuer = InMemoryOAuthProvider(
        base_url=f"http://localhost:{upstream_port}",
        client_registration_options=ClientRegistrationOptions(enabled=True),
    )
    issuer.clients["app"] = OAuthClientInformationFull(
        client_id="app",
        client_secret="upstream-secret",
        redirect_uris=[AnyUrl(f"http://localhost:{port}/auth/callback")],
        token_endpoint_auth_method="client_secret_post",
        grant_types=["authorization_code", "refresh_token"],
        response_types=["code"],
    )

    def build(base_url: str) -> FastMCP:
        upstream = f"http://localhost:{upstream_port}"
        auth = OAuthProxy(
            upstream_authorization_endpoint=f"{upstream}/authorize",
            upstream_token_endpoint=f"{upstream}/token",
            upstream_client_id="app",
            upstream_client_secret="upstream-secret",
            token_endpoint_auth_method="client_secret_post",
            token_verifier=issuer,  # type: ignore[arg-type]  # it verifies its own tokens as well
            base_url=base_url,
            client_storage=MemoryStore(),
            require_authorization_consent=consent,
        )
        server = FastMCP(name, auth=auth)

        @server.tool
        def hello() -> str:
            return "hello"

        return server

    with (
        serving(lambda _: FastMCP("issuer", auth=issuer), port=upstream_port),
        serving(build, port=port) as server,
    ):
        yield server


def is_free(port: int) -> bool:
    """Whether nobody listens on this port of 127.0.0.1."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2):
        return False
    return True
