"""The figure of lesson 04: who talks to whom with a proxy, and without one."""

from __future__ import annotations

from workshop.show.drawing import BLUE, GREEN, SOFT, arrow, box, picture, text

BOLD = "font-weight:bold"


def two_ways() -> str:
    """Draw the two approaches side by side: what the server does in each."""
    proxy = ("registers any client", "asks the user, keeps tokens,", "issues tokens of its own")
    plain = ("names Entra, verifies", "Entra's tokens,", "and keeps nothing")
    parts = [
        text(235, 34, "OAuth proxy", BOLD, size=18),
        box(20, 55, 130, 60, "Any client", (), BLUE),
        box(20, 195, 260, 120, "MCP server", proxy, BLUE),
        box(350, 195, 120, 120, "Entra ID", ("one app",), GREEN),
        arrow(85, 117, 85, 191),
        text(100, 160, "signs in, brings the server's token", "text-anchor:start", size=14, colour=SOFT),
        arrow(282, 255, 346, 255),
        text(765, 34, "Pre-authorized clients", BOLD, size=18),
        box(550, 55, 160, 60, "Known client", (), BLUE),
        box(550, 195, 230, 120, "MCP server", plain, BLUE),
        box(850, 55, 130, 120, "Entra ID", ("one app for", "each client"), GREEN),
        arrow(712, 85, 846, 85),
        text(779, 75, "signs in", size=14, colour=SOFT),
        arrow(630, 117, 630, 191),
        text(645, 160, "brings Entra's token", "text-anchor:start", size=14, colour=SOFT),
    ]
    return picture(1000, 335, "The two approaches side by side", parts)


FIGURES = {"two-ways": two_ways}
