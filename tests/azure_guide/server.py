"""The server of FastMCP's Azure guide, with the values of a registration in place of the guide's."""

from __future__ import annotations

import os
import sys

from fastmcp import FastMCP
from fastmcp.server.auth.providers.azure import AzureProvider

PORT = int(sys.argv[1])

auth_provider = AzureProvider(
    client_id=os.environ["GUIDE_CLIENT_ID"],
    client_secret=os.environ["GUIDE_CLIENT_SECRET"],
    tenant_id=os.environ["GUIDE_TENANT_ID"],
    base_url=f"http://localhost:{PORT}",
    required_scopes=["access"],
)

mcp = FastMCP(name="Azure Secured App", auth=auth_provider)


@mcp.tool
async def get_user_info() -> dict[str, object]:
    """Return information about the authenticated Azure user."""
    from fastmcp.server.dependencies import get_access_token

    token = get_access_token()
    assert token
    return {
        "azure_id": token.claims.get("sub"),
        "email": token.claims.get("email"),
        "name": token.claims.get("name"),
        "job_title": token.claims.get("job_title"),
        "office_location": token.claims.get("office_location"),
    }


if __name__ == "__main__":
    mcp.run(transport="http", port=PORT)
