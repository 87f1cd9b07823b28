"""The figure of lesson 07: what can be broken where, and what shows it."""

from __future__ import annotations

from workshop.show.drawing import BLUE, GREEN, SOFT, arrow, box, picture, text

BOLD = "font-weight:bold"


def where_to_look() -> str:
    """Draw where faults are, and the tool for each place."""
    parts = [
        box(20, 30, 220, 100, "MCP client", ("what it asks for,", "what it remembers"), BLUE),
        box(365, 30, 220, 100, "MCP server", ("its addresses, its storage,", "what it demands"), BLUE),
        box(710, 30, 220, 100, "Entra ID", ("the registration, consent,", "the clock"), GREEN),
        arrow(242, 80, 361, 80),
        arrow(587, 80, 706, 80),
        text(302, 68, "brings a token", size=14, colour=SOFT),
        text(646, 68, "proves itself", size=14, colour=SOFT),
        box(20, 240, 220, 85, "read, verify a token", ("for whom, and until when",), SOFT),
        box(262, 240, 426, 85, "recording", ("what was asked, and what was said",), SOFT),
        box(710, 240, 220, 85, "verify a registration", ("setting by setting",), SOFT),
        arrow(205, 238, 272, 92, dash="6 5"),
        arrow(325, 238, 325, 92, dash="6 5"),
        arrow(646, 238, 646, 92, dash="6 5"),
        arrow(820, 238, 820, 134, dash="6 5"),
        text(
            475, 360, "First look at what was said, then at what was brought, then at how it is set.", BOLD, colour=SOFT
        ),
    ]
    return picture(950, 385, "Where faults are, and what shows them", parts)


FIGURES = {"where-to-look": where_to_look}
