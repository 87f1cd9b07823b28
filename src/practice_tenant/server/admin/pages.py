"""The pages' templates, and the plain answers to whoever is not let in; a page of a session: `Visit.page`."""

from __future__ import annotations

from pathlib import Path

from practice_tenant.server.http.messages import HTMLResponse
from practice_tenant.server.http.templates import Templates

# With "no-referrer" a browser would send "Origin: null" with every form.
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
TEMPLATES = Templates(Path(__file__).with_name("templates"), HEADERS)
USED_UP = "This link was used already, or it has expired, or you were signed out."


def closed(why: str = USED_UP) -> HTMLResponse:
    """Answer whoever is not let in."""
    return TEMPLATES.page("closed", 403, why=why)


def opening() -> HTMLResponse:
    """Let a browser that comes from another site ask again, from this one."""
    response = TEMPLATES.page("opening")
    response.headers["refresh"] = "0"
    return response


def not_shown(why: str, status: int) -> HTMLResponse:
    """Say why a page can't be shown."""
    return TEMPLATES.page("not-shown", status, why=why)
