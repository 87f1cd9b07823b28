"""A FastMCP server behind AzureProvider: any MCP client registers with FastMCP, and people sign in at Entra."""

from __future__ import annotations

import os
from collections.abc import Mapping

from fastmcp import FastMCP
from fastmcp.server.auth.providers.azure import AzureProvider
from fastmcp.server.dependencies import get_access_token
from key_value.aio.protocols import AsyncKeyValue

LOOPBACK = ("http://localhost:*", "http://127.0.0.1:*")
VS_CODE = ("https://vscode.dev/redirect", "https://insiders.vscode.dev/redirect")
"""VS Code registers these beside loopback addresses. A client of which one address is not listed can't register."""


def build(
    base_url: str, environ: Mapping[str, str] = os.environ, client_storage: AsyncKeyValue | None = None
) -> FastMCP:
    """Return the server.

    Args:
        base_url: where clients reach it, without the path `/mcp`.
        environ: AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET of the app registration.
        client_storage: where clients and tokens are kept; FastMCP's encrypted files if None.
    """
    auth = AzureProvider(
        client_id=environ["AZURE_CLIENT_ID"],
        client_secret=environ["AZURE_CLIENT_SECRET"],
        tenant_id=environ["AZURE_TENANT_ID"],
        required_scopes=["access_as_user"],
        base_url=base_url,
        client_storage=client_storage,
        allowed_client_redirect_uris=[*LOOPBACK, *VS_CODE],
    )
    mcp = FastMCP("Notes", auth=auth)

    @mcp.tool
    def who_am_i() -> str:
        """Return the name of the signed-in user."""
        token = get_access_token()
        return str(token.claims.get("preferred_username")) if token else "nobody"

    return mcp
