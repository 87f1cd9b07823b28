"""Delegated permission grants: consent, as administrators read, give and withdraw it.

Source: https://learn.microsoft.com/graph/api/resources/oauth2permissiongrant
"""

from __future__ import annotations

from typing import Any

from practice_tenant.server.directory import apps, grants, people
from practice_tenant.server.directory.objects import PermissionGrant
from practice_tenant.server.graph import authority, errors, found, kinds, odata
from practice_tenant.server.graph.caller import Caller, caller
from practice_tenant.server.graph.permissions import READ_GRANTS, WRITE_GRANTS
from practice_tenant.server.http.messages import Response
from practice_tenant.server.web import Call

RESOURCE = "OAuth2PermissionGrant"
MEMBERS = ("clientId", "consentType", "principalId", "resourceId", "scope")


async def create(call: Call) -> Response:
    """Answer POST /oauth2PermissionGrants: consent, given by an administrator."""
    who = caller(call)
    who.demand(WRITE_GRANTS)
    if not authority.may_consent(who):
        raise errors.denied()
    wanted = _body(call)
    store, tenant_id = call.service.store, who.directory.tenant_id
    for member in ("clientId", "resourceId"):
        principal = apps.principal(store, tenant_id, wanted[member])
        if principal is None or principal.id != wanted[member] or principal.id in found.hidden(call, who):
            raise errors.not_found(wanted[member][:200])
    principal_id = wanted["principalId"]
    if principal_id and people.user(store, tenant_id, principal_id) is None:
        raise errors.not_found(principal_id[:200])
    if grants.exists(store, tenant_id, wanted["clientId"], wanted["resourceId"], principal_id):
        raise errors.GraphError(409, "Request_MultipleObjectsWithSameKeyValue", "Permission entry already exists.")
    scopes = wanted["scope"].split()
    made = grants.add(store, tenant_id, wanted["clientId"], wanted["resourceId"], principal_id, scopes)
    return odata.entity(call, kinds.GRANT, _shown(made), 201)


async def listed(call: Call) -> Response:
    """Answer GET /oauth2PermissionGrants."""
    who = caller(call)
    who.demand(READ_GRANTS)
    every = grants.grants(call.service.store, who.directory.tenant_id)
    return odata.collection(call, kinds.GRANT, [_shown(grant) for grant in every])


async def of_principal(call: Call) -> Response:
    """Answer GET /servicePrincipals/{id}/oauth2PermissionGrants: what the client was granted."""
    who = caller(call)
    who.demand(READ_GRANTS)
    principal = found.principal(call, who)
    every = grants.grants(call.service.store, who.directory.tenant_id)
    return odata.collection(call, kinds.GRANT, [_shown(grant) for grant in every if grant.client_id == principal.id])


async def of_user(call: Call) -> Response:
    """Answer GET /me/oauth2PermissionGrants and /users/{id}/oauth2PermissionGrants: what one user granted."""
    who = caller(call)
    who.demand(READ_GRANTS)
    user = found.person(call, who)
    every = grants.grants(call.service.store, who.directory.tenant_id)
    return odata.collection(call, kinds.GRANT, [_shown(grant) for grant in every if grant.principal_id == user.id])


async def read(call: Call) -> Response:
    """Answer GET /oauth2PermissionGrants/{id}."""
    who = caller(call)
    who.demand(READ_GRANTS)
    return odata.entity(call, kinds.GRANT, _shown(_named(call, who)))


async def update(call: Call) -> Response:
    """Answer PATCH /oauth2PermissionGrants/{id}: the scopes are replaced."""
    who = caller(call)
    who.demand(WRITE_GRANTS)
    if not authority.may_consent(who):
        raise errors.denied()
    grant = _named(call, who)
    changes = odata.body(call)
    for name in changes:
        if name not in (*MEMBERS, "id"):
            raise errors.bad_request(f"Invalid property '{name[:100]}'.")
        if name != "scope" and changes[name] != _shown(grant)[name]:
            raise errors.bad_request(f"Property '{name}' is read-only and cannot be set.")
    if not isinstance(changes.get("scope", ""), str):
        raise errors.invalid_value("scope", RESOURCE)
    if "scope" in changes:
        grants.change(call.service.store, who.directory.tenant_id, grant.id, changes["scope"].split())
    return odata.nothing(call)


async def delete(call: Call) -> Response:
    """Answer DELETE /oauth2PermissionGrants/{id}: the consent is withdrawn."""
    who = caller(call)
    who.demand(WRITE_GRANTS)
    if not authority.may_consent(who):
        raise errors.denied()
    grants.remove(call.service.store, who.directory.tenant_id, _named(call, who).id)
    return odata.nothing(call)


def _named(call: Call, who: Caller) -> PermissionGrant:
    wanted = call.path["id"]
    grant = grants.grant(call.service.store, who.directory.tenant_id, wanted)
    if grant is None:
        raise errors.not_found(wanted[:200])
    return grant


def _shown(grant: PermissionGrant) -> dict[str, Any]:
    return {
        "clientId": grant.client_id,
        "consentType": grant.consent_type,
        "id": grant.id,
        "principalId": grant.principal_id or None,
        "resourceId": grant.resource_id,
        "scope": " ".join(grant.scopes),
    }


def _body(call: Call) -> dict[str, Any]:
    body = odata.body(call)
    wanted = {name: body.get(name) for name in MEMBERS}
    wanted["principalId"] = wanted["principalId"] or ""
    for name, value in wanted.items():
        if not isinstance(value, str):
            raise errors.invalid_value(name, RESOURCE)
    if wanted["consentType"] not in (grants.ALL_PRINCIPALS, grants.PRINCIPAL):
        raise errors.invalid_value("consentType", RESOURCE)
    if (wanted["consentType"] == grants.PRINCIPAL) != bool(wanted["principalId"]):
        raise errors.invalid_value("principalId", RESOURCE)
    return wanted
