"""Groups and their members.

Source: https://learn.microsoft.com/graph/api/resources/group
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from practice_tenant.server.directory import assignments, groups
from practice_tenant.server.directory.groups import Group
from practice_tenant.server.directory.objects import GLOBAL_ADMINISTRATOR
from practice_tenant.server.directory.owners import owns
from practice_tenant.server.directory.people_shapes import GROUP
from practice_tenant.server.graph import authority, errors, found, kinds, odata, shown
from practice_tenant.server.graph.applications import own
from practice_tenant.server.graph.caller import Caller, caller
from practice_tenant.server.graph.permissions import READ_GROUPS, READ_USERS, WRITE_GROUPS, WRITE_MEMBERS
from practice_tenant.server.graph.times import iso
from practice_tenant.server.http.messages import Response
from practice_tenant.server.web import Call

NEEDED = ("displayName", "mailEnabled", "mailNickname", "securityEnabled")
LONGEST_TEXT = 256
MEMBER_KINDS = (kinds.USER, kinds.GROUP, kinds.PRINCIPAL)


async def create(call: Call) -> Response:
    """Answer POST /groups: a security group; every member may make one, and owns it."""
    who = caller(call)
    who.demand(WRITE_GROUPS)
    if not authority.may_make(call, who, "allowedToCreateSecurityGroups"):
        raise errors.denied()
    properties = odata.body(call)
    for name in NEEDED:
        if properties.get(name) in (None, ""):
            raise errors.bad_request(f"A value is required for property '{name}' of resource 'Group'.")
    graph = {
        "id": call.service.guid(),
        "createdDateTime": iso(call.now(who.directory.tenant_id)),
        **_checked(call, properties),
    }
    group = Group(str(graph["id"]), who.directory.tenant_id, graph)
    with call.service.store.transaction():
        groups.save(call.service.store, group)
        own(call, who, group.id)
        found.made(call, who, group.id)
    return odata.entity(call, kinds.GROUP, shown.group(group), 201)


async def listed(call: Call) -> Response:
    """Answer GET /groups."""
    return odata.collection(call, kinds.GROUP, _all(call))


async def counted(call: Call) -> Response:
    """Answer GET /groups/$count."""
    return odata.count(call, kinds.GROUP, _all(call))


async def read(call: Call) -> Response:
    """Answer GET /groups/{id}."""
    who = caller(call)
    who.demand(READ_GROUPS)
    return odata.entity(call, kinds.GROUP, shown.group(found.group(call, who)))


async def update(call: Call) -> Response:
    """Answer PATCH /groups/{id}."""
    who = caller(call)
    who.demand(WRITE_GROUPS)
    group = found.group(call, who)
    _demand_owner(call, who, group)
    graph = {**group.graph, **_checked(call, odata.body(call))}
    groups.save(call.service.store, Group(group.id, group.tenant_id, graph))
    return odata.nothing(call)


async def delete(call: Call) -> Response:
    """Answer DELETE /groups/{id}: a security group is gone for good."""
    who = caller(call)
    who.demand(WRITE_GROUPS)
    group = found.group(call, who)
    _demand_owner(call, who, group)
    with call.service.store.transaction():
        groups.remove(call.service.store, group.tenant_id, group.id)
        assignments.forget(call.service.store, group.tenant_id, group.id)
    return odata.nothing(call)


async def members(call: Call) -> Response:
    """Answer GET /groups/{id}/members, with or without a cast."""
    return odata.objects(call, _members(call, groups.members_of), cast=kinds.cast_of(call.path["cast"]))


async def members_counted(call: Call) -> Response:
    """Answer GET /groups/{id}/members/$count."""
    return odata.count_objects(call, _members(call, groups.members_of), cast=kinds.cast_of(call.path["cast"]))


async def members_within(call: Call) -> Response:
    """Answer GET /groups/{id}/transitiveMembers, with or without a cast."""
    return odata.objects(call, _members(call, groups.members_within), cast=kinds.cast_of(call.path["cast"]))


async def add_member(call: Call) -> Response:
    """Answer POST /groups/{id}/members/$ref."""
    who = caller(call)
    who.demand(WRITE_MEMBERS)
    group = found.group(call, who)
    _demand_owner(call, who, group)
    kind, graph = found.item(call, who, f"directoryObjects/{odata.reference(call)}")
    if kind not in MEMBER_KINDS or graph["id"] == group.id:
        raise errors.bad_request("The member that is being added is not valid for this kind of group.")
    if not groups.add_member(call.service.store, group.tenant_id, group.id, graph["id"]):
        raise errors.bad_request(
            "One or more added object references already exist for the following modified properties: 'members'."
        )
    return odata.nothing(call)


async def remove_member(call: Call) -> Response:
    """Answer DELETE /groups/{id}/members/{id}/$ref."""
    who = caller(call)
    who.demand(WRITE_MEMBERS)
    group = found.group(call, who)
    _demand_owner(call, who, group)
    if not groups.remove_member(call.service.store, group.tenant_id, group.id, call.path["id"].lower()):
        raise errors.not_found(call.path["id"][:200])
    return odata.nothing(call)


def _all(call: Call) -> list[dict[str, Any]]:
    who = caller(call)
    who.demand(READ_GROUPS)
    if who.user and who.user.is_guest:
        raise errors.denied()  # guests don't list the directory
    left_out = found.hidden(call, who)
    every = groups.groups(call.service.store, who.directory.tenant_id)
    return [shown.group(group) for group in every if group.id not in left_out]


def _members(call: Call, of: Any) -> list[shown.Item]:
    """Return the members; of the people among them only type and id where the caller may not read people."""
    who = caller(call)
    who.demand(READ_GROUPS)
    group = found.group(call, who)
    there = shown.items(call.service.store, group.tenant_id, of(call.service.store, group.tenant_id, group.id))
    may_read = who.may(READ_USERS)
    return [item if may_read or item[0] is kinds.GROUP else shown.without_details(item) for item in there]


def _demand_owner(call: Call, who: Caller, group: Group) -> None:
    if who.user is None or authority.is_one_of(who, (GLOBAL_ADMINISTRATOR,)):
        return
    if not owns(call.service.store, group.tenant_id, group.id, who.user.id):
        raise errors.denied()


def _checked(call: Call, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties that a request sets; only security groups can be made here.

    Raises:
        GraphError: 400, or 501 for a property of Graph that can't be set here.
    """
    for name, value in properties.items():
        if name not in GROUP:
            raise errors.bad_request(f"Invalid property '{name[:100]}'.")
        text = isinstance(value, str) and len(value) <= LONGEST_TEXT
        if name in ("displayName", "mailNickname"):
            good = text and bool(value)
        elif name in ("description", "uniqueName"):
            good = text or value is None
        elif name in ("securityEnabled", "mailEnabled"):
            good = isinstance(value, bool)
        elif name in ("isAssignableToRole", "groupTypes") and not value:
            good = True
        else:
            raise errors.missing_here(call.request.method, f"/groups with {name}")
        if not good:
            raise errors.invalid_value(name, "Group")
    if properties.get("mailEnabled"):
        raise errors.missing_here(call.request.method, "/groups with mailEnabled")
    return dict(properties)
