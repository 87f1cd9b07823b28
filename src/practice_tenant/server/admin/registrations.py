"""App registrations: the list, and a new one.

Source: https://learn.microsoft.com/entra/identity-platform/quickstart-register-app. That the portal makes the service
principal too and lists User.Read: https://learn.microsoft.com/entra/identity-platform/app-objects-and-service-principals
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from practice_tenant.server.admin import html
from practice_tenant.server.admin.portal import Refused
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
    there = await _found(visit, wanted, owned=owned)
    rows = [
        (
            html.anchor(visit.link(f"apps/{app['id']}/overview"), app["displayName"]),
            html.code(app["appId"]),
            html.day(app["createdDateTime"]),
            _credentials_state(app, iso(visit.now)),
        )
        for app in there
    ]
    tabs = html.tabs(
        [
            ("./", "All applications", not owned),
            ("./?view=owned", "Owned applications", owned),
        ]
    )
    more = html.hint(f"The first {MOST_SHOWN} are shown. Search for the others.") if len(there) == MOST_SHOWN else ""
    search = (
        f'<form method="get" role="search" class="search">{html.hidden("view", "owned") if owned else ""}'
        '<label for="search">Start typing a display name to filter these results</label>'
        f'<input type="search" id="search" name="search" value="{escape(wanted)}"> <button class="small">Search'
        "</button></form>"
    )
    heads = ("Display name", "Application (client) ID", "Created on", "Certificates & secrets")
    empty = "No application matches." if wanted else "There is no application here yet."
    body = (
        f'<p class="commands">{html.anchor(visit.link("new"), "New registration", "command")}</p>{tabs}{search}'
        f"{html.table('App registrations', heads, rows, empty)}{more}"
    )
    return html.page(visit, "App registrations", body)


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
    form = "register"
    body = (
        html.text(
            visit,
            form,
            "name",
            "Name",
            hint="The user-facing display name for this application (this can be changed later).",
            needed=True,
        )
        + html.radios(
            visit,
            form,
            "account_types",
            "Supported account types",
            account_types(visit),
            AUDIENCES[0],
            "Who can use this application or access this API?",
        )
        + '<div class="pair" role="group" aria-labelledby="redirect"><h2 id="redirect">Redirect URI (optional)</h2>'
        + html.hint(
            "The authentication response is returned to this URI after the user has signed in. Providing it now is "
            "optional and it can be changed later, but a value is required for most authentication scenarios."
        )
        + html.select(visit, form, "platform", "Select a platform", [("", "Select a platform"), *PLATFORMS.items()])
        + html.text(visit, form, "redirect_uri", "Redirect URI", hint="e.g. https://example.com/auth")
        + "</div>"
    )
    off = "" if may else MAY_NOT_REGISTER
    return html.page(visit, "Register an application", html.form(visit, form, body, "Register", off=off))


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
        raise Refused("Select a platform for the redirect URI.", field="platform")
    if uri:
        body[platform] = {"redirectUris": [uri]}
    try:
        made = await visit.graph.post("/applications", body, field="redirect_uri" if uri else "name")
    except Refused as refused:
        if "'displayName'" in refused.message:
            refused.field = "name"
        raise
    notice = f"Successfully created application {name}."
    try:
        await visit.graph.post("/servicePrincipals", {"appId": made["appId"]})
    except Refused:
        # A teacher let Graph take its time: the application can't be found yet. Overview makes what is missing.
        return visit.go("", f"{notice} It takes a moment until it is shown.")
    return visit.go(f"apps/{made['id']}/overview", notice)
