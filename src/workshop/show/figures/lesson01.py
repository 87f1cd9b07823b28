"""The figure of lesson 01: what a registration is made of."""

from __future__ import annotations

from workshop.show.drawing import BLUE, GREEN, SOFT, arrow, box, picture, text

BOLD = "font-weight:bold"


def registration() -> str:
    """Draw the application object, its service principal, and the tenants they are in."""
    around = '<rect x="20" y="20" width="600" height="250" rx="12" fill="#f5f7fa" stroke="#9aa5b1"/>'
    elsewhere = (
        '<rect x="680" y="20" width="250" height="250" rx="12" fill="none" stroke="#9aa5b1" stroke-dasharray="6 5"/>'
    )
    application = ("what the app is:", "redirect URIs, scopes,", "secrets, token version")
    principal = ("what it may do here:", "consent, who may use it,", "switched on or off")
    parts = [
        around,
        elsewhere,
        text(320, 48, "your tenant", BOLD, size=16, colour=SOFT),
        text(805, 48, "another tenant", BOLD, size=16, colour=SOFT),
        box(40, 80, 240, 130, "Application object", application, BLUE),
        box(360, 80, 240, 130, "Service principal", principal, GREEN),
        box(700, 80, 210, 130, "Service principal", ("only if the app is for", "several organizations"), GREEN),
        arrow(282, 145, 356, 145),
        text(320, 134, "same id", size=14, colour=SOFT),
        arrow(602, 145, 696, 145, dash="6 5"),
        text(160, 240, "App registrations", size=14, colour=SOFT),
        text(480, 240, "Enterprise applications", size=14, colour=SOFT),
    ]
    return picture(950, 290, "What an app registration is made of", parts)


FIGURES = {"registration": registration}
