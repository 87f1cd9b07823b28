"""The figures of lesson 00: what runs on the machine, and the same code with two tenants."""

from __future__ import annotations

from workshop.show.drawing import BLUE, GREEN, RED, SOFT, arrow, box, picture, text


def machine() -> str:
    """Draw what runs on the learner's machine, and what is refused."""
    around = '<rect x="20" y="20" width="710" height="360" rx="12" fill="#f5f7fa" stroke="#9aa5b1"/>'
    notebook = ("the MCP client, and a browser", "that signs you in")
    server = ("starts in a cell of this notebook", "tool: get_user_info")
    hosts = ("answers as login.microsoftonline.com", "and graph.microsoft.com")
    parts = [
        around,
        text(375, 50, "your machine", "font-weight:bold", size=16, colour=SOFT),
        box(40, 75, 280, 100, "This notebook", notebook, BLUE),
        box(430, 75, 280, 100, "MCP server", server, BLUE),
        box(215, 260, 320, 100, "Practice tenant", hosts, GREEN),
        arrow(320, 125, 426, 125),
        text(372, 115, "call the tool", size=14, colour=SOFT),
        arrow(180, 175, 300, 256),
        text(205, 222, "sign in", "text-anchor:end", size=14, colour=SOFT),
        arrow(570, 175, 450, 256),
        text(545, 222, "fetch the token", "text-anchor:start", size=14, colour=SOFT),
        arrow(535, 310, 715, 310, RED, dash="6 5"),
        text(732, 319, "✕", "font-weight:bold", size=26, colour=RED),
        text(825, 306, "the internet", "font-weight:bold", size=17, colour=RED),
        text(825, 330, "refused", colour=RED),
    ]
    return picture(900, 400, "What runs on your machine in this workshop", parts)


def two_tenants() -> str:
    """Draw the same code beside the two tenants it can talk to."""
    parts = [
        box(30, 65, 250, 100, "Your code", ("the same lines", "the same libraries"), BLUE),
        box(550, 20, 280, 85, "Practice tenant", ("on your machine, no account",), GREEN),
        box(550, 125, 280, 85, "Your own tenant", ("in the cloud, your account",), BLUE),
        arrow(280, 100, 546, 65),
        text(400, 62, "WORKSHOP_TENANT=practice", size=14, colour=SOFT),
        arrow(280, 130, 546, 167),
        text(400, 178, "WORKSHOP_TENANT=own", size=14, colour=SOFT),
    ]
    return picture(860, 230, "The same code with the practice tenant and with your own", parts)


FIGURES = {"machine": machine, "two-tenants": two_tenants}
