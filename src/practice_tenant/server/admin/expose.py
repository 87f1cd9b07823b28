"""Expose an API: the Application ID URI, the scopes, and the clients that need no consent.

Source: https://learn.microsoft.com/entra/identity-platform/quickstart-configure-app-expose-web-apis
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from practice_tenant.server.admin.portal import FormRefused
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
    uri, scopes = _uri(app), app["api"]["oauth2PermissionScopes"]
    return visit.page(
        "expose-an-api",
        app,
        uri=uri,
        who_may_consent=WORDS,
        scope_values={scope["id"]: scope["value"] for scope in scopes},
        scope_names=[(scope["id"], f"{uri}/{scope['value']}") for scope in scopes],
        off=off_unless_owner(visit, app),
    )


def _uri(app: Mapping[str, Any]) -> str:
    uris = app["identifierUris"]
    return str(uris[0]) if uris else ""


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
    return visit.page(
        "scope",
        app,
        scope=_named(visit, app) or {},
        uri=_uri(app),
        who=WHO,
        texts=TEXTS,
        states=STATES,
        off=off_unless_owner(visit, app),
    )


def _named(visit: Visit, app: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the scope that the address names; None for a new one.

    Raises:
        FormRefused: it is gone.
    """
    wanted = visit.call.request.query_params.get("scope")
    for scope in app["api"]["oauth2PermissionScopes"]:
        if scope["id"] == wanted:
            return dict(scope)
    if wanted:
        raise FormRefused("This scope is not there any more.", status=404)
    return None


def _read(visit: Visit, scope_id: str) -> dict[str, Any]:
    """Return the scope as the form has it."""
    scope: dict[str, Any] = {
        "id": scope_id,
        "value": visit.needed("value", "Scope name"),
        "type": visit.chosen("who", tuple(WORDS)),
        "isEnabled": visit.chosen("state", tuple(dict(STATES))) == "on",
    }
    for name, label, member, needed, _ in TEXTS:
        scope[member] = visit.needed(name, label) if needed else visit.value(name) or None
    return scope


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
        raise FormRefused("This scope is not there any more.", field="value")
    changed = _read(visit, before["id"])
    there = [
        {**scope, **changed} if scope["id"] == before["id"] else scope for scope in app["api"]["oauth2PermissionScopes"]
    ]
    return await _save(visit, app, there, "Successfully updated the scope.")


async def delete_scope(visit: Visit) -> Response:
    """Delete a scope."""
    app = await app_of(visit)
    before = _named(visit, app)
    kept = [scope for scope in app["api"]["oauth2PermissionScopes"] if before and scope["id"] != before["id"]]
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
        raise FormRefused(
            "Select at least one scope.", field="scopes" if app["api"]["oauth2PermissionScopes"] else "client"
        )
    there = [*app["api"]["preAuthorizedApplications"], {"appId": client, "delegatedPermissionIds": ticked}]
    await visit.graph.patch(f"/applications/{app['id']}", {"api": {"preAuthorizedApplications": there}}, field="client")
    return visit.go(f"apps/{app['id']}/expose-an-api", "Successfully added the client application.")


async def remove_client(visit: Visit) -> Response:
    """Authorize a client no more."""
    app = await app_of(visit)
    kept = [client for client in app["api"]["preAuthorizedApplications"] if client["appId"] != visit.value("which")]
    await visit.graph.patch(f"/applications/{app['id']}", {"api": {"preAuthorizedApplications": kept}})
    return visit.go(f"apps/{app['id']}/expose-an-api", "Successfully removed the client application.")
