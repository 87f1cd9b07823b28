"""The proxy's way to Entra's token endpoint without a secret: with an assertion in its place.

Source: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#request-an-access-token-with-a-certificate-credential
"""

from __future__ import annotations

from typing import Any

import httpx2
from fastmcp.server.auth.oauth_proxy.upstream import AsyncOAuth2Client

from .credentials import ASSERTION_TYPE, Assertions

# FastMCP's own are 30 and 10 s. On a busy machine a person would meet an error then, and here they only wait.
TIMEOUT_SECONDS = 60.0


def keys_client() -> httpx2.AsyncClient:
    """Return a client that fetches Entra's keys. It keeps no connection, so it may be used in any event loop."""
    return httpx2.AsyncClient(timeout=TIMEOUT_SECONDS, limits=httpx2.Limits(max_keepalive_connections=0))


class AssertingClient(AsyncOAuth2Client):
    """FastMCP's client of the token endpoint, showing an assertion with each request."""

    def __init__(self, client_id: str, assertions: Assertions) -> None:
        super().__init__(client_id=client_id, token_endpoint_auth_method="none", timeout=TIMEOUT_SECONDS)  # noqa: S106
        self._assertions = assertions

    async def fetch_token(self, url: str, *, grant_type: str = "authorization_code", **params: Any) -> dict[str, Any]:
        """Redeem a code."""
        return await super().fetch_token(url, grant_type=grant_type, **params, **await self._proof(url))

    async def refresh_token(self, url: str, *, refresh_token: str | None = None, **params: Any) -> dict[str, Any]:
        """Redeem a refresh token."""
        return await super().refresh_token(url, refresh_token=refresh_token, **params, **await self._proof(url))

    async def _proof(self, url: str) -> dict[str, str]:
        await self._assertions.prepare()
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": self._assertions.assertion(url)}
