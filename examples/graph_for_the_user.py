"""A FastMCP server whose tool asks Microsoft Graph on behalf of the signed-in user."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx
from fastmcp import FastMCP
from fastmcp.server.auth.providers.azure import AzureProvider, EntraOBOToken
from key_value.aio.protocols import AsyncKeyValue

GRAPH = "https://graph.microsoft.com"


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
        additional_authorize_scopes=[f"{GRAPH}/User.Read"],
        base_url=base_url,
        client_storage=client_storage,
        allowed_client_redirect_uris=[*LOOPBACK, *VS_CODE],
    )

    @asynccontextmanager
    async def closing(_server: FastMCP) -> AsyncIterator[None]:
        """Close what the exchanges opened: FastMCP keeps it for the next call of the same user."""
        try:
            yield
        finally:
            await auth.close_obo_credentials()

    mcp = FastMCP("Profile", auth=auth, lifespan=closing)

    @mcp.tool
    async def my_job(graph_token: str = EntraOBOToken([f"{GRAPH}/User.Read"])) -> str:
        """Return the signed-in user's job title, as Microsoft Graph has it."""
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {graph_token}"}) as graph:
            me = (await graph.get(f"{GRAPH}/v1.0/me")).raise_for_status().json()
        return str(me["jobTitle"])

    return mcp
