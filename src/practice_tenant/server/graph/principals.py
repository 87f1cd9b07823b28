"""Service principals: applications as they are in one directory.

Source: https://learn.microsoft.com/graph/api/resources/serviceprincipal
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from practice_tenant.server.directory import apps
from practice_tenant.server.directory.objects import Application, ServicePrincipal
from practice_tenant.server.directory.shapes import PRINCIPAL, principal_json
from practice_tenant.server.graph import (
    authority,
    certificates,
    deleting,
    errors,
    found,
    kinds,
    odata,
    passwords,
    shown,
)
from practice_tenant.server.graph.applications import own
from practice_tenant.server.graph.caller import Caller, caller
from practice_tenant.server.graph.permissions import READ_APPLICATIONS, WRITE_APPLICATIONS
from practice_tenant.server.graph.times import iso, seconds
from practice_tenant.server.http.messages import Response
from practice_tenant.server.web import Call

FLAGS = ("accountEnabled", "appRoleAssignmentRequired")
TEXTS = ("description", "loginUrl", "notes", "preferredSingleSignOnMode")
LISTS = ("alternativeNames", "notificationEmailAddresses", "tags")


async def create(call: Call) -> Response:
    """Answer POST /servicePrincipals: bring an application into the directory."""
    who = caller(call)
    who.demand(WRITE_APPLICATIONS)
    properties = odata.body(call)
    app_id = properties.pop("appId", None)
    if not isinstance(app_id, str):
        raise errors.invalid_value("appId", "ServicePrincipal")
    application = _backing(call, who, app_id)
    store, tenant_id = call.service.store, who.directory.tenant_id
    if apps.principal(store, tenant_id, app_id):
        raise errors.GraphError(
            409,
            "Request_MultipleObjectsWithSameKeyValue",
            "The service principal cannot be created, updated, or restored because the service principal name "
            f"{app_id} is already in use.",
        )
    if not authority.may_change(call, who, application.id):
        raise errors.denied(
            "When using this permission, the backing application of the service principal being created must in the "
            "local tenant"
        )
    changes = {**_checked(call, properties, {}), "createdDateTime": iso(call.now(who.directory.tenant_id))}
    graph = principal_json(call.service.guid(), application, changes)
    made = ServicePrincipal(graph["id"], tenant_id, application.app_id, graph)
    with store.transaction():
        apps.save_principal(store, made)
        own(call, who, made.id)
        found.made(call, who, made.id)
    return odata.entity(call, kinds.PRINCIPAL, shown.principal(made), 201)


async def listed(call: Call) -> Response:
    """Answer GET /servicePrincipals."""
    return odata.collection(call, kinds.PRINCIPAL, _all(call))


async def counted(call: Call) -> Response:
    """Answer GET /servicePrincipals/$count."""
    return odata.count(call, kinds.PRINCIPAL, _all(call))


async def read(call: Call) -> Response:
    """Answer GET /servicePrincipals/{id} and /servicePrincipals(appId='{appId}')."""
    who = caller(call)
    principal = found.own_or_permitted(who, READ_APPLICATIONS, lambda: found.principal(call, who))
    keys = "keycredentials" in call.value("$select").lower()
    return odata.entity(call, kinds.PRINCIPAL, shown.principal(principal, keys=keys))


async def update(call: Call) -> Response:
    """Answer PATCH /servicePrincipals/{id}: what is its own can change, the rest follows the application."""
    who = caller(call)
    who.demand(WRITE_APPLICATIONS)
    before = found.principal(call, who)
    authority.demand_change(call, who, before.id)
    _save(call, before, _checked(call, odata.body(call), before.graph))
    return odata.nothing(call)


async def delete(call: Call) -> Response:
    """Answer DELETE /servicePrincipals/{id}."""
    who = caller(call)
    who.demand(WRITE_APPLICATIONS)
    principal = found.principal(call, who)
    authority.demand_change(call, who, principal.id)
    deleting.principal(call, principal)
    return odata.nothing(call)


async def add_password(call: Call) -> Response:
    """Answer POST /servicePrincipals/{id}/addPassword: a secret of the application that only shows here."""
    who = caller(call)
    who.demand(WRITE_APPLICATIONS)
    principal = found.principal(call, who)
    authority.demand_change(call, who, principal.id)
    application = apps.application(call.service.store, principal.app_id)
    if application is None:
        raise errors.bad_request("Credentials of a managed identity are made by Azure, and by nobody else.")
    entry, secret = passwords.asked(call, call.now(who.directory.tenant_id)), passwords.secret(call.service)
    entry["hint"] = secret[:3]
    with call.service.store.transaction():
        _save(call, principal, {"passwordCredentials": [entry, *principal.graph["passwordCredentials"]]})
        ends = seconds(entry["endDateTime"])
        apps.add_secret(call.service.store, application.id, entry["keyId"], secret, ends)
    return odata.value(call, "microsoft.graph.passwordCredential", {**entry, "secretText": secret})


async def remove_password(call: Call) -> Response:
    """Answer POST /servicePrincipals/{id}/removePassword."""
    who = caller(call)
    who.demand(WRITE_APPLICATIONS)
    principal = found.principal(call, who)
    authority.demand_change(call, who, principal.id)
    key_id, kept = passwords.without(call, principal.graph["passwordCredentials"])
    application = apps.application(call.service.store, principal.app_id)
    with call.service.store.transaction():
        if application:
            apps.remove_secret(call.service.store, application.id, key_id)
        _save(call, principal, {"passwordCredentials": kept})
    return odata.nothing(call)


def _backing(call: Call, who: Caller, app_id: str) -> Application:
    """Return the application that is to get a service principal.

    Raises:
        GraphError: 400 when there is none of that id, or it is another directory's own.
    """
    store, tenant_id = call.service.store, who.directory.tenant_id
    application = apps.application(store, app_id)
    if (
        application is None
        or not (application.tenant_id == tenant_id or application.multi_tenant)
        or application.id in found.hidden(call, who)
    ):
        raise errors.bad_request(
            f"The appId '{app_id[:100]}' of the service principal does not reference a valid application object.",
            "NoBackingApplicationObject",
        )
    return application


def _all(call: Call) -> list[dict[str, Any]]:
    who = caller(call)
    who.demand(READ_APPLICATIONS)
    left_out = found.hidden(call, who)
    every = apps.principals(call.service.store, who.directory.tenant_id)
    return [shown.principal(principal) for principal in every if principal.id not in left_out]


def _save(call: Call, principal: ServicePrincipal, changes: Mapping[str, Any]) -> None:
    apps.save_principal(
        call.service.store,
        ServicePrincipal(principal.id, principal.tenant_id, principal.app_id, {**principal.graph, **changes}),
    )


def _checked(call: Call, properties: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties that a request sets.

    Raises:
        GraphError: 400, or 501 for a property of Graph that can't be set here.
    """
    changes: dict[str, Any] = {}
    for name, value in properties.items():
        if name == "keyCredentials" and isinstance(value, list) and all(isinstance(entry, dict) for entry in value):
            changes[name] = certificates.completed(value, before.get(name, ()), call.service.guid)
            continue
        good = (
            (name in FLAGS and isinstance(value, bool))
            or (name in TEXTS and (value is None or (isinstance(value, str) and len(value) <= 1_024)))
            or (name in LISTS and isinstance(value, list) and all(isinstance(entry, str) for entry in value))
        )
        if name not in PRINCIPAL:
            raise errors.bad_request(f"Invalid property '{name[:100]}'.")
        if name in before and before[name] == value:
            continue
        if name not in (*FLAGS, *TEXTS, *LISTS, "keyCredentials"):
            raise errors.missing_here(call.request.method, f"/servicePrincipals with {name}")
        if not good:
            raise errors.invalid_value(name, "ServicePrincipal")
        changes[name] = value
    return changes
