"""Expose an API: the Application ID URI, the scopes, and the clients that need no consent.

Source: https://learn.microsoft.com/entra/identity-platform/quickstart-configure-app-expose-web-apis
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from practice_tenant.server.admin import html
from practice_tenant.server.admin.portal import Refused
from practice_tenant.server.admin.registration import app_of, off_unless_owner
from practice_tenant.server.admin.visit import Visit
from practice_tenant.server.http.messages import Response

WHO: tuple[tuple[str, str], ...] = (("User", "Admins and users"), ("Admin", "Admins only"))
STATES: tuple[tuple[str, str], ...] = (("on", "Enabled"), ("off", "Disabled"))
WORDS = dict(WHO)
# (field, label, member in Graph, whether it is needed, lines)
TEXTS: tuple[tuple[str, str, str, bool, int], ...] = (
    ("admin_title", "Admin consent display name", "adminConsentDisplayName", True, 0),
    ("admin_about", "Admin consent description", "adminConsentDescription", True, 2),
    ("user_title", "User consent display name", "userConsentDisplayName", False, 0),
    ("user_about", "User consent description", "userConsentDescription", False, 2),
)


async def show(visit: Visit) -> Response:
    """Show all three parts."""
    app = await app_of(visit)
    off = off_unless_owner(visit, app)
    uri = _uri(app)
    body = _uri_part(visit, app, off) + _scopes_part(visit, app, off) + _clients_part(visit, app, off)
    if not uri:
        body = html.hint("Set an Application ID URI first: clients ask for the scopes by it.") + body
    return html.page(visit, "Expose an API", body, app=app, current="expose-an-api")


def _uri(app: Mapping[str, Any]) -> str:
    uris = app["identifierUris"]
    return str(uris[0]) if uris else ""


def _uri_part(visit: Visit, app: Mapping[str, Any], off: str) -> str:
    uri = _uri(app)
    others = "".join(
        f"<li>{html.code(one)} {html.press(visit, 'remove-uri', one, 'Delete', one, off=bool(off))}</li>"
        for one in app["identifierUris"]
    )
    is_open = visit.draft is not None and visit.draft.action == "set-uri"
    shown = f'<ul class="uris">{others}</ul>' if others else '<p class="empty">Not set</p>'
    word = "Edit" if uri else "Add"
    setting = html.opened(f"{word} the Application ID URI", _uri_form(visit, app, off, "Save"), is_open=is_open)
    return f'<section aria-labelledby="uri"><h2 id="uri">Application ID URI</h2>{shown}{setting}</section>'


def _uri_form(visit: Visit, app: Mapping[str, Any], off: str, button: str) -> str:
    form = "set-uri"
    value = _uri(app) or f"api://{app['appId']}"
    hint = "The globally unique URI used to identify this web API. It is the prefix for scopes."
    return html.form(
        visit,
        form,
        html.text(visit, form, "uri", "Application ID URI", value=value, hint=hint, needed=True),
        button,
        off=off,
    )


def _scopes_part(visit: Visit, app: Mapping[str, Any], off: str) -> str:
    here, uri = f"apps/{app['id']}/expose-an-api/scope", _uri(app)
    rows = [
        (
            html.anchor(
                visit.link(f"{here}?scope={scope['id']}"), f"{uri}/{scope['value']}" if uri else scope["value"]
            ),
            WORDS[scope["type"]],
            escape(scope["adminConsentDisplayName"] or "-"),
            escape(scope["userConsentDisplayName"] or "-"),
            "Enabled" if scope["isEnabled"] else "Disabled",
        )
        for scope in app["api"]["oauth2PermissionScopes"]
    ]
    heads = ("Scopes", "Who can consent", "Admin consent display name", "User consent display name", "State")
    about = html.hint("Define custom scopes to restrict access to data and functionality protected by the API.")
    adding = "" if off else f'<p class="commands">{html.anchor(visit.link(here), "Add a scope", "command")}</p>'
    none = "No scopes have been defined."
    return (
        f'<section aria-labelledby="scopes"><h2 id="scopes">Scopes defined by this API</h2>{about}{adding}'
        f"{html.table('Scopes defined by this API', heads, rows, none)}</section>"
    )


def _clients_part(visit: Visit, app: Mapping[str, Any], off: str) -> str:
    scopes = app["api"]["oauth2PermissionScopes"]
    values = {scope["id"]: scope["value"] for scope in scopes}
    rows = [
        (
            html.code(client["appId"]),
            "<br>".join(html.code(values.get(one, one)) for one in client["delegatedPermissionIds"]),
            html.press(visit, "remove-client", client["appId"], "Remove", client["appId"], off=bool(off)),
        )
        for client in app["api"]["preAuthorizedApplications"]
    ]
    form = "add-client"
    body = html.text(visit, form, "client", "Client ID", needed=True) + html.boxes(
        visit, form, "scopes", "Authorized scopes", [(one, f"{_uri(app)}/{value}") for one, value in values.items()]
    )
    is_open = visit.draft is not None and visit.draft.action == form
    adding = html.opened(
        "Add a client application", html.form(visit, form, body, "Add application", off=off), is_open=is_open
    )
    about = html.hint(
        "Authorizing a client application indicates that this API trusts the application and users should not be asked "
        "to consent when the client calls this API."
    )
    none = "No client applications have been authorized."
    return (
        f'<section aria-labelledby="clients"><h2 id="clients">Authorized client applications</h2>{about}'
        f"{html.table('Authorized client applications', ('Client Id', 'Scopes', ''), rows, none)}{adding}</section>"
    )


async def set_uri(visit: Visit) -> Response:
    """Set the Application ID URI; others that the registration has stay."""
    app = await app_of(visit)
    uri = visit.needed("uri", "Application ID URI")
    changes = {"identifierUris": [uri, *app["identifierUris"][1:]]}
    await visit.graph.patch(f"/applications/{app['id']}", changes, field="uri")
    path = visit.call.request.path
    target = "expose-an-api/scope" if path.endswith("/scope") else "expose-an-api"
    return visit.go(f"apps/{app['id']}/{target}", "Successfully updated the Application ID URI.")


async def remove_uri(visit: Visit) -> Response:
    """Take an identifier URI away."""
    app = await app_of(visit)
    kept = [uri for uri in app["identifierUris"] if uri != visit.value("which")]
    await visit.graph.patch(f"/applications/{app['id']}", {"identifierUris": kept})
    return visit.go(f"apps/{app['id']}/expose-an-api", "Successfully removed the Application ID URI.")


async def scope(visit: Visit) -> Response:
    """Show the form of a scope, new or there already."""
    app = await app_of(visit)
    off = off_unless_owner(visit, app)
    one = _named(visit, app)
    crumbs = ((f"apps/{app['id']}/expose-an-api", "Expose an API"),)
    if one is None and not _uri(app):
        told = html.hint(
            "You'll need to set an Application ID URI before you can add a permission. We've chosen one, but you can "
            "change it."
        )
        body, title = told + _uri_form(visit, app, off, "Save and continue"), "Add a scope"
    elif one is None:
        body, title = html.form(visit, "add", _fields(visit, app, "add", {}), "Add scope", off=off), "Add a scope"
    else:
        body = html.form(visit, "save", _fields(visit, app, "save", one), "Save", off=off)
        body += html.hint("A scope has to be disabled, and saved, before it can be deleted.")
        body += html.form(visit, "delete", "", "Delete", off=off, quiet=True)
        title = "Edit a scope"
    return html.page(visit, title, body, app=app, current="expose-an-api", crumbs=crumbs)


def _named(visit: Visit, app: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the scope that the address names; None for a new one.

    Raises:
        Refused: it is gone.
    """
    wanted = visit.call.request.query_params.get("scope")
    for one in app["api"]["oauth2PermissionScopes"]:
        if one["id"] == wanted:
            return dict(one)
    if wanted:
        raise Refused("This scope is not there any more.", status=404)
    return None


def _fields(visit: Visit, app: Mapping[str, Any], form: str, one: Mapping[str, Any]) -> str:
    preview = f"The scope's full name begins with {_uri(app)}/" if _uri(app) else ""
    value = one.get("value", "")
    fields = html.text(visit, form, "value", "Scope name", value=value, hint=preview, needed=True)
    fields += html.radios(visit, form, "who", "Who can consent?", WHO, one.get("type", "User"))
    for name, label, member, needed, lines in TEXTS:
        fields += html.text(visit, form, name, label, value=one.get(member) or "", needed=needed, area=lines)
    state = "on" if one.get("isEnabled", True) else "off"
    return fields + html.radios(visit, form, "state", "State", STATES, state)


def _read(visit: Visit, scope_id: str) -> dict[str, Any]:
    """Return the scope as the form has it."""
    one: dict[str, Any] = {
        "id": scope_id,
        "value": visit.needed("value", "Scope name"),
        "type": visit.chosen("who", tuple(WORDS)),
        "isEnabled": visit.chosen("state", tuple(dict(STATES))) == "on",
    }
    for name, label, member, needed, _ in TEXTS:
        one[member] = visit.needed(name, label) if needed else visit.value(name) or None
    return one


async def add_scope(visit: Visit) -> Response:
    """Add a scope."""
    app = await app_of(visit)
    fresh = _read(visit, visit.call.service.guid())
    return await _save(visit, app, [*app["api"]["oauth2PermissionScopes"], fresh], "Successfully added the scope.")


async def save_scope(visit: Visit) -> Response:
    """Save a scope."""
    app = await app_of(visit)
    before = _named(visit, app)
    if before is None:
        raise Refused("This scope is not there any more.", field="value")
    changed = _read(visit, before["id"])
    there = [{**one, **changed} if one["id"] == before["id"] else one for one in app["api"]["oauth2PermissionScopes"]]
    return await _save(visit, app, there, "Successfully updated the scope.")


async def delete_scope(visit: Visit) -> Response:
    """Delete a scope."""
    app = await app_of(visit)
    before = _named(visit, app)
    kept = [one for one in app["api"]["oauth2PermissionScopes"] if before and one["id"] != before["id"]]
    return await _save(visit, app, kept, "Successfully deleted the scope.", field="")


async def _save(visit: Visit, app: Mapping[str, Any], scopes: list[Any], notice: str, field: str = "value") -> Response:
    await visit.graph.patch(f"/applications/{app['id']}", {"api": {"oauth2PermissionScopes": scopes}}, field=field)
    return visit.go(f"apps/{app['id']}/expose-an-api", notice)


async def add_client(visit: Visit) -> Response:
    """Authorize a client for some scopes."""
    app = await app_of(visit)
    client = visit.needed("client", "Client ID")
    ticked = visit.values("scopes")
    if not ticked:
        raise Refused(
            "Select at least one scope.", field="scopes" if app["api"]["oauth2PermissionScopes"] else "client"
        )
    there = [*app["api"]["preAuthorizedApplications"], {"appId": client, "delegatedPermissionIds": ticked}]
    await visit.graph.patch(f"/applications/{app['id']}", {"api": {"preAuthorizedApplications": there}}, field="client")
    return visit.go(f"apps/{app['id']}/expose-an-api", "Successfully added the client application.")


async def remove_client(visit: Visit) -> Response:
    """Authorize a client no more."""
    app = await app_of(visit)
    kept = [one for one in app["api"]["preAuthorizedApplications"] if one["appId"] != visit.value("which")]
    await visit.graph.patch(f"/applications/{app['id']}", {"api": {"preAuthorizedApplications": kept}})
    return visit.go(f"apps/{app['id']}/expose-an-api", "Successfully removed the client application.")
