"""What the workshop's app registration should be, declared in one place."""

from __future__ import annotations

from dataclasses import dataclass

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"


@dataclass(frozen=True)
class DeclaredScope:
    """A delegated permission the app exposes."""

    value: str
    title: str
    description: str


@dataclass(frozen=True)
class Declaration:
    """An app registration: what is not named here stays as Entra makes it."""

    display_name: str
    redirect_uris: tuple[str, ...]
    scopes: tuple[DeclaredScope, ...]
    graph_permissions: tuple[str, ...]


PROXY = Declaration(
    display_name="Workshop MCP server (proxy)",
    redirect_uris=("http://localhost:8000/auth/callback",),
    scopes=(
        DeclaredScope(
            "mcp-access",
            "Use the MCP server as you",
            "Lets the app call the tools of the MCP server in your name.",
        ),
    ),
    graph_permissions=("openid", "profile", "offline_access", "User.Read"),
)
