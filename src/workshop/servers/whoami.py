"""The smallest protected MCP server: one tool, which tells callers who they are.

Entra ID signs the user in; FastMCP's ``AzureProvider`` stands between the MCP client and Entra (the OAuth proxy).
It is set up in `proxy`, where what FastMCP leaves open is shut.
"""

from __future__ import annotations

from fastmcp import FastMCP
from fastmcp.server.dependencies import get_access_token

from .proxy import provider, server
from .settings import ProxySettings, load


def build(base_url: str = "http://localhost:8000", settings: ProxySettings | None = None) -> FastMCP:
    """Return the server.

    Args:
        base_url: where clients reach it, without the path ``/mcp``; Entra sends the browser back to
            ``{base_url}/auth/callback``.
        settings: the app registration's values; from the environment if None.

    Raises:
        SettingsError: a value is missing or malformed.
    """
    settings = settings or load()
    auth = provider(settings, base_url)
    mcp = server("Who am I", auth, auth, settings, auth.lifespan)

    @mcp.tool
    def get_user_info() -> dict[str, str | None]:
        """Tell who is signed in."""
        token = get_access_token()
        claims = token.claims if token else {}
        return {
            "name": claims.get("name"),
            "username": claims.get("preferred_username"),
            "object_id": claims.get("oid"),
            "tenant_id": claims.get("tid"),
        }

    return mcp


if __name__ == "__main__":
    from .serve import main

    main(build)
