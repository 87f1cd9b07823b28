"""App role assignments: giving users, groups and service principals the app roles of a resource.

Source: https://learn.microsoft.com/graph/api/resources/approleassignment
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

from practice_tenant.server.directory import apps, assignments
from practice_tenant.server.directory.assignments import DEFAULT_ROLE, RoleAssignment
from practice_tenant.server.directory.ids import bytes_of, is_guid
from practice_tenant.server.directory.objects import ServicePrincipal
from practice_tenant.server.graph import authority, errors, found, kinds, odata, shown
from practice_tenant.server.graph.caller import Caller, caller
from practice_tenant.server.graph.permissions import READ_ASSIGNMENTS, WRITE_ASSIGNMENTS
from practice_tenant.server.graph.times import iso
from practice_tenant.server.http.messages import Response
from practice_tenant.server.web import Call

RESOURCE = "AppRoleAssignment"
MEMBERS = ("principalId", "resourceId", "appRoleId")
MEMBER_TYPES = {kinds.USER.type: "User", kinds.GROUP.type: "User", kinds.PRINCIPAL.type: "Application"}


async def held(call: Call) -> Response:
    """Answer GET /{holder}/appRoleAssignments: the roles that a user, group or service principal was given."""
    who = caller(call)
    who.demand(READ_ASSIGNMENTS)
    kind, graph = found.item(call, who, call.path["holder"])
    there = assignments.held_by(call.service.store, who.directory.tenant_id, graph["id"])
    within = f"{kind.set}('{graph['id']}')/appRoleAssignments"
    return odata.collection(call, kinds.ASSIGNMENT, _shown(call, who, there), within=within)


async def given(call: Call) -> Response:
    """Answer GET /servicePrincipals/{id}/appRoleAssignedTo: who holds roles of this resource."""
    who = caller(call)
    who.demand(READ_ASSIGNMENTS)
    resource = found.principal(call, who)
    there = assignments.given_on(call.service.store, who.directory.tenant_id, resource.id)
    within = f"servicePrincipals('{resource.id}')/appRoleAssignedTo"
    return odata.collection(call, kinds.ASSIGNMENT, _shown(call, who, there), within=within)


async def assign(call: Call) -> Response:
    """Answer POST /{holder}/appRoleAssignments."""
    who = caller(call)
    who.demand(WRITE_ASSIGNMENTS)
    wanted = _body(call)
    holder = found.item(call, who, call.path["holder"])
    if holder[1]["id"] != wanted["principalId"]:
        raise errors.not_found(wanted["principalId"])
    return _assigned(call, who, wanted, holder)


async def assign_to(call: Call) -> Response:
    """Answer POST /servicePrincipals/{id}/appRoleAssignedTo: the same, from the resource's side."""
    who = caller(call)
    who.demand(WRITE_ASSIGNMENTS)
    wanted = _body(call)
    resource = found.principal(call, who)
    if resource.id != wanted["resourceId"]:
        raise errors.not_found(wanted["resourceId"])
    return _assigned(call, who, wanted, found.item(call, who, f"directoryObjects/{wanted['principalId']}"))


async def remove(call: Call) -> Response:
    """Answer DELETE /{holder}/appRoleAssignments/{id} and /servicePrincipals/{id}/appRoleAssignedTo/{id}."""
    who = caller(call)
    who.demand(WRITE_ASSIGNMENTS)
    store, tenant_id = call.service.store, who.directory.tenant_id
    _, graph = found.item(call, who, call.path["holder"])
    there = (
        *assignments.held_by(store, tenant_id, graph["id"]),
        *assignments.given_on(store, tenant_id, graph["id"]),
    )
    for assignment in there:
        if assignment.id == call.path["id"]:
            resource = apps.principal(store, tenant_id, assignment.resource_id)
            if not authority.may_assign(call, who, assignment.resource_id, resource.app_id if resource else ""):
                raise errors.denied()
            assignments.remove(store, tenant_id, assignment.id)
            return odata.nothing(call)
    raise errors.not_found(call.path["id"][:200])


def _assigned(call: Call, who: Caller, wanted: dict[str, str], holder: shown.Item) -> Response:
    store, tenant_id = call.service.store, who.directory.tenant_id
    resource = apps.principal(store, tenant_id, wanted["resourceId"])
    if resource is None or resource.id != wanted["resourceId"] or not _has_role(resource, holder, wanted["appRoleId"]):
        raise errors.bad_request("Permission being assigned was not found on application.")
    if not authority.may_assign(call, who, resource.id, resource.app_id):
        raise errors.denied()
    raw = bytes_of(wanted["principalId"]) + bytes_of(call.service.guid())
    made = RoleAssignment(
        id=base64.urlsafe_b64encode(raw).rstrip(b"=").decode(),
        principal_id=wanted["principalId"],
        resource_id=resource.id,
        app_role_id=wanted["appRoleId"],
        created=call.now(tenant_id),
    )
    if not assignments.add(store, tenant_id, made):
        raise errors.bad_request("Permission being assigned already exists on the object.")
    (graph,) = _shown(call, who, [made])
    within = f"{holder[0].set}('{made.principal_id}')/appRoleAssignments"
    return odata.entity(call, kinds.ASSIGNMENT, graph, 201, within=within)


def _has_role(resource: ServicePrincipal, holder: shown.Item, role_id: str) -> bool:
    """Say whether the resource has this role for holders of that kind; without roles it has the default one."""
    member_type = MEMBER_TYPES.get(holder[0].type, "")
    roles = [role for role in resource.graph["appRoles"] if role.get("isEnabled", True)]
    if role_id == DEFAULT_ROLE:
        return bool(member_type) and not any("User" in role["allowedMemberTypes"] for role in roles)
    return any(role["id"] == role_id and member_type in role["allowedMemberTypes"] for role in roles)


def _shown(call: Call, who: Caller, there: Iterable[RoleAssignment]) -> list[dict[str, Any]]:
    store, tenant_id = call.service.store, who.directory.tenant_id
    result = []
    for assignment in there:
        holder = shown.item(store, tenant_id, assignment.principal_id)
        resource = apps.principal(store, tenant_id, assignment.resource_id)
        result.append(
            {
                "id": assignment.id,
                "deletedDateTime": None,
                "appRoleId": assignment.app_role_id,
                "createdDateTime": iso(assignment.created),
                "principalDisplayName": holder[1]["displayName"] if holder else None,
                "principalId": assignment.principal_id,
                "principalType": holder[0].resource if holder else None,
                "resourceDisplayName": resource.graph["displayName"] if resource else None,
                "resourceId": assignment.resource_id,
            }
        )
    return result


def _body(call: Call) -> dict[str, str]:
    body = odata.body(call)
    for name in MEMBERS:
        if not (isinstance(body.get(name), str) and is_guid(body[name])):
            raise errors.invalid_value(name, RESOURCE)
    return {name: str(body[name]).lower() for name in MEMBERS}
