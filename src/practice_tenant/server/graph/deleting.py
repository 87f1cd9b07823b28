"""Deleting directory objects, and bringing them back within thirty days.

Source: https://learn.microsoft.com/graph/api/directory-deleteditems-restore
"""

from __future__ import annotations

from practice_tenant.server.directory import apps, assignments, deleted, grants
from practice_tenant.server.directory.deleted import DeletedItem
from practice_tenant.server.directory.objects import Application, ServicePrincipal
from practice_tenant.server.graph import authority, errors, kinds, odata, shown
from practice_tenant.server.graph.caller import Caller, caller
from practice_tenant.server.graph.kinds import DIRECTORY_KINDS, EntityType
from practice_tenant.server.graph.permissions import READ_APPLICATIONS, WRITE_APPLICATIONS
from practice_tenant.server.graph.times import iso
from practice_tenant.server.http.messages import Response
from practice_tenant.server.web import Call


def application(call: Call, registration: Application) -> None:
    """Delete an application, and its service principal with it."""
    store = call.service.store
    served = apps.principal(store, registration.tenant_id, registration.app_id)
    with store.transaction():
        _keep(call, registration.tenant_id, kinds.APPLICATION, registration)
        apps.remove_application(store, registration)
        if served:
            principal(call, served)


def principal(call: Call, service_principal: ServicePrincipal) -> None:
    """Delete a service principal; what it was granted and what others were granted on it goes for good."""
    store = call.service.store
    with store.transaction():
        _keep(call, service_principal.tenant_id, kinds.PRINCIPAL, service_principal)
        apps.remove_principal(store, service_principal)
        grants.forget(store, service_principal.tenant_id, service_principal.id)
        assignments.forget(store, service_principal.tenant_id, service_principal.id)


async def listed(call: Call) -> Response:
    """Answer GET /directory/deletedItems/microsoft.graph.application and the like."""
    who = caller(call)
    who.demand(READ_APPLICATIONS)
    kept = deleted.items(call.service.store, who.directory.tenant_id, call.now(who.directory.tenant_id))
    return odata.objects(call, [_item(item) for item in kept], cast=kinds.cast_of(call.path["cast"]))


async def read(call: Call) -> Response:
    """Answer GET /directory/deletedItems/{id}."""
    who = caller(call)
    who.demand(READ_APPLICATIONS)
    kind, graph = _item(_named(call, who))
    return odata.entity(call, kinds.OBJECT, kinds.typed(kind, graph, graph))


async def restore(call: Call) -> Response:
    """Answer POST /directory/deletedItems/{id}/restore."""
    who = caller(call)
    who.demand(WRITE_APPLICATIONS)
    item = _named(call, who)
    authority.demand_change(call, who, item.id)
    with call.service.store.transaction():
        _restore(call, who, item)
    kind, graph = _item(item)
    return odata.entity(call, kinds.OBJECT, kinds.typed(kind, {**graph, "deletedDateTime": None}, graph))


async def drop(call: Call) -> Response:
    """Answer DELETE /directory/deletedItems/{id}: gone for good."""
    who = caller(call)
    who.demand(WRITE_APPLICATIONS)
    item = _named(call, who)
    authority.demand_change(call, who, item.id)
    with call.service.store.transaction():
        deleted.drop(call.service.store, who.directory.tenant_id, item.id)
        apps.forget_secrets(call.service.store, item.id)
    return odata.nothing(call)


def _restore(call: Call, who: Caller, item: DeletedItem) -> None:
    store, tenant_id = call.service.store, who.directory.tenant_id
    deleted.drop(store, tenant_id, item.id)
    if item.type == kinds.PRINCIPAL.type:
        if apps.application(store, item.app_id) is None or apps.principal(store, tenant_id, item.app_id):
            raise errors.bad_request("The service principal has no application, or there is another one of it.")
        apps.save_principal(store, ServicePrincipal(item.id, tenant_id, item.app_id, item.graph))
        return
    for uri in item.graph["identifierUris"]:
        if apps.owner_of_identifier(store, tenant_id, uri):
            raise errors.bad_request("Another object with the same value for property identifierUris already exists.")
    apps.save_application(store, Application(item.id, tenant_id, item.app_id, item.graph))
    for other in deleted.items(store, tenant_id, call.now(tenant_id)):
        if other.app_id == item.app_id and other.type == kinds.PRINCIPAL.type:
            _restore(call, who, other)


def _keep(call: Call, tenant_id: str, kind: EntityType, directory_object: Application | ServicePrincipal) -> None:
    item = DeletedItem(
        directory_object.id, kind.type, directory_object.app_id, call.now(tenant_id), directory_object.graph
    )
    deleted.keep(call.service.store, tenant_id, item)


def _named(call: Call, who: Caller) -> DeletedItem:
    wanted = call.path["id"]
    item = deleted.item(call.service.store, who.directory.tenant_id, wanted, call.now(who.directory.tenant_id))
    if item is None:
        raise errors.not_found(wanted[:200])
    return item


def _item(item: DeletedItem) -> shown.Item:
    kind = DIRECTORY_KINDS[item.type.lower()]
    if kind is kinds.APPLICATION:
        graph = shown.application(Application(item.id, "", item.app_id, item.graph))
    else:
        graph = shown.principal(ServicePrincipal(item.id, "", item.app_id, item.graph))
    return kind, {**graph, "deletedDateTime": iso(item.deleted)}
