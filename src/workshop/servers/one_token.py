"""A request brings one token, in one place: which one counts is nobody's guess then."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl

from fastmcp.server.auth import AuthProvider
from fastmcp.utilities.logging import get_logger
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

logger = get_logger(__name__)

SEVERAL = "The request has several Authorization headers. Send one."
IN_QUERY = "The request has an access token in its address, where logs keep it. Send it in the Authorization header."


class OneToken:
    """Refuse a request that brings several tokens, or one in its address.

    Source: RFC 6750 sections 2 and 3.1 (`invalid_request`); RFC 9700 section 4.3.2 forbids tokens in addresses.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 400 or go on."""
        reason = _reason(scope) if scope["type"] == "http" else None
        if reason is None:
            await self.app(scope, receive, send)
            return
        logger.warning("Request rejected: %s", reason)
        body = json.dumps({"error": "invalid_request", "error_description": reason}).encode()
        challenge = f'Bearer error="invalid_request", error_description="{reason}"'
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"www-authenticate", challenge.encode()),
        ]
        await send({"type": "http.response.start", "status": 400, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class TakesOneToken(AuthProvider):
    """A door where a request brings one token: the first base of a class that stands before a server."""

    def get_middleware(self) -> list[Middleware]:
        """Return what requests pass before FastMCP looks at their token."""
        return [Middleware(OneToken), *super().get_middleware()]


def _reason(scope: Scope) -> str | None:
    if sum(name == b"authorization" for name, _ in scope["headers"]) > 1:
        return SEVERAL
    query = scope.get("query_string", b"").decode("latin-1")
    if any(name == "access_token" for name, _ in parse_qsl(query, keep_blank_values=True)):
        return IN_QUERY
    return None
