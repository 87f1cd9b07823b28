"""App registrations: the list, and a new one.

Source: https://learn.microsoft.com/entra/identity-platform/quickstart-register-app. That the portal makes the service
principal too and lists User.Read: https://learn.microsoft.com/entra/identity-platform/app-objects-and-service-principals
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from practice_tenant.server.admin.portal import FormRefused
from practice_tenant.server.admin.visit import Visit
from practice_tenant.server.directory.wellknown import GRAPH, GRAPH_SCOPES
from practice_tenant.server.graph import authority
from practice_tenant.server.graph.application_properties import AUDIENCES
from practice_tenant.server.graph.times import iso
from practice_tenant.server.http.messages import Response

MOST_SHOWN = 100
PLATFORMS: Mapping[str, str] = {
    "publicClient": "Public client/native (mobile & desktop)",
    "web": "Web",
    "spa": "Single-page application (SPA)",
}
MULTITENANT = "Accounts in any organizational directory (Any Microsoft Entra ID tenant - Multitenant)"
MAY_NOT_REGISTER = "You do not have permission to register applications in this directory. Ask an administrator."
_USER_READ = next(scope[1] for scope in GRAPH_SCOPES if scope[0] == "User.Read")


def account_types(visit: Visit) -> list[tuple[str, str]]:
    """Return the choices of supported account types, in the admin center's words."""
    words = (
        f"Accounts in this organizational directory only ({visit.directory.display_name} only - Single tenant)",
        MULTITENANT,
        f"{MULTITENANT} and personal Microsoft accounts (e.g. Skype, Xbox)",
        "Personal Microsoft accounts only",
    )
    return list(zip(AUDIENCES, words, strict=True))


async def listed(visit: Visit) -> Response:
    """Show the registrations of the directory, or those of the person who looks."""
    query = visit.call.request.query_params
    wanted, owned = query.get("search", "").strip()[:100], query.get("view") == "owned"
    return visit.page(
        "registrations",
        apps=await _found(visit, wanted, owned=owned),
        wanted=wanted,
        owned=owned,
        credentials_state=lambda app: _credentials_state(app, iso(visit.now)),
        most=MOST_SHOWN,
    )


async def _found(visit: Visit, wanted: str, *, owned: bool) -> Sequence[Mapping[str, Any]]:
    if owned:
        answer = await visit.graph.get("/me/ownedObjects/microsoft.graph.application")
        mine = [app for app in answer["value"] if app["displayName"].lower().startswith(wanted.lower())]
        return mine[:MOST_SHOWN]
    search = {"filter": f"startswith(displayName,'{wanted.replace(chr(39), chr(39) * 2)}')"} if wanted else {}
    answer = await visit.graph.get("/applications", top=str(MOST_SHOWN), **search)
    return list(answer["value"])


def _credentials_state(app: Mapping[str, Any], today: str) -> str:
    ends = [entry["endDateTime"] for entry in (*app["passwordCredentials"], *app["keyCredentials"])]
    if not ends:
        return "-"
    return "Current" if max(ends) > today else "Expired"


async def new(visit: Visit) -> Response:
    """Show the form of a new registration."""
    may = authority.may_make(visit.call, visit.who, "allowedToCreateApps")
    return visit.page(
        "new-registration",
        account_types=account_types(visit),
        platforms=list(PLATFORMS.items()),
        off="" if may else MAY_NOT_REGISTER,
    )


async def register(visit: Visit) -> Response:
    """Make the registration, and its service principal as the portal does."""
    name = visit.needed("name", "Name")
    body: dict[str, Any] = {
        "displayName": name,
        "signInAudience": visit.chosen("account_types", AUDIENCES),
        "requiredResourceAccess": [
            {"resourceAppId": GRAPH, "resourceAccess": [{"id": _USER_READ, "type": "Scope"}]},
        ],
    }
    platform, uri = visit.value("platform"), visit.value("redirect_uri")
    if uri and platform not in PLATFORMS:
        raise FormRefused("Select a platform for the redirect URI.", field="platform")
    if uri:
        body[platform] = {"redirectUris": [uri]}
    try:
        made = await visit.graph.post("/applications", body, field="redirect_uri" if uri else "name")
    except FormRefused as refused:
        if "'displayName'" in refused.message:
            refused.field = "name"
        raise
    notice = f"Successfully created application {name}."
    try:
        await visit.graph.post("/servicePrincipals", {"appId": made["appId"]})
    except FormRefused:
        # A teacher let Graph take its time: the application can't be found yet. Overview makes what is missing.
        return visit.go("", f"{notice} It takes a moment until it is shown.")
    return visit.go(f"apps/{made['id']}/overview", notice)
