"""Authentication: platforms and their redirect URIs, implicit grant, account types, public client flows.

Source: https://learn.microsoft.com/entra/identity-platform/how-to-add-redirect-uri and
https://learn.microsoft.com/entra/identity-platform/reply-url
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from practice_tenant.server.admin.portal import FormRefused
from practice_tenant.server.admin.registration import app_of, off_unless_owner
from practice_tenant.server.admin.registrations import account_types
from practice_tenant.server.admin.visit import Visit
from practice_tenant.server.graph.application_properties import AUDIENCES
from practice_tenant.server.http.messages import Response


@dataclass(frozen=True)
class Platform:
    """A platform: its name in Graph, its heading, and what is said of its redirect URIs."""

    name: str
    heading: str
    about: str


PLATFORMS = (
    Platform(
        "web", "Web", "Where the answer of a sign-in is sent: https or http://localhost, the same letter for letter."
    ),
    Platform(
        "spa",
        "Single-page application",
        "For code that runs in a browser and redeems the code there, with PKCE and without a secret.",
    ),
    Platform(
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
    implicit = app["web"]["implicitGrantSettings"]
    named = (("access", "enableAccessTokenIssuance"), ("id", "enableIdTokenIssuance"))
    return visit.page(
        "authentication",
        app,
        platforms=PLATFORMS,
        implicit=GRANTS,
        issued=[key for key, name in named if implicit[name]],
        account_types=account_types(visit),
        off=off_unless_owner(visit, app),
    )


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
            raise FormRefused("This redirect URI is there already.", field="uri")
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
    **{f"add-{name}": adding(name) for name in (platform.name for platform in PLATFORMS)},
    **{f"remove-{name}": removing(name) for name in (platform.name for platform in PLATFORMS)},
}


def _done(visit: Visit) -> Response:
    return visit.go(f"apps/{visit.object_id}/authentication", "Successfully updated Authentication.")
