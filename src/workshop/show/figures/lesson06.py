"""The figure of lesson 06: delegation, from the person to Microsoft Graph."""

from __future__ import annotations

from workshop.show.drawing import BLUE, GREEN, SOFT, arrow, box, picture, text

BOLD = "font-weight:bold"


def delegation() -> str:
    """Draw who acts for whom, and with which token."""
    parts = [
        box(20, 30, 180, 100, "MCP client", ("acts for Robin",), BLUE),
        box(330, 30, 230, 100, "MCP server", ("acts for Robin too:", "the middle tier"), BLUE),
        box(720, 30, 210, 100, "Microsoft Graph", ("sees Robin, and gives", "what Robin may see"), GREEN),
        box(330, 240, 230, 100, "Entra ID", ("exchanges one token", "for the other"), GREEN),
        arrow(202, 80, 326, 80),
        text(264, 68, "calls a tool", size=14, colour=SOFT),
        arrow(562, 80, 716, 80),
        text(640, 50, "a token for", size=14, colour=SOFT),
        text(640, 68, "Graph", BOLD, size=14, colour=SOFT),
        arrow(400, 132, 400, 236),
        text(388, 180, "a token for", "text-anchor:end", size=14, colour=SOFT),
        text(388, 198, "the server", f"text-anchor:end;{BOLD}", size=14, colour=SOFT),
        arrow(490, 238, 490, 134),
        text(502, 180, "a token for", "text-anchor:start", size=14, colour=SOFT),
        text(502, 198, "Graph", f"text-anchor:start;{BOLD}", size=14, colour=SOFT),
        text(475, 375, "Each token is for one app, and each names Robin as the user.", BOLD, colour=SOFT),
    ]
    return picture(950, 400, "Who acts for Robin, and with which token", parts)


FIGURES = {"delegation": delegation}
