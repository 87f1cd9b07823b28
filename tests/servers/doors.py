"""Servers to knock at with any token, and what became of the knock."""

from __future__ import annotations

import asyncio
import http.client
import http.server
import json
import logging
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from fastmcp import FastMCP
from fastmcp.server.auth import AuthProvider
from fastmcp.server.auth.oauth_proxy.models import JTIMapping, UpstreamTokenSet
from fastmcp.server.auth.providers.azure import AzureProvider

from workshop.background import BackgroundServer

from .forge import Attempt
from .forged import FASTMCP, HTTP, OWN

OWN_LOGGER = "fastmcp.workshop.servers"
MESSAGE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {
        "name": "who",
        "arguments": {},
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        },
    },
}
HEADERS = (
    ("Accept", b"application/json, text/event-stream"),
    ("Content-Type", b"application/json"),
    ("MCP-Protocol-Version", b"2026-07-28"),
    ("MCP-Method", b"tools/call"),
    ("MCP-Name", b"who"),
)


class Said(logging.Handler):
    """What the servers' own checks write to the log."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@dataclass(frozen=True)
class Outcome:
    """Who turned an attempt away, and how; `who` is empty if nobody did."""

    who: str
    status: int
    error: str
    reason: str = field(compare=False, default="")


def door(auth: AuthProvider) -> FastMCP:
    """Return a server with one tool behind `auth`."""
    mcp = FastMCP("door", auth=auth)

    @mcp.tool
    def who() -> str:
        return "anyone who got in"

    return mcp


@contextmanager
def publishing(key_set: Mapping[str, object], asked: list[str] | None = None) -> Iterator[str]:
    """Publish a key set on loopback for the time of the block; yield its address.

    Args:
        asked: gets the path of each request.
    """
    body = json.dumps(key_set).encode()

    class Published(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if asked is not None:
                asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Published) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/keys"
        finally:
            server.shutdown()


@contextmanager
def listening() -> Iterator[Said]:
    """Keep what the servers' own checks write to the log during the block."""
    said = Said()
    logger = logging.getLogger(OWN_LOGGER)
    logger.addHandler(said)
    try:
        yield said
    finally:
        logger.removeHandler(said)


def tries(said: Said, server: BackgroundServer, attempt: Attempt) -> Outcome:
    """Send a tool call with what is attempted."""
    said.lines.clear()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    try:
        body = json.dumps(MESSAGE).encode()
        connection.putrequest("POST", f"/mcp?{attempt.query}" if attempt.query else "/mcp")
        for name, value in (*HEADERS, ("Content-Length", str(len(body)).encode()), *attempt.sent):
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        challenge = answer.getheader("WWW-Authenticate", "")
        answer.read()
    finally:
        connection.close()
    who = OWN if said.lines else FASTMCP if challenge.startswith("Bearer") else HTTP
    error = re.search(r'error="(\w+)"', challenge)
    return Outcome("" if answer.status == 200 else who, answer.status, error[1] if error else "", " ".join(said.lines))


def planted(provider: AzureProvider, token: str, expires_at: int) -> str:
    """Put a token into a proxy's store as Entra's, and return the proxy's own token that stands for it.

    Args:
        expires_at: Unix time in seconds at which the proxy takes it to end.
    """
    upstream = UpstreamTokenSet(
        upstream_token_id="planted", access_token=token, refresh_token=None, refresh_token_expires_at=None,
        expires_at=expires_at, token_type="Bearer", scope="access", client_id="c", created_at=0,
    )  # fmt: skip
    mapping = JTIMapping(jti="planted", upstream_token_id="planted", created_at=0)
    asyncio.run(provider._upstream_token_store.put(key="planted", value=upstream))
    asyncio.run(provider._jti_mapping_store.put(key="planted", value=mapping))
    return provider.jwt_issuer.issue_access_token("c", ["access"], "planted", 3600)
