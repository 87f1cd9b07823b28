"""App registrations.

Source: https://learn.microsoft.com/graph/api/resources/application and
https://learn.microsoft.com/graph/api/application-upsert: addressed by its unique name, one is made if there is none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from practice_tenant.server.directory import apps, owners
from practice_tenant.server.directory.objects import Application, ServicePrincipal
from practice_tenant.server.directory.shapes import OWN_OF_PRINCIPAL, application_json, merged, principal_json
from practice_tenant.server.graph import (
    application_rules,
    authority,
    certificates,
    deleting,
    errors,
    found,
    kinds,
    odata,
    passwords,
    shown,
    unique_names,
)
from practice_tenant.server.graph.caller import Caller, caller
from practice_tenant.server.graph.permissions import READ_APPLICATIONS, WRITE_APPLICATIONS
from practice_tenant.server.graph.times import iso, seconds
from practice_tenant.server.http.messages import Response
from practice_tenant.server.web import Call

SCOPE_DEFAULTS = {
    "adminConsentDescription": None,
    "adminConsentDisplayName": None,
    "isEnabled": True,
    "type": "User",
    "userConsentDescription": None,
    "userConsentDisplayName": None,
}
OPTIONAL_CLAIM_DEFAULTS: dict[str, Any] = {"source": None, "essential": False, "additionalProperties": []}
CREATE_IF_MISSING = "create-if-missing"
ROLE_DEFAULTS = {"isEnabled": True, "origin": "Application", "value": None}


async def create(call: Call) -> Response:
    """Answer POST /applications; whoever registers an application owns it."""
    who = caller(call)
    who.demand(WRITE_APPLICATIONS)
    return registered(call, who, odata.body(call))


def registered(call: Call, who: Caller, properties: Mapping[str, Any]) -> Response:
    """Register an application and answer with it.

    Raises:
        GraphError: 400, 403.
    """
    if not authority.may_make(call, who, "allowedToCreateApps"):
        raise errors.denied()
    application_rules.check(properties)
    if "displayName" not in properties:
        raise errors.bad_request("A value is required for property 'displayName' of resource 'Application'.")
    object_id, app_id = call.service.guid(), call.service.guid()
    changes = {"publisherDomain": who.directory.domain, **_completed(call, properties, ())}
    graph = application_json(
        object_id, app_id, iso(call.now(who.directory.tenant_id)), application_rules.with_token_version(changes)
    )
    application = Application(object_id, who.directory.tenant_id, app_id, graph)
    application_rules.check_whole(call.service.store, who.directory, application)
    unique_names.check_free(call, who, graph)
    with call.service.store.transaction():
        apps.save_application(call.service.store, application)
        own(call, who, object_id)
        found.made(call, who, object_id)
    return odata.entity(call, kinds.APPLICATION, shown.application(application), 201)


async def listed(call: Call) -> Response:
    """Answer GET /applications."""
    return odata.collection(call, kinds.APPLICATION, _all(call))


async def counted(call: Call) -> Response:
    """Answer GET /applications/$count."""
    return odata.count(call, kinds.APPLICATION, _all(call))


async def read(call: Call) -> Response:
    """Answer GET /applications/{id} and /applications(appId='{appId}')."""
    who = caller(call)
    application = found.own_or_permitted(who, READ_APPLICATIONS, lambda: found.application(call, who))
    keys = "keycredentials" in call.value("$select").lower()
    return odata.entity(call, kinds.APPLICATION, shown.application(application, keys=keys))


async def update(call: Call) -> Response:
    """Answer PATCH /applications/{id}: nested objects are merged, collections replaced."""
    who = caller(call)
    who.demand(WRITE_APPLICATIONS)
    return changed(call, who, found.application(call, who), odata.body(call))


def changed(call: Call, who: Caller, before: Application, properties: Mapping[str, Any]) -> Response:
    """Change an application and answer with nothing.

    Raises:
        GraphError: 400, 403.
    """
    authority.demand_change(call, who, before.id)
    application_rules.check(properties, before.graph)
    graph = merged(before.graph, _completed(call, properties, before.certificates))
    application_rules.check_entitlements(before.graph, graph)
    after = Application(before.id, before.tenant_id, before.app_id, graph)
    application_rules.check_whole(call.service.store, who.directory, after, before.graph)
    with call.service.store.transaction():
        apps.save_application(call.service.store, after)
        _update_principal(call, who, after)
    return odata.nothing(call)


async def delete(call: Call) -> Response:
    """Answer DELETE /applications/{id}: it can be restored for thirty days, its consent can't."""
    who = caller(call)
    who.demand(WRITE_APPLICATIONS)
    application = found.application(call, who)
    authority.demand_change(call, who, application.id)
    deleting.application(call, application)
    return odata.nothing(call)


async def add_password(call: Call) -> Response:
    """Answer POST /applications/{id}/addPassword: the only answer that ever shows the secret."""
    who = caller(call)
    who.demand(WRITE_APPLICATIONS)
    application = found.application(call, who)
    authority.demand_change(call, who, application.id)
    entry, secret = passwords.asked(call, call.now(who.directory.tenant_id)), passwords.secret(call.service)
    entry["hint"] = secret[:3]
    credentials = [entry, *application.graph["passwordCredentials"]]
    with call.service.store.transaction():
        _save(call, application, {**application.graph, "passwordCredentials": credentials})
        ends = seconds(entry["endDateTime"])
        apps.add_secret(call.service.store, application.id, entry["keyId"], secret, ends)
    return odata.value(call, "microsoft.graph.passwordCredential", {**entry, "secretText": secret})


async def remove_password(call: Call) -> Response:
    """Answer POST /applications/{id}/removePassword."""
    who = caller(call)
    who.demand(WRITE_APPLICATIONS)
    application = found.application(call, who)
    authority.demand_change(call, who, application.id)
    key_id, kept = passwords.without(call, application.graph["passwordCredentials"])
    with call.service.store.transaction():
        apps.remove_secret(call.service.store, application.id, key_id)
        _save(call, application, {**application.graph, "passwordCredentials": kept})
    return odata.nothing(call)


def own(call: Call, who: Caller, object_id: str) -> None:
    """Make the caller the owner of what they just made."""
    owner = who.user.id if who.user else ""
    if not owner and authority.OWNED_ONLY in who.roles:
        owner = authority.own_principal_id(call, who)
    if owner:
        owners.add(call.service.store, who.directory.tenant_id, object_id, owner)


async def read_by_unique_name(call: Call) -> Response:
    """Answer GET /applications(uniqueName='{name}')."""
    who = caller(call)
    who.demand(READ_APPLICATIONS)
    application = unique_names.application(call, who)
    if application is None or application.id in found.hidden(call, who):
        raise errors.not_found(call.path["unique_name"][:200])
    return odata.entity(call, kinds.APPLICATION, shown.application(application))


async def upsert(call: Call) -> Response:
    """Answer PATCH /applications(uniqueName='{name}'): 201 with a new one, 204 for one that was there."""
    who = caller(call)
    who.demand(WRITE_APPLICATIONS)
    application = unique_names.application(call, who)
    properties = {name: value for name, value in odata.body(call).items() if name != unique_names.NAME}
    if application:
        return changed(call, who, application, properties)
    if CREATE_IF_MISSING not in call.request.headers.get("prefer", ""):
        raise errors.not_found(call.path["unique_name"][:200])
    return registered(call, who, {**properties, unique_names.NAME: call.path["unique_name"]})


def _all(call: Call) -> list[dict[str, Any]]:
    who = caller(call)
    who.demand(READ_APPLICATIONS)
    left_out = found.hidden(call, who)
    every = apps.applications(call.service.store, who.directory.tenant_id)
    return [shown.application(application) for application in every if application.id not in left_out]


def _save(call: Call, application: Application, graph: Mapping[str, Any]) -> None:
    """Write the application as it has become; run it inside a transaction."""
    after = Application(application.id, application.tenant_id, application.app_id, graph)
    apps.save_application(call.service.store, after)


def _completed(call: Call, properties: Mapping[str, Any], before: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Fill in what Graph adds to scopes, roles and certificates."""
    changes = dict(properties)
    if "keyCredentials" in changes:
        changes["keyCredentials"] = certificates.completed(changes["keyCredentials"], before, call.service.guid)
    api = changes.get("api")
    if isinstance(api, dict) and "oauth2PermissionScopes" in api:
        scopes = [{**SCOPE_DEFAULTS, **entry} for entry in api["oauth2PermissionScopes"]]
        changes["api"] = {**api, "oauth2PermissionScopes": scopes}
    if isinstance(changes.get("optionalClaims"), dict):
        changes["optionalClaims"] = {
            kind: [{**OPTIONAL_CLAIM_DEFAULTS, **entry} for entry in changes["optionalClaims"].get(kind, ())]
            for kind in ("idToken", "accessToken", "saml2Token")
        }
    if "appRoles" in changes:
        changes["appRoles"] = [{**ROLE_DEFAULTS, **entry} for entry in changes["appRoles"]]
    return changes


def _update_principal(call: Call, who: Caller, application: Application) -> None:
    """Let the service principal follow its application."""
    principal = apps.principal(call.service.store, who.directory.tenant_id, application.app_id)
    if principal:
        fresh = principal_json(principal.id, application, {})
        own_part = {name: principal.graph[name] for name in OWN_OF_PRINCIPAL if name in principal.graph}
        updated = ServicePrincipal(principal.id, principal.tenant_id, principal.app_id, {**fresh, **own_part})
        apps.save_principal(call.service.store, updated)
