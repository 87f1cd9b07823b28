"""Service principals, permission grants and app role assignments.

Source: https://learn.microsoft.com/graph/api/serviceprincipal-post-serviceprincipals and
https://learn.microsoft.com/graph/api/oauth2permissiongrant-post
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from workshop.tenant.directory import apps, grants, people
from workshop.tenant.directory.objects import ServicePrincipal
from workshop.tenant.directory.shapes import principal_json
from workshop.tenant.graph import errors, odata
from workshop.tenant.graph.applications import READ, READ_AS_APPLICATION, WRITE, WRITE_AS_APPLICATION
from workshop.tenant.graph.caller import caller
from workshop.tenant.graph.times import iso
from workshop.tenant.service import is_guid
from workshop.tenant.web import Call

ASSIGN = ("AppRoleAssignment.ReadWrite.All", "Directory.AccessAsUser.All")
ASSIGN_AS_APPLICATION = ("AppRoleAssignment.ReadWrite.All",)
GRANT = ("DelegatedPermissionGrant.ReadWrite.All", "Directory.AccessAsUser.All")


async def create(call: Call) -> Response:
    """Answer POST /servicePrincipals: bring an application into the directory."""
    who = caller(call)
    who.demand(WRITE, WRITE_AS_APPLICATION)
    app_id = odata.body(call).get("appId")
    if not isinstance(app_id, str):
        raise errors.invalid_value("appId", "ServicePrincipal")
    store, tenant_id = call.service.store, who.directory.tenant_id
    application = apps.application(store, app_id)
    if application is None or not (application.tenant_id == tenant_id or application.multi_tenant):
        raise errors.bad_request(
            f"The appId '{app_id[:100]}' of the service principal does not reference a valid application object.",
            "NoBackingApplicationObject",
        )
    if apps.principal(store, tenant_id, app_id):
        raise errors.GraphError(
            409,
            "Request_MultipleObjectsWithSameKeyValue",
            "The service principal cannot be created, updated, or restored because the service principal name "
            f"{app_id} is already in use.",
        )
    graph = {**principal_json(call.service.guid(), application, {}), "createdDateTime": iso(call.now)}
    apps.save_principal(store, ServicePrincipal(graph["id"], tenant_id, application.app_id, graph))
    return odata.entity(call, "servicePrincipals", graph, 201)


async def read(call: Call) -> Response:
    """Answer GET /servicePrincipals/{id} and /servicePrincipals(appId='{appId}')."""
    who = caller(call)
    who.demand(READ, READ_AS_APPLICATION)
    wanted = call.path.get("app_id") or call.path["id"]
    found = apps.principal(call.service.store, who.directory.tenant_id, wanted)
    by_app_id = "app_id" in call.path
    if found is None or (found.app_id if by_app_id else found.id).lower() != wanted.lower():
        raise errors.not_found(wanted[:200])
    return odata.entity(call, "servicePrincipals", found.graph)


async def create_grant(call: Call) -> Response:
    """Answer POST /oauth2PermissionGrants: consent, given by an administrator."""
    who = caller(call)
    who.demand(GRANT)
    if who.user is None or not who.user.is_administrator:
        raise errors.denied()
    given = _grant_body(call)
    store, tenant_id = call.service.store, who.directory.tenant_id
    for member in ("clientId", "resourceId"):
        if (found := apps.principal(store, tenant_id, given[member])) is None or found.id != given[member]:
            raise errors.not_found(given[member][:200])
    principal_id = given["principalId"]
    if principal_id and people.user(store, tenant_id, principal_id) is None:
        raise errors.not_found(principal_id[:200])
    if grants.exists(store, tenant_id, given["clientId"], given["resourceId"], principal_id):
        raise errors.bad_request("Permission entry already exists.")
    scopes = given["scope"].split()
    grant_id = call.service.opaque(24)
    grants.add(store, grant_id, tenant_id, given["clientId"], given["resourceId"], principal_id, scopes)
    shown = {**given, "id": grant_id, "principalId": principal_id or None, "scope": " ".join(scopes)}
    return odata.entity(call, "oauth2PermissionGrants", shown, 201)


async def assign_role(call: Call) -> Response:
    """Answer POST /servicePrincipals/{id}/appRoleAssignments: give a service principal an app role of another."""
    who = caller(call)
    who.demand(ASSIGN, ASSIGN_AS_APPLICATION)
    given = _guids(odata.body(call), ("principalId", "resourceId", "appRoleId"))
    store, tenant_id = call.service.store, who.directory.tenant_id
    holder = apps.principal(store, tenant_id, call.path["id"])
    resource = apps.principal(store, tenant_id, given["resourceId"])
    if holder is None or holder.id != given["principalId"]:
        raise errors.not_found(call.path["id"][:200])
    if resource is None or given["appRoleId"] not in {role["id"] for role in resource.graph["appRoles"]}:
        raise errors.bad_request("Permission being assigned was not found on application.")
    assignment_id = call.service.opaque(24)
    if not apps.assign_role(store, assignment_id, tenant_id, holder.id, resource.id, given["appRoleId"]):
        raise errors.bad_request("Permission being assigned already exists on the object.")
    shown = {
        "id": assignment_id,
        "deletedDateTime": None,
        "appRoleId": given["appRoleId"],
        "createdDateTime": iso(call.now),
        "principalDisplayName": holder.graph["displayName"],
        "principalId": holder.id,
        "principalType": "ServicePrincipal",
        "resourceDisplayName": resource.graph["displayName"],
        "resourceId": resource.id,
    }
    return odata.entity(call, "appRoleAssignments", shown, 201)


def _guids(body: dict[str, Any], names: tuple[str, ...]) -> dict[str, str]:
    for name in names:
        if not (isinstance(body.get(name), str) and is_guid(body[name])):
            raise errors.invalid_value(name, "AppRoleAssignment")
    return {name: str(body[name]) for name in names}


def _grant_body(call: Call) -> dict[str, Any]:
    body = odata.body(call)
    given = {name: body.get(name) for name in ("clientId", "consentType", "principalId", "resourceId", "scope")}
    given["principalId"] = given["principalId"] or ""
    for name, value in given.items():
        if not isinstance(value, str):
            raise errors.invalid_value(name, "OAuth2PermissionGrant")
    if given["consentType"] not in (grants.ALL_PRINCIPALS, grants.PRINCIPAL):
        raise errors.invalid_value("consentType", "OAuth2PermissionGrant")
    if (given["consentType"] == grants.PRINCIPAL) != bool(given["principalId"]):
        raise errors.invalid_value("principalId", "OAuth2PermissionGrant")
    return given
