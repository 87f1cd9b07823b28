"""A FastMCP server behind RemoteAuthProvider: clients that Entra knows bring tokens that Entra made for this server."""

from __future__ import annotations

import os
from collections.abc import Mapping

from fastmcp import FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.server.auth import RemoteAuthProvider
from fastmcp.server.auth.providers.azure import AzureJWTVerifier
from fastmcp.server.dependencies import get_access_token
from pydantic import AnyHttpUrl


def build(base_url: str, environ: Mapping[str, str] = os.environ) -> FastMCP:
    """Return the server.

    Args:
        base_url: where clients reach it, without the path `/mcp`.
        environ: AZURE_TENANT_ID and AZURE_CLIENT_ID of the app registration; it needs no secret.
    """
    tenant_id, client_id = environ["AZURE_TENANT_ID"], environ["AZURE_CLIENT_ID"]
    auth = RemoteAuthProvider(
        token_verifier=AzureJWTVerifier(client_id=client_id, tenant_id=tenant_id, required_scopes=["access_as_user"]),
        authorization_servers=[AnyHttpUrl(f"https://login.microsoftonline.com/{tenant_id}/v2.0")],
        base_url=base_url,
    )
    mcp = FastMCP("Notes", auth=auth)
    notes: dict[str, list[str]] = {}

    @mcp.tool
    def add_note(text: str) -> int:
        """Keep a note and return how many the user has."""
        mine = notes.setdefault(_user(tenant_id), [])
        mine.append(text)
        return len(mine)

    @mcp.tool
    def my_notes() -> list[str]:
        """Return the user's notes."""
        return notes.get(_user(tenant_id), [])

    return mcp


def _user(tenant_id: str) -> str:
    """Return what names the signed-in user for good: the object id, of this tenant only."""
    token = get_access_token()
    if token is None or token.claims.get("tid") != tenant_id or not token.claims.get("oid"):
        raise ToolError("This is no user of ours.")
    return str(token.claims["oid"])
