"""The smallest protected MCP server: one tool, which tells callers who they are.

Entra ID signs the user in; FastMCP's ``AzureProvider`` stands between the MCP client and Entra (the OAuth proxy).
"""

from __future__ import annotations

from fastmcp import FastMCP
from fastmcp.server.auth.providers.azure import AzureProvider
from fastmcp.server.dependencies import get_access_token

from .icon import ICON
from .settings import ProxySettings, load

REQUIRED_SCOPE = "mcp-access"


def build(base_url: str = "http://localhost:8000", settings: ProxySettings | None = None) -> FastMCP:
    """Return the server.

    Args:
        base_url: where clients reach it, without the path ``/mcp``; Entra sends the browser back to
            ``{base_url}/auth/callback``.
        settings: the app registration's values; from the environment if None.

    Raises:
        SettingsError: a value is missing or malformed.
    """
    registration = settings or load()
    auth = AzureProvider(
        client_id=registration.client_id,
        client_secret=registration.client_secret,
        tenant_id=registration.tenant_id,
        base_url=base_url,
        required_scopes=[REQUIRED_SCOPE],
        additional_authorize_scopes=["openid", "profile"],
    )
    mcp = FastMCP("Who am I", auth=auth, icons=[ICON])

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
