"""App registrations. Source: https://learn.microsoft.com/graph/api/application-post-applications"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from workshop.tenant.directory import apps
from workshop.tenant.directory.objects import Application, ServicePrincipal
from workshop.tenant.directory.shapes import application_json, merged, principal_json
from workshop.tenant.graph import application_rules, errors, odata
from workshop.tenant.graph.caller import Caller, caller
from workshop.tenant.web import Call, JsonAnswer

READ = (
    "Application.Read.All",
    "Application.ReadWrite.All",
    "Directory.Read.All",
    "Directory.AccessAsUser.All",
)
WRITE = ("Application.ReadWrite.All", "Directory.AccessAsUser.All")
WRITE_AS_APPLICATION = ("Application.ReadWrite.All",)
READ_AS_APPLICATION = ("Application.ReadWrite.All", "Directory.Read.All")

SECRET_LIFETIME_YEARS = 2
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
    changes = {"publisherDomain": who.directory.domain, **_completed(given)}
    graph = application_json(object_id, app_id, iso(call.now), changes)
    application = Application(object_id, who.directory.tenant_id, app_id, graph)
    application_rules.check_whole(call.service.store, who.directory, application)
    with call.service.store.transaction():
        apps.save_application(call.service.store, application)
    return odata.entity(call, "applications", graph, 201)


async def read(call: Call) -> Response:
    """Answer GET /applications/{id} and /applications(appId='{appId}')."""
    who = caller(call)
    who.demand(READ, READ_AS_APPLICATION)
    return odata.entity(call, "applications", _named(call, who).graph)


async def update(call: Call) -> Response:
    """Answer PATCH /applications/{id}: nested objects are merged, collections replaced."""
    who = caller(call)
    who.demand(WRITE, WRITE_AS_APPLICATION)
    before = _named(call, who)
    given = odata.body(call)
    application_rules.check(given)
    graph = merged(before.graph, _completed(given))
    _check_enabled_scopes(before.graph, graph)
    after = Application(before.id, before.tenant_id, before.app_id, graph)
    application_rules.check_whole(call.service.store, who.directory, after)
    with call.service.store.transaction():
        apps.save_application(call.service.store, after)
        _update_principal(call, who, after)
    return Response(status_code=204, headers=errors.headers(call))


async def add_password(call: Call) -> Response:
    """Answer POST /applications/{id}/addPassword: the only answer that ever shows the secret."""
    who = caller(call)
    who.demand(WRITE, WRITE_AS_APPLICATION)
    application = _named(call, who)
    asked = odata.body(call).get("passwordCredential")
    asked = {} if asked is None else asked
    if not isinstance(asked, dict):
        raise errors.invalid_value("passwordCredential", "Application")
    name = asked.get("displayName")
    if name is not None and not (isinstance(name, str) and len(name) <= application_rules.LONGEST_NAME):
        raise errors.invalid_value("displayName", "PasswordCredential")
    ends = _end(asked.get("endDateTime"), call.now)
    secret = f"practice.{call.service.opaque(30)}"
    key_id = call.service.guid()
    shown = {
        "customKeyIdentifier": None,
        "displayName": name,
        "endDateTime": iso(ends),
        "hint": secret[:3],
        "keyId": key_id,
        "secretText": None,
        "startDateTime": iso(call.now),
    }
    credentials = [*application.graph["passwordCredentials"], shown]
    graph = {**application.graph, "passwordCredentials": credentials}
    with call.service.store.transaction():
        changed = Application(application.id, application.tenant_id, application.app_id, graph)
        apps.save_application(call.service.store, changed)
        apps.add_secret(call.service.store, application.id, key_id, secret, ends)
    answer = {**shown, "secretText": secret}
    context = f"https://graph.microsoft.com/{call.path['version']}/$metadata#microsoft.graph.passwordCredential"
    return JsonAnswer({"@odata.context": context, **answer}, 200, errors.headers(call))


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _named(call: Call, who: Caller) -> Application:
    store = call.service.store
    if "app_id" in call.path:
        wanted = call.path["app_id"]
        found = apps.application(store, wanted)
        found = found if found and found.tenant_id == who.directory.tenant_id else None
    else:
        wanted = call.path["id"]
        found = apps.application_object(store, who.directory.tenant_id, wanted)
    if found is None:
        raise errors.not_found(wanted[:200])
    return found


def _completed(given: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in what Graph adds to scopes and roles."""
    changes = dict(given)
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


def _end(value: Any, now: float) -> float:
    """Return when a secret ends, in Unix seconds; two years from now unless the request says so."""
    if value is None:
        return now + SECRET_LIFETIME_YEARS * 365 * 86_400
    try:
        moment = datetime.fromisoformat(value)
        ends = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        iso(ends)
        return ends
    except (TypeError, ValueError, OverflowError, OSError):
        raise errors.invalid_value("endDateTime", "PasswordCredential") from None
