"""Overview and Branding & properties: what a registration is known by.

Source: https://learn.microsoft.com/entra/identity-platform/quickstart-register-app
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from practice_tenant.server.admin.registration import app_of, off_unless_owner, principal_of
from practice_tenant.server.admin.visit import Visit
from practice_tenant.server.http.messages import Response

AUDIENCE_WORDS: Mapping[str, str] = {
    "AzureADMyOrg": "My organization only",
    "AzureADMultipleOrgs": "Multiple organizations",
    "AzureADandPersonalMicrosoftAccount": "All Microsoft account users",
    "PersonalMicrosoftAccount": "Personal Microsoft account users",
}


async def show(visit: Visit) -> Response:
    """Show the essentials."""
    app = await app_of(visit)
    principal = await principal_of(visit, app)
    return visit.page(
        "overview",
        app,
        principal=principal,
        account_types=AUDIENCE_WORDS[app["signInAudience"]],
        credentials=_credentials(app),
        redirects=_redirects(app),
    )


def _credentials(app: Mapping[str, Any]) -> str:
    certificates, secrets = len(app["keyCredentials"]), len(app["passwordCredentials"])
    if not certificates and not secrets:
        return "Add a certificate or secret"
    return f"{certificates} certificate, {secrets} secret"


def _redirects(app: Mapping[str, Any]) -> str:
    web, spa, public = (len(app[platform]["redirectUris"]) for platform in ("web", "spa", "publicClient"))
    return f"{web} web, {spa} spa, {public} public client" if web or spa or public else "Add a Redirect URI"


async def create_principal(visit: Visit) -> Response:
    """Bring the application into the directory."""
    app = await app_of(visit)
    await visit.graph.post("/servicePrincipals", {"appId": app["appId"]})
    return visit.go(f"apps/{app['id']}/overview", "Successfully created the service principal.")


async def branding(visit: Visit) -> Response:
    """Show the name."""
    app = await app_of(visit)
    return visit.page("branding", app, off=off_unless_owner(visit, app))


async def rename(visit: Visit) -> Response:
    """Save the name."""
    changes = {"displayName": visit.needed("name", "Name"), "web": {"homePageUrl": visit.value("home_page") or None}}
    await visit.graph.patch(f"/applications/{visit.object_id}", changes, field="name")
    return visit.go(f"apps/{visit.object_id}/branding", "Successfully updated the application.")


async def ask_delete(visit: Visit) -> Response:
    """Ask whether it is meant."""
    app = await app_of(visit)
    return visit.page("delete", app, off=off_unless_owner(visit, app))


async def delete(visit: Visit) -> Response:
    """Delete it."""
    app = await app_of(visit)
    await visit.graph.delete(f"/applications/{app['id']}")
    return visit.go("", f"Successfully deleted application {app['displayName']}.")
