"""App registrations. Source: https://learn.microsoft.com/graph/api/application-post-applications"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from workshop.tenant.directory import apps
from workshop.tenant.directory.objects import FEDERATED, Application, ServicePrincipal
from workshop.tenant.directory.shapes import application_json, merged, principal_json
from workshop.tenant.graph import application_rules, certificates, errors, found, odata, passwords
from workshop.tenant.graph.caller import Caller, caller
from workshop.tenant.graph.times import iso, seconds
from workshop.tenant.web import Call

READ = (
    "Application.Read.All",
    "Application.ReadWrite.All",
    "Directory.Read.All",
    "Directory.AccessAsUser.All",
)
WRITE = ("Application.ReadWrite.All", "Directory.AccessAsUser.All")
WRITE_AS_APPLICATION = ("Application.ReadWrite.All",)
READ_AS_APPLICATION = ("Application.ReadWrite.All", "Directory.Read.All")

SCOPE_DEFAULTS = {
    "adminConsentDescription": None,
    "adminConsentDisplayName": None,
    "isEnabled": True,
    "type": "User",
    "userConsentDescription": None,
    "userConsentDisplayName": None,
}
ROLE_DEFAULTS = {"isEnabled": True, "origin": "Application", "value": None}


async def create(call: Call) -> Response:
    """Answer POST /applications."""
    who = caller(call)
    who.demand(WRITE, WRITE_AS_APPLICATION)
    given = odata.body(call)
    application_rules.check(given)
    if "displayName" not in given:
        raise errors.bad_request("A value is required for property 'displayName' of resource 'Application'.")
    object_id, app_id = call.service.guid(), call.service.guid()
    changes = {"publisherDomain": who.directory.domain, **_completed(call, given, ())}
    graph = application_json(object_id, app_id, iso(call.now), changes)
    application = Application(object_id, who.directory.tenant_id, app_id, graph)
    application_rules.check_whole(call.service.store, who.directory, application)
    with call.service.store.transaction():
        apps.save_application(call.service.store, application)
    return odata.entity(call, "applications", shown(graph), 201)


async def read(call: Call) -> Response:
    """Answer GET /applications/{id} and /applications(appId='{appId}')."""
    who = caller(call)
    who.demand(READ, READ_AS_APPLICATION)
    graph = found.application(call, who).graph
    whole = "keyCredentials" in call.value("$select")  # only then the keys themselves are shown
    return odata.entity(call, "applications", shown(graph, keys=whole))


async def update(call: Call) -> Response:
    """Answer PATCH /applications/{id}: nested objects are merged, collections replaced."""
    who = caller(call)
    who.demand(WRITE, WRITE_AS_APPLICATION)
    before = found.application(call, who)
    given = odata.body(call)
    application_rules.check(given)
    graph = merged(before.graph, _completed(call, given, before.certificates))
    _check_enabled_scopes(before.graph, graph)
    after = Application(before.id, before.tenant_id, before.app_id, graph)
    application_rules.check_whole(call.service.store, who.directory, after)
    with call.service.store.transaction():
        apps.save_application(call.service.store, after)
        _update_principal(call, who, after)
    return odata.nothing(call)


async def add_password(call: Call) -> Response:
    """Answer POST /applications/{id}/addPassword: the only answer that ever shows the secret."""
    who = caller(call)
    who.demand(WRITE, WRITE_AS_APPLICATION)
    application = found.application(call, who)
    entry, secret = passwords.asked(call), passwords.secret(call.service)
    entry["hint"] = secret[:3]
    credentials = [*application.graph["passwordCredentials"], entry]
    with call.service.store.transaction():
        _save(call, application, {**application.graph, "passwordCredentials": credentials})
        ends = seconds(entry["endDateTime"])
        apps.add_secret(call.service.store, application.id, entry["keyId"], secret, ends)
    return odata.value(call, "microsoft.graph.passwordCredential", {**entry, "secretText": secret})


async def remove_password(call: Call) -> Response:
    """Answer POST /applications/{id}/removePassword."""
    who = caller(call)
    who.demand(WRITE, WRITE_AS_APPLICATION)
    application = found.application(call, who)
    key_id = passwords.key_id(call)
    kept = [entry for entry in application.graph["passwordCredentials"] if entry["keyId"] != key_id]
    with call.service.store.transaction():
        if not apps.remove_secret(call.service.store, application.id, key_id):
            raise errors.bad_request("No credentials found to be removed.")
        _save(call, application, {**application.graph, "passwordCredentials": kept})
    return odata.nothing(call)


def _save(call: Call, application: Application, graph: Mapping[str, Any]) -> Application:
    """Write the application as it has become; run it inside a transaction."""
    after = Application(application.id, application.tenant_id, application.app_id, graph)
    apps.save_application(call.service.store, after)
    return after


def shown(graph: Mapping[str, Any], *, keys: bool = False) -> dict[str, Any]:
    """Return an application as it is read: what is a relation in Graph is not in it, nor are its keys."""
    visible = {name: value for name, value in graph.items() if name != FEDERATED}
    return visible if keys else {**visible, "keyCredentials": certificates.shown(graph["keyCredentials"])}


def _completed(call: Call, given: Mapping[str, Any], before: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Fill in what Graph adds to scopes, roles and certificates."""
    changes = dict(given)
    if "keyCredentials" in changes:
        changes["keyCredentials"] = certificates.completed(changes["keyCredentials"], before, call.service.guid)
    api = changes.get("api")
    if isinstance(api, dict) and "oauth2PermissionScopes" in api:
        scopes = [{**SCOPE_DEFAULTS, **entry} for entry in api["oauth2PermissionScopes"]]
        changes["api"] = {**api, "oauth2PermissionScopes": scopes}
    if "appRoles" in changes:
        changes["appRoles"] = [{**ROLE_DEFAULTS, **entry} for entry in changes["appRoles"]]
    return changes


def _check_enabled_scopes(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    kept = {scope["id"] for scope in after["api"]["oauth2PermissionScopes"]}
    for scope in before["api"]["oauth2PermissionScopes"]:
        if scope["isEnabled"] and scope["id"] not in kept:
            raise errors.bad_request(
                "Permission (scope or role) cannot be deleted or updated unless disabled first.",
                "CannotDeleteOrUpdateEnabledEntitlement",
            )


def _update_principal(call: Call, who: Caller, application: Application) -> None:
    """Let the service principal follow its application."""
    principal = apps.principal(call.service.store, who.directory.tenant_id, application.app_id)
    if principal:
        fresh = principal_json(principal.id, application, {})
        own = {name: principal.graph[name] for name in ("accountEnabled", "appRoleAssignmentRequired", "tags")}
        updated = ServicePrincipal(principal.id, principal.tenant_id, principal.app_id, {**fresh, **own})
        apps.save_principal(call.service.store, updated)
