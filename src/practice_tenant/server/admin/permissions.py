"""API permissions: what the registration lists, what was granted of it, and granting it for everyone.

Source: https://learn.microsoft.com/entra/identity-platform/quickstart-configure-app-access-web-apis and
https://learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from practice_tenant.server.admin.portal import FormRefused
from practice_tenant.server.admin.registration import app_of, off_unless_owner, principal_of
from practice_tenant.server.admin.visit import Visit
from practice_tenant.server.directory.wellknown import GRAPH, OIDC_SCOPES
from practice_tenant.server.http.messages import Response

SCOPE, ROLE = "Scope", "Role"
KINDS = {SCOPE: "Delegated", ROLE: "Application"}
ABOUT = {
    SCOPE: "Your application needs to access the API as the signed-in user.",
    ROLE: "Your application runs as a background service or daemon without a signed-in user.",
}
OPENID, NAMELESS = "OpenId permissions", "None"
ONLY_ADMINISTRATORS = "Only an administrator can grant consent for everyone."


@dataclass(frozen=True)
class ConfiguredPermission:
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

    @property
    def grant(self) -> tuple[str, str]:
        """Return how `_granted` names it."""
        return self.principal_id, self.value if self.kind == SCOPE else self.id


@dataclass(frozen=True)
class OfferedPermission:
    """A permission that can be asked for."""

    id: str
    value: str
    about: str
    needs_admin: bool
    is_ticked: bool


@dataclass(frozen=True)
class PermissionGroup:
    """Permissions whose names begin alike, folded away or not."""

    name: str
    offers: Sequence[OfferedPermission]
    is_open: bool


async def show(visit: Visit) -> Response:
    """Show the configured permissions with their state."""
    app = await app_of(visit)
    return visit.page(
        "api-permissions",
        app,
        entries=await _entries(visit, app),
        granted=await _granted(visit, app),
        kinds=KINDS,
        only_administrators=ONLY_ADMINISTRATORS,
        off=off_unless_owner(visit, app),
    )


async def _entries(visit: Visit, app: Mapping[str, Any]) -> list[ConfiguredPermission]:
    entries: list[ConfiguredPermission] = []
    for required in app["requiredResourceAccess"]:
        app_id = required["resourceAppId"]
        resource = await principal_of(visit, {"appId": app_id})
        known = {(SCOPE, scope["id"]): scope for scope in (resource or {}).get("oauth2PermissionScopes", ())}
        known |= {(ROLE, role["id"]): role for role in (resource or {}).get("appRoles", ())}
        for access in required["resourceAccess"]:
            permission = known.get((access["type"], access["id"]), {})
            entries.append(
                ConfiguredPermission(
                    resource_app_id=app_id,
                    principal_id=resource["id"] if resource else "",
                    api=resource["displayName"] if resource else app_id,
                    id=access["id"],
                    kind=access["type"],
                    value=permission.get("value") or access["id"],
                    about=permission.get("adminConsentDisplayName") or permission.get("displayName") or "",
                    needs_admin=access["type"] == ROLE or permission.get("type") == "Admin",
                )
            )
    return entries


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
    return scopes | {(assignment["resourceId"], assignment["appRoleId"]) for assignment in assigned}


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
    resource = await principal_of(
        visit, {"appId": "".join(letter for letter in api if letter.isalnum() or letter == "-")}
    )
    if resource is None:
        raise FormRefused("This API has no service principal in the directory.", status=404)
    offered = resource["oauth2PermissionScopes"] if kind == SCOPE else resource["appRoles"]
    offered = [
        permission for permission in offered if permission["isEnabled"] and (kind == SCOPE or _is_for_apps(permission))
    ]
    ticked = visit.values("permission") if visit.draft else _listed(app, resource["appId"], kind)
    return visit.page(
        "request-api-permissions",
        app,
        resource=resource,
        apis=await _apis(visit, resource["appId"]),
        kinds=[
            (f"?api={api}&type={words.lower()}", f"{words} permissions", kind == key) for key, words in KINDS.items()
        ],
        about=ABOUT[kind],
        groups=_groups([_offer(permission, kind, permission["id"] in ticked) for permission in offered]),
        off=off_unless_owner(visit, app),
    )


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


async def _apis(visit: Visit, chosen: str) -> list[tuple[str, str, bool]]:
    """Return the APIs: Microsoft Graph, and the directory's own that expose anything; each as a tab."""
    own = await visit.graph.get("/applications", top="100")
    apis = [(GRAPH, "Microsoft Graph")] + [
        (application["appId"], application["displayName"])
        for application in own["value"]
        if application["api"]["oauth2PermissionScopes"] or any(_is_for_apps(role) for role in application["appRoles"])
    ]
    return [(f"?api={app_id}&type=delegated", name, app_id == chosen) for app_id, name in apis]


def _offer(permission: Mapping[str, Any], kind: str, is_ticked: bool) -> OfferedPermission:
    return OfferedPermission(
        id=permission["id"],
        value=permission["value"] or "",
        about=permission.get("adminConsentDisplayName") or permission.get("displayName") or "",
        needs_admin=kind == ROLE or permission.get("type") == "Admin",
        is_ticked=is_ticked,
    )


def _groups(offers: Iterable[OfferedPermission]) -> list[PermissionGroup]:
    """Return the permissions by the first part of their names, those of OpenID Connect first."""
    groups: dict[str, list[OfferedPermission]] = {}
    for offer in sorted(offers, key=lambda offer: offer.value or NAMELESS):
        name = OPENID if offer.value in OIDC_SCOPES else (offer.value or NAMELESS).partition(".")[0]
        groups.setdefault(name, []).append(offer)
    return [
        PermissionGroup(
            name,
            groups[name],
            is_open=name in (OPENID, "User") or len(groups) == 1 or any(offer.is_ticked for offer in groups[name]),
        )
        for name in sorted(groups, key=lambda name: (name != OPENID, name))
    ]


async def add(visit: Visit) -> Response:
    """Add what was ticked to the list, and take off what was not any more."""
    app = await app_of(visit)
    query = visit.call.request.query_params
    api, kind = query.get("api", GRAPH), ROLE if query.get("type") == "application" else SCOPE
    others = [required for required in app["requiredResourceAccess"] if required["resourceAppId"] != api]
    mine = [required for required in app["requiredResourceAccess"] if required["resourceAppId"] == api]
    kept = [access for required in mine for access in required["resourceAccess"] if access["type"] != kind]
    ticked = [{"id": permission, "type": kind} for permission in dict.fromkeys(visit.values("permission"))]
    access = [*kept, *ticked]
    changed = [*others, *([{"resourceAppId": api, "resourceAccess": access}] if access else [])]
    await visit.graph.patch(f"/applications/{app['id']}", {"requiredResourceAccess": changed})
    return visit.go(f"apps/{app['id']}/api-permissions", "Successfully updated the permissions.")


async def ask_consent(visit: Visit) -> Response:
    """Ask whether it is meant."""
    app = await app_of(visit)
    off = "" if visit.user.is_administrator else ONLY_ADMINISTRATORS
    return visit.page("grant-admin-consent", app, entries=await _entries(visit, app), off=off)


async def consent(visit: Visit) -> Response:
    """Grant what the list says, for everyone."""
    app = await app_of(visit)
    await visit.graph.grant_admin_consent(app["appId"])
    return visit.go(f"apps/{app['id']}/api-permissions", "Grant consent successful.")
