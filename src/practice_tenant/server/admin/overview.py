"""Overview and Branding & properties: what a registration is known by.

Source: https://learn.microsoft.com/entra/identity-platform/quickstart-register-app
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from practice_tenant.server.admin import html
from practice_tenant.server.admin.registration import app_of, may_change, off_unless_owner, principal_of
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
    here = f"apps/{app['id']}/"

    def link(name: str, words: str) -> str:
        return html.anchor(visit.link(here + name), words)

    made = [
        ("Display name", link("branding", app["displayName"])),
        ("Application (client) ID", html.code(app["appId"])),
        ("Object ID", html.code(app["id"])),
        ("Directory (tenant) ID", html.code(visit.directory.tenant_id)),
        ("Supported account types", link("authentication", AUDIENCE_WORDS[app["signInAudience"]])),
    ]
    made += [
        ("Client credentials", link("credentials", _credentials(app))),
        ("Redirect URIs", link("authentication", _redirects(app))),
        ("Application ID URI", link("expose-an-api", ", ".join(app["identifierUris"]) or "Add an Application ID URI")),
        (
            "Managed application in local directory",
            escape(principal["displayName"])
            if principal
            else html.form(visit, "create-principal", "", "Create Service Principal", quiet=True),
        ),
    ]
    body = (
        f'<p class="commands">{link("delete", "Delete")}</p><section aria-labelledby="essentials">'
        f'<h2 id="essentials">Essentials</h2>{html.values(made)}</section>'
    )
    return html.page(visit, "Overview", body, app=app, current="overview")


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
    body = html.text(visit, "rename", "name", "Name", value=app["displayName"], needed=True) + html.text(
        visit, "rename", "home_page", "Home page URL", value=app["web"]["homePageUrl"] or ""
    )
    body = html.form(visit, "rename", body, "Save", off=off_unless_owner(visit, app)) + html.values(
        [("Publisher domain", escape(app["publisherDomain"] or "-"))]
    )
    return html.page(visit, "Branding & properties", body, app=app, current="branding")


async def rename(visit: Visit) -> Response:
    """Save the name."""
    changes = {"displayName": visit.needed("name", "Name"), "web": {"homePageUrl": visit.value("home_page") or None}}
    await visit.graph.patch(f"/applications/{visit.object_id}", changes, field="name")
    return visit.go(f"apps/{visit.object_id}/branding", "Successfully updated the application.")


async def ask_delete(visit: Visit) -> Response:
    """Ask whether it is meant."""
    app = await app_of(visit)
    off = "" if may_change(visit, app) else off_unless_owner(visit, app)
    body = (
        "<p>Users can't sign in to a deleted application any more, and its tokens are not renewed. It can be restored "
        "for 30 days. The consent that was given can't.</p>"
    )
    body += html.form(visit, "delete", "", "Delete", off=off)
    return html.page(visit, f"Delete {app['displayName']}?", body, app=app)


async def delete(visit: Visit) -> Response:
    """Delete it."""
    app = await app_of(visit)
    await visit.graph.delete(f"/applications/{app['id']}")
    return visit.go("", f"Successfully deleted application {app['displayName']}.")
