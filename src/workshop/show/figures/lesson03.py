"""The figures of lesson 03: the names of one scope, and who holds which token."""

from __future__ import annotations

from workshop.show.drawing import BLUE, GREEN, SOFT, arrow, box, picture, text

CODE = "font-family:ui-monospace,monospace;"
BOLD = "font-weight:bold"


def one_scope() -> str:
    """Draw one scope on its way from the MCP client to Entra and back in the token."""
    server = ("compares scp with", "required_scopes")
    parts = [
        box(20, 60, 190, 110, "MCP client", ("asks for what the", "server advertises"), BLUE),
        box(340, 60, 190, 110, "MCP server", server, BLUE),
        box(740, 60, 190, 110, "Entra ID", ("knows the scope by", "its full name"), GREEN),
        text(275, 84, "asks for", size=14, colour=SOFT),
        text(275, 104, "mcp-access", CODE, size=14),
        arrow(212, 115, 336, 115),
        text(635, 56, "asks for", size=14, colour=SOFT),
        text(635, 76, "api://{id}/mcp-access", CODE, size=14),
        arrow(532, 87, 736, 87),
        arrow(738, 140, 534, 140),
        text(635, 164, "a token with", size=14, colour=SOFT),
        text(635, 184, "scp: mcp-access", CODE, size=14),
        text(475, 226, "The prefix is used between the MCP server and Entra, and nowhere else.", BOLD, colour=SOFT),
    ]
    return picture(950, 250, "The names of one scope on its way", parts)


def two_tokens() -> str:
    """Draw who holds which token, and that none crosses the MCP server."""
    client = ("FastMCP's token", "FastMCP's refresh token")
    server = ("Entra's token", "Entra's refresh token", "(encrypted, in its store)")
    parts = [
        box(20, 30, 240, 120, "MCP client holds", client, BLUE),
        box(385, 30, 240, 120, "MCP server holds", server, BLUE),
        box(740, 30, 190, 120, "Entra ID", ("signs its tokens", "and no others"), GREEN),
        arrow(262, 95, 381, 95),
        arrow(736, 95, 629, 95),
        text(321, 85, "shows its own", size=14, colour=SOFT),
        text(682, 85, "issues", size=14, colour=SOFT),
        text(475, 190, "No token of Entra's reaches the MCP client.", BOLD, colour=SOFT),
    ]
    return picture(950, 215, "Who holds which token", parts)


FIGURES = {"one-scope": one_scope, "two-tokens": two_tokens}
