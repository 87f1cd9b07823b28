"""API permissions: what the registration lists, what was granted of it, and granting it for everyone.

Source: https://learn.microsoft.com/entra/identity-platform/quickstart-configure-app-access-web-apis and
https://learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from practice_tenant.server.admin import html
from practice_tenant.server.admin.portal import Refused
from practice_tenant.server.admin.registration import app_of, off_unless_owner, principal_of
from practice_tenant.server.admin.visit import Visit
from practice_tenant.server.directory.wellknown import GRAPH, OIDC_SCOPES
from practice_tenant.server.http.messages import Response

SCOPE, ROLE = "Scope", "Role"
KINDS = {SCOPE: "Delegated", ROLE: "Application"}
ONLY_ADMINISTRATORS = "Only an administrator can grant consent for everyone."


@dataclass(frozen=True)
class Entry:
    """One permission of a registration, as the page shows it.

    Args:
        principal_id: of the resource in this directory; empty if it is not there.
    """

    resource_app_id: str
    principal_id: str
    api: str
    id: str
    kind: str
    value: str
    about: str
    needs_admin: bool


async def show(visit: Visit) -> Response:
    """Show the configured permissions with their state."""
    app = await app_of(visit)
    off = off_unless_owner(visit, app)
    entries = await _entries(visit, app)
    granted = await _granted(visit, app)
    tenant = visit.directory.display_name
    rows = [
        (
            f"{escape(entry.api)}<br>{html.code(entry.value)}",
            KINDS.get(entry.kind, escape(entry.kind)),
            escape(entry.about),
            "Yes" if entry.needs_admin else "No",
            _state(entry, granted, tenant),
            html.press(visit, "remove", f"{entry.resource_app_id} {entry.id}", "Remove", entry.value, off=bool(off)),
        )
        for entry in entries
    ]
    heads = ("API / Permissions name", "Type", "Description", "Admin consent required", "Status", "")
    here = f"apps/{app['id']}/"
    consenting = (
        html.anchor(visit.link(here + "grant-admin-consent"), f"Grant admin consent for {tenant}", "command")
        if visit.user.is_administrator
        else f'<button disabled aria-describedby="who">Grant admin consent for {escape(tenant)}</button>'
        f'</p><p class="hint" id="who">{ONLY_ADMINISTRATORS}'
    )
    adding = html.anchor(visit.link(here + "api-permissions/add"), "Add a permission", "command") if not off else ""
    about = html.hint(
        "Applications are authorized to call APIs when they are granted permissions by users/admins as part of the "
        "consent process. The list of configured permissions should include all the permissions the application needs."
    )
    body = (
        f'{about}<p class="commands">{adding} {consenting}</p>'
        f"{html.table('Configured permissions', heads, rows, 'No permissions added.')}"
    )
    return html.page(visit, "API permissions", body, app=app, current="api-permissions")


def _state(entry: Entry, granted: set[tuple[str, str]], tenant: str) -> str:
    if (entry.principal_id, entry.value if entry.kind == SCOPE else entry.id) in granted:
        return f'<span class="granted">✓ Granted for {escape(tenant)}</span>'
    return f'<span class="lacking">⚠ Not granted for {escape(tenant)}</span>' if entry.needs_admin else ""


async def _entries(visit: Visit, app: Mapping[str, Any]) -> list[Entry]:
    found: list[Entry] = []
    for required in app["requiredResourceAccess"]:
        app_id = required["resourceAppId"]
        resource = await principal_of(visit, {"appId": app_id})
        known = {(SCOPE, scope["id"]): scope for scope in (resource or {}).get("oauth2PermissionScopes", ())}
        known |= {(ROLE, role["id"]): role for role in (resource or {}).get("appRoles", ())}
        for access in required["resourceAccess"]:
            one = known.get((access["type"], access["id"]), {})
            found.append(
                Entry(
                    resource_app_id=app_id,
                    principal_id=resource["id"] if resource else "",
                    api=resource["displayName"] if resource else app_id,
                    id=access["id"],
                    kind=access["type"],
                    value=one.get("value") or access["id"],
                    about=one.get("adminConsentDisplayName") or one.get("displayName") or "",
                    needs_admin=access["type"] == ROLE or one.get("type") == "Admin",
                )
            )
    return found


async def _granted(visit: Visit, app: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return what was granted for everyone, or to the application itself: resource, and scope value or role id."""
    principal = await principal_of(visit, app)
    if principal is None:
        return set()
    path = f"/servicePrincipals/{principal['id']}"
    grants = (await visit.graph.get(f"{path}/oauth2PermissionGrants"))["value"]
    assigned = (await visit.graph.get(f"{path}/appRoleAssignments"))["value"]
    scopes = {
        (grant["resourceId"], value)
        for grant in grants
        if grant["consentType"] == "AllPrincipals"
        for value in grant["scope"].split()
    }
    return scopes | {(one["resourceId"], one["appRoleId"]) for one in assigned}


async def remove(visit: Visit) -> Response:
    """Take one permission off the list; what was granted of it stays granted, as at Entra."""
    app = await app_of(visit)
    app_id, _, permission = visit.value("which").partition(" ")
    changed = []
    for required in app["requiredResourceAccess"]:
        kept = [
            access
            for access in required["resourceAccess"]
            if (required["resourceAppId"], access["id"]) != (app_id, permission)
        ]
        if kept:
            changed.append({**required, "resourceAccess": kept})
    await visit.graph.patch(f"/applications/{app['id']}", {"requiredResourceAccess": changed})
    return visit.go(f"apps/{app['id']}/api-permissions", "Successfully removed the permission.")


async def choose(visit: Visit) -> Response:
    """Show what can be asked for: of Microsoft Graph, or of another application of the directory."""
    app = await app_of(visit)
    query = visit.call.request.query_params
    api, kind = query.get("api", GRAPH), ROLE if query.get("type") == "application" else SCOPE
    resource = await principal_of(visit, {"appId": "".join(one for one in api if one.isalnum() or one == "-")})
    if resource is None:
        raise Refused("This API has no service principal in the directory.", status=404)
    offered = resource["oauth2PermissionScopes"] if kind == SCOPE else resource["appRoles"]
    offered = [one for one in offered if one["isEnabled"] and (kind == SCOPE or _is_for_apps(one))]
    types = html.tabs(
        [(f"?api={api}&type={words.lower()}", f"{words} permissions", kind == one) for one, words in KINDS.items()]
    )
    ticked = visit.values("permission") if visit.draft else _listed(app, resource["appId"], kind)
    about = {
        SCOPE: "Your application needs to access the API as the signed-in user.",
        ROLE: "Your application runs as a background service or daemon without a signed-in user.",
    }
    body = html.form(
        visit, "add", _offer(offered, kind, set(ticked)), "Add permissions", off=off_unless_owner(visit, app)
    )
    shown = await _apis(visit, resource["appId"])
    heading = f"<h2>{escape(resource['displayName'])}</h2>"
    crumbs = ((f"apps/{app['id']}/api-permissions", "API permissions"),)
    return html.page(
        visit, "Request API permissions", f"{shown}{heading}{types}{html.hint(about[kind])}{body}", app=app,
        current="api-permissions", crumbs=crumbs,
    )  # fmt: skip


def _is_for_apps(role: Mapping[str, Any]) -> bool:
    return "Application" in role["allowedMemberTypes"]


def _listed(app: Mapping[str, Any], app_id: str, kind: str) -> list[str]:
    return [
        access["id"]
        for required in app["requiredResourceAccess"]
        if required["resourceAppId"] == app_id
        for access in required["resourceAccess"]
        if access["type"] == kind
    ]


async def _apis(visit: Visit, chosen: str) -> str:
    """Return links to the APIs: Microsoft Graph, and the directory's own that expose anything."""
    own = await visit.graph.get("/applications", top="100")
    found = [(GRAPH, "Microsoft Graph")] + [
        (one["appId"], one["displayName"])
        for one in own["value"]
        if one["api"]["oauth2PermissionScopes"] or any(_is_for_apps(role) for role in one["appRoles"])
    ]
    links = "".join(
        f'<li><a href="?api={app_id}&amp;type=delegated"{" aria-current=true" if app_id == chosen else ""}>'
        f"{escape(name)}</a></li>"
        for app_id, name in found
    )
    return f'<nav aria-label="Select an API" class="tabs"><ul>{links}</ul></nav>'


def _offer(offered: Iterable[Mapping[str, Any]], kind: str, ticked: set[str]) -> str:
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for one in sorted(offered, key=lambda one: str(one["value"])):
        name = "OpenId permissions" if one["value"] in OIDC_SCOPES else str(one["value"]).partition(".")[0]
        groups.setdefault(name, []).append(one)
    first = "OpenId permissions"
    order = sorted(groups, key=lambda name: (name != first, name))
    if not groups:
        return html.hint("This API offers none of this type.")
    shown = []
    for name in order:
        group = groups[name]
        is_open = name in (first, "User") or len(groups) == 1 or any(one["id"] in ticked for one in group)
        shown.append(html.opened(name, "".join(_box(one, kind, one["id"] in ticked) for one in group), is_open=is_open))
    return "".join(shown)


def _box(one: Mapping[str, Any], kind: str, ticked: bool) -> str:
    about = one.get("adminConsentDisplayName") or one.get("displayName") or ""
    admin = " (admin consent required)" if kind == ROLE or one.get("type") == "Admin" else ""
    return (
        f'<label class="option"><input type="checkbox" name="permission" value="{escape(one["id"])}"'
        f"{' checked' if ticked else ''}> <span><strong>{escape(one['value'] or '')}</strong> "
        f"{escape(about)}{admin}</span></label>"
    )


async def add(visit: Visit) -> Response:
    """Add what was ticked to the list, and take off what was not any more."""
    app = await app_of(visit)
    query = visit.call.request.query_params
    api, kind = query.get("api", GRAPH), ROLE if query.get("type") == "application" else SCOPE
    others = [one for one in app["requiredResourceAccess"] if one["resourceAppId"] != api]
    mine = [one for one in app["requiredResourceAccess"] if one["resourceAppId"] == api]
    kept = [access for one in mine for access in one["resourceAccess"] if access["type"] != kind]
    ticked = [{"id": permission, "type": kind} for permission in dict.fromkeys(visit.values("permission"))]
    access = [*kept, *ticked]
    changed = [*others, *([{"resourceAppId": api, "resourceAccess": access}] if access else [])]
    await visit.graph.patch(f"/applications/{app['id']}", {"requiredResourceAccess": changed})
    return visit.go(f"apps/{app['id']}/api-permissions", "Successfully updated the permissions.")


async def ask_consent(visit: Visit) -> Response:
    """Ask whether it is meant."""
    app = await app_of(visit)
    tenant = visit.directory.display_name
    body = (
        f"<p>Do you want to grant consent for the requested permissions for all accounts in {escape(tenant)}? "
        "This will update any existing admin consent records this application already has to match what is listed "
        "below.</p><ul>"
        + "".join(f"<li>{escape(one.api)}: {html.code(one.value)}</li>" for one in await _entries(visit, app))
        + "</ul>"
    )
    off = "" if visit.user.is_administrator else ONLY_ADMINISTRATORS
    body += html.form(visit, "consent", "", "Yes", off=off)
    crumbs = ((f"apps/{app['id']}/api-permissions", "API permissions"),)
    body += f"<p>{html.anchor(visit.link(crumbs[0][0]), 'No')}</p>"
    return html.page(visit, "Grant admin consent confirmation", body, app=app, current="api-permissions", crumbs=crumbs)


async def consent(visit: Visit) -> Response:
    """Grant what the list says, for everyone."""
    app = await app_of(visit)
    await visit.graph.grant_admin_consent(app["appId"])
    return visit.go(f"apps/{app['id']}/api-permissions", "Grant consent successful.")
