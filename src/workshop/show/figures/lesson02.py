"""The figures of lesson 02: the two sides of the OAuth proxy, and the attack on it."""

from __future__ import annotations

from workshop.show.drawing import BLUE, GREEN, RED, SOFT, arrow, box, picture, text

BOLD = "font-weight:bold"
START = "text-anchor:start;"


def two_sides() -> str:
    """Draw the proxy with its many clients on one side and the one client it is to Entra on the other."""
    server = ("registers clients", "asks the user", "makes its own tokens")
    parts = [
        box(20, 20, 200, 46, "VS Code", (), BLUE),
        box(20, 101, 200, 46, "FastMCP's client", (), BLUE),
        box(20, 182, 200, 46, "any other client", (), SOFT),
        box(420, 60, 220, 130, "OAuth proxy", server, BLUE),
        box(800, 60, 180, 130, "Entra ID", ("signs people in", "knows one app"), GREEN),
        arrow(222, 43, 416, 92),
        arrow(222, 124, 416, 124),
        arrow(222, 205, 416, 156),
        text(315, 114, "each: an id of its own", size=14, colour=SOFT),
        arrow(642, 124, 796, 124),
        text(719, 92, "all together:", size=14, colour=SOFT),
        text(719, 112, "one id, one secret", size=14, colour=SOFT),
        text(530, 218, "in your MCP server", BOLD, size=14, colour=SOFT),
    ]
    return picture(1000, 248, "The two sides of the OAuth proxy", parts)


def attack() -> str:
    """Draw the way of the code in the attack: from Entra by way of the proxy to the attacker."""
    parts = [
        box(20, 20, 230, 80, "Attacker", ("has a client and an address",), RED),
        box(560, 20, 230, 80, "Robin's browser", ("signed in at Entra",), BLUE),
        box(20, 240, 230, 80, "OAuth proxy", ("asks nobody",), BLUE),
        box(560, 240, 230, 80, "Entra ID", ("knows Robin and the app",), GREEN),
        arrow(70, 102, 70, 236, RED),
        text(80, 164, "1  registers", START, size=14, colour=RED),
        arrow(252, 40, 556, 40, RED),
        text(404, 32, "2  sends Robin a link", size=14, colour=RED),
        arrow(600, 102, 252, 250),
        text(470, 190, "3  opens it", START, size=14, colour=SOFT),
        arrow(720, 102, 720, 236),
        text(730, 174, "4  is sent on", START, size=14, colour=SOFT),
        arrow(556, 292, 254, 292),
        text(404, 284, "5  a code for Robin", size=14, colour=SOFT),
        arrow(556, 82, 254, 82, RED),
        text(404, 74, "6  brings a code", size=14, colour=RED),
        arrow(190, 236, 190, 104, RED),
        text(200, 164, "7  a token for Robin", START, size=14, colour=RED),
    ]
    return picture(830, 340, "The attack: a code for Robin reaches the attacker", parts)


FIGURES = {"two-sides": two_sides, "attack": attack}
