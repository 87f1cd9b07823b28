"""Which groups and directory roles someone is in.

Source: https://learn.microsoft.com/graph/api/user-list-memberof, .../user-list-transitivememberof and
.../directoryobject-checkmembergroups below it
"""

from __future__ import annotations

from typing import Any

from practice_tenant.server.directory import groups, people
from practice_tenant.server.directory.groups import Group
from practice_tenant.server.directory.ids import is_guid
from practice_tenant.server.graph import errors, found, kinds, odata, shown
from practice_tenant.server.graph.caller import Caller, caller
from practice_tenant.server.graph.permissions import READ_GROUPS, READ_OBJECTS, READ_OWN_GROUPS
from practice_tenant.server.http.messages import Response
from practice_tenant.server.web import Call

MOST_CHECKED = 20


async def direct(call: Call) -> Response:
    """Answer GET /{holder}/memberOf, with or without a cast."""
    return odata.objects(call, _memberships(call, transitive=False), cast=kinds.cast_of(call.path["cast"]))


async def direct_counted(call: Call) -> Response:
    """Answer GET /{holder}/memberOf/$count."""
    return odata.count_objects(call, _memberships(call, transitive=False), cast=kinds.cast_of(call.path["cast"]))


async def transitive(call: Call) -> Response:
    """Answer GET /{holder}/transitiveMemberOf, with or without a cast."""
    return odata.objects(call, _memberships(call, transitive=True), cast=kinds.cast_of(call.path["cast"]))


async def transitive_counted(call: Call) -> Response:
    """Answer GET /{holder}/transitiveMemberOf/$count."""
    return odata.count_objects(call, _memberships(call, transitive=True), cast=kinds.cast_of(call.path["cast"]))


async def check(call: Call) -> Response:
    """Answer POST /{holder}/checkMemberGroups: those of the groups that it is in, also through other groups."""
    who = caller(call)
    holder = _holder(call, who)
    wanted = odata.body(call).get("groupIds")
    if not isinstance(wanted, list) or not all(
        isinstance(object_id, str) and is_guid(object_id) for object_id in wanted
    ):
        raise errors.bad_request("Invalid value specified for parameter 'groupIds'.")
    if not 1 <= len(wanted) <= MOST_CHECKED:
        raise errors.bad_request(f"The number of group ids has to be between 1 and {MOST_CHECKED}.")
    there = {group.id for group in _groups(call, who, holder)}
    return _values(call, [object_id for object_id in wanted if object_id.lower() in there])


async def get(call: Call) -> Response:
    """Answer POST /{holder}/getMemberGroups: all of them, or the security groups among them."""
    who = caller(call)
    holder = _holder(call, who)
    only = odata.body(call).get("securityEnabledOnly")
    if not isinstance(only, bool):
        raise errors.bad_request("Invalid value specified for parameter 'securityEnabledOnly'.")
    return _values(call, [group.id for group in _groups(call, who, holder) if group.is_security_group or not only])


async def get_objects(call: Call) -> Response:
    """Answer POST /{holder}/getMemberObjects: groups and directory roles."""
    who = caller(call)
    kind, graph = holder = _holder(call, who)
    only = odata.body(call).get("securityEnabledOnly")
    if not isinstance(only, bool):
        raise errors.bad_request("Invalid value specified for parameter 'securityEnabledOnly'.")
    ids = [group.id for group in _groups(call, who, holder) if group.is_security_group or not only]
    user = people.user(call.service.store, who.directory.tenant_id, graph["id"]) if kind is kinds.USER else None
    ids += [role["id"] for role in shown.roles(who.directory.tenant_id, user.roles if user else ())]
    return _values(call, ids)


async def by_ids(call: Call) -> Response:
    """Answer POST /directoryObjects/getByIds."""
    who = caller(call)
    who.demand(READ_OBJECTS)
    body = odata.body(call)
    ids, types = body.get("ids"), body.get("types")
    if not isinstance(ids, list) or not all(isinstance(object_id, str) for object_id in ids) or len(ids) > 1_000:
        raise errors.bad_request("Invalid value specified for parameter 'ids'.")
    if types is not None and not (isinstance(types, list) and all(isinstance(word, str) for word in types)):
        raise errors.bad_request("Invalid value specified for parameter 'types'.")
    wanted = {word.lower() for word in types or ()} - {"directoryobject"}
    there = shown.items(call.service.store, who.directory.tenant_id, dict.fromkeys(ids))
    return odata.objects(call, [item for item in there if not wanted or item[0].type.lower() in wanted])


async def item(call: Call) -> Response:
    """Answer GET /directoryObjects/{id}."""
    who = caller(call)
    who.demand(READ_OBJECTS)
    kind, graph = found.item(call, who, f"directoryObjects/{call.path['id']}")
    names = kind.default or tuple(graph)
    return odata.entity(call, kinds.OBJECT, kinds.typed(kind, graph, names))


def _holder(call: Call, who: Caller) -> shown.Item:
    """Return whose groups are asked for; one's own can be seen with less than others'."""
    own = who.user is not None and call.path["holder"].lower() in ("me", f"users/{who.user.id}")
    who.demand(READ_OWN_GROUPS if own else READ_GROUPS)
    return found.item(call, who, call.path["holder"])


def _groups(call: Call, who: Caller, holder: shown.Item) -> list[Group]:
    return groups.of_member_transitively(call.service.store, who.directory.tenant_id, holder[1]["id"])


def _memberships(call: Call, *, transitive: bool) -> list[shown.Item]:
    who = caller(call)
    kind, graph = holder = _holder(call, who)
    store, tenant_id = call.service.store, who.directory.tenant_id
    there = _groups(call, who, holder) if transitive else groups.of_member(store, tenant_id, graph["id"])
    items = [(kinds.GROUP, shown.group(group)) for group in there]
    if not who.may(READ_GROUPS):
        items = [shown.without_details(item) for item in items]
    user = people.user(store, tenant_id, graph["id"]) if kind is kinds.USER else None
    return items + [(kinds.ROLE, role) for role in shown.roles(tenant_id, user.roles if user else ())]


def _values(call: Call, values: list[Any]) -> Response:
    return odata.value(call, "Collection(Edm.String)", {"value": values})
