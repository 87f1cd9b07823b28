"""Authentication: platforms and their redirect URIs, implicit grant, account types, public client flows.

Source: https://learn.microsoft.com/entra/identity-platform/how-to-add-redirect-uri and
https://learn.microsoft.com/entra/identity-platform/reply-url
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from practice_tenant.server.admin import html
from practice_tenant.server.admin.portal import Refused
from practice_tenant.server.admin.registration import app_of, off_unless_owner
from practice_tenant.server.admin.registrations import account_types
from practice_tenant.server.admin.visit import Visit
from practice_tenant.server.graph.application_properties import AUDIENCES
from practice_tenant.server.http.messages import Response

# (name in Graph, heading, what is said of its redirect URIs)
PLATFORMS: tuple[tuple[str, str, str], ...] = (
    (
        "web",
        "Web",
        "Where the answer of a sign-in is sent: https or http://localhost, the same letter for letter.",
    ),
    (
        "spa",
        "Single-page application",
        "For code that runs in a browser and redeems the code there, with PKCE and without a secret.",
    ),
    (
        "publicClient",
        "Mobile and desktop applications",
        "For programs that can't keep a secret. http://localhost is enough: its port does not count.",
    ),
)
GRANTS = (
    ("access", "Access tokens (used for implicit flows)"),
    ("id", "ID tokens (used for implicit and hybrid flows)"),
)
YES, NO = "Yes", "No"


async def show(visit: Visit) -> Response:
    """Show the platforms that are set up, the others folded, and the settings below them."""
    app = await app_of(visit)
    off = off_unless_owner(visit, app)
    there = "".join(_platform(visit, app, *row, off=off) for row in PLATFORMS if app[row[0]]["redirectUris"])
    others = "".join(_platform(visit, app, *row, off=off) for row in PLATFORMS if not app[row[0]]["redirectUris"])
    body = (
        '<section aria-labelledby="platforms"><h2 id="platforms">Platform configurations</h2>'
        + html.hint(
            "Depending on the platform or device this application is targeting, additional configuration may be "
            "required, such as redirect URIs."
        )
        + f"{there}{others}</section>"
        + f'<section aria-labelledby="settings"><h2 id="settings">Settings</h2>{_settings(visit, app, off)}</section>'
    )
    return html.page(visit, "Authentication", body, app=app, current="authentication")


def _platform(visit: Visit, app: Mapping[str, Any], name: str, heading: str, about: str, *, off: str) -> str:
    uris = app[name]["redirectUris"]
    action = f"add-{name}"
    adding = html.form(
        visit,
        action,
        html.text(visit, action, "uri", "Redirect URI", hint="e.g. https://example.com/auth", needed=True),
        "Add URI",
        off=off,
    )
    if not uris:
        is_open = visit.draft is not None and visit.draft.action == action
        return html.opened(f"Add a platform: {heading}", html.hint(about) + adding, is_open=is_open)
    rows = [(html.code(uri), html.press(visit, f"remove-{name}", uri, "Remove", uri, off=bool(off))) for uri in uris]
    return (
        f'<h3 id="{name}">{escape(heading)}</h3>{html.hint(about)}'
        f"{html.table(f'Redirect URIs of {heading}', ('Redirect URI', ''), rows, '')}{adding}"
    )


def _settings(visit: Visit, app: Mapping[str, Any], off: str) -> str:
    issued = app["web"]["implicitGrantSettings"]
    ticked = [
        key for key, name in (("access", "enableAccessTokenIssuance"), ("id", "enableIdTokenIssuance")) if issued[name]
    ]
    logout = app["web"]["logoutUrl"] or ""
    form = "save"
    body = (
        html.text(
            visit, form, "logout", "Front-channel logout URL", value=logout, hint="e.g. https://example.com/logout"
        )
        + html.boxes(
            visit,
            form,
            "implicit",
            "Implicit grant and hybrid flows",
            GRANTS,
            ticked,
            "Select the tokens you would like to be issued by the authorization endpoint. No MCP server needs one.",
        )
        + html.radios(
            visit,
            form,
            "account_types",
            "Supported account types",
            account_types(visit),
            app["signInAudience"],
            "Who can use this application or access this API?",
        )
        + html.radios(
            visit,
            form,
            "public",
            "Advanced settings: Allow public client flows",
            ((YES, YES), (NO, NO)),
            YES if app["isFallbackPublicClient"] else NO,
            "Enable the following mobile and desktop flows: device code, and others without a redirect URI.",
        )
    )
    return html.form(visit, form, body, "Save", off=off)


async def save(visit: Visit) -> Response:
    """Save what is below the platforms."""
    issued = visit.values("implicit")
    changes = {
        "signInAudience": visit.chosen("account_types", AUDIENCES),
        "isFallbackPublicClient": visit.chosen("public", (YES, NO)) == YES,
        "web": {
            "logoutUrl": visit.value("logout") or None,
            "implicitGrantSettings": {
                "enableAccessTokenIssuance": "access" in issued,
                "enableIdTokenIssuance": "id" in issued,
            },
        },
    }
    await visit.graph.patch(f"/applications/{visit.object_id}", changes, field="account_types")
    return _done(visit)


def adding(platform: str) -> Any:
    """Return what the form *Add URI* of a platform does."""

    async def add(visit: Visit) -> Response:
        uri = visit.needed("uri", "Redirect URI")
        app = await app_of(visit)
        there = app[platform]["redirectUris"]
        if uri in there:
            raise Refused("This redirect URI is there already.", field="uri")
        changes = {platform: {"redirectUris": [*there, uri]}}
        await visit.graph.patch(f"/applications/{app['id']}", changes, field="uri")
        return _done(visit)

    return add


def removing(platform: str) -> Any:
    """Return what the button *Remove* beside a redirect URI does."""

    async def remove(visit: Visit) -> Response:
        app = await app_of(visit)
        kept = [uri for uri in app[platform]["redirectUris"] if uri != visit.value("which")]
        await visit.graph.patch(f"/applications/{app['id']}", {platform: {"redirectUris": kept}})
        return _done(visit)

    return remove


ACTIONS = {
    "save": save,
    **{f"add-{name}": adding(name) for name, _, _ in PLATFORMS},
    **{f"remove-{name}": removing(name) for name, _, _ in PLATFORMS},
}


def _done(visit: Visit) -> Response:
    return visit.go(f"apps/{visit.object_id}/authentication", "Successfully updated Authentication.")
