"""Owners of applications, service principals and groups.

Source: https://learn.microsoft.com/graph/api/application-list-owners
"""

from __future__ import annotations

from practice_tenant.server.directory import owners
from practice_tenant.server.directory.objects import GLOBAL_ADMINISTRATOR
from practice_tenant.server.graph import authority, errors, found, kinds, odata, shown
from practice_tenant.server.graph.caller import Caller, caller
from practice_tenant.server.graph.permissions import (
    READ_APPLICATIONS,
    READ_GROUPS,
    READ_SELF,
    WRITE_APPLICATIONS,
    WRITE_GROUPS,
)
from practice_tenant.server.http.messages import Response
from practice_tenant.server.web import Call

OWNER_KINDS = (kinds.USER, kinds.PRINCIPAL)


async def listed(call: Call) -> Response:
    """Answer GET /{owned}/owners."""
    who = caller(call)
    kind, graph = _owned(call, who)
    who.demand(READ_GROUPS if kind is kinds.GROUP else READ_APPLICATIONS)
    there = owners.owners_of(call.service.store, who.directory.tenant_id, graph["id"])
    return odata.objects(call, shown.items(call.service.store, who.directory.tenant_id, there))


async def add(call: Call) -> Response:
    """Answer POST /{owned}/owners/$ref."""
    who = caller(call)
    _, graph = _changed(call, who)
    kind, owner = found.item(call, who, f"directoryObjects/{odata.reference(call)}")
    if kind not in OWNER_KINDS:
        raise errors.bad_request("The owner that is being added is not a user or a service principal.")
    if not owners.add(call.service.store, who.directory.tenant_id, graph["id"], owner["id"]):
        raise errors.bad_request(
            "One or more added object references already exist for the following modified properties: 'owners'."
        )
    return odata.nothing(call)


async def remove(call: Call) -> Response:
    """Answer DELETE /{owned}/owners/{id}/$ref."""
    who = caller(call)
    _, graph = _changed(call, who)
    if not owners.remove(call.service.store, who.directory.tenant_id, graph["id"], call.path["id"].lower()):
        raise errors.not_found(call.path["id"][:200])
    return odata.nothing(call)


async def of_me(call: Call) -> Response:
    """Answer GET /me/ownedObjects, with or without a cast."""
    who = caller(call)
    who.demand(READ_SELF)
    there = owners.owned_by(call.service.store, who.directory.tenant_id, who.person.id)
    items = shown.items(call.service.store, who.directory.tenant_id, there)
    return odata.objects(call, items, cast=kinds.cast_of(call.path["cast"]))


def _owned(call: Call, who: Caller) -> shown.Item:
    return found.item(call, who, call.path["owned"])


def _changed(call: Call, who: Caller) -> shown.Item:
    kind, graph = item = _owned(call, who)
    who.demand(WRITE_GROUPS if kind is kinds.GROUP else WRITE_APPLICATIONS)
    is_administrator = authority.is_one_of(who, (GLOBAL_ADMINISTRATOR,))
    is_group_of_application = kind is kinds.GROUP and who.user is None
    if not (is_administrator or is_group_of_application):
        authority.demand_change(call, who, graph["id"])
    return item
