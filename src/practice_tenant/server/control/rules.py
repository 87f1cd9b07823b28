"""What a teacher lays upon a directory: faults, Conditional Access policies, outside issuers."""

from __future__ import annotations

from typing import Any

from practice_tenant.server.control.body import ControlRefused, body_of, text, word
from practice_tenant.server.control.people import user_named
from practice_tenant.server.directory import apps, issuers, policies
from practice_tenant.server.directory.objects import EntraTenant
from practice_tenant.server.directory.settings import BadSetting
from practice_tenant.server.http.messages import HttpRequest
from practice_tenant.server.service import Service

REQUIREMENTS = ("mfa", "block", "sign_in_frequency")
MOST_HOURS = 24 * 365


async def add_fault(service: Service, directory: EntraTenant, request: HttpRequest) -> dict[str, Any]:
    """Answer POST /directories/{directory}/faults: switch a fault on."""
    try:
        fault = service.faults.add(directory.tenant_id, await body_of(request))
    except BadSetting as error:
        raise ControlRefused(str(error)) from None
    return {"id": fault.id, "told": str(fault)}


async def remove_faults(service: Service, directory: EntraTenant, request: HttpRequest) -> dict[str, Any]:
    """Answer DELETE /directories/{directory}/faults and /faults/{id}; one that is over already is no error."""
    wanted = request.path_params.get("id")
    return {"removed": service.faults.remove(directory.tenant_id, None if wanted is None else int(wanted))}


async def add_policy(service: Service, directory: EntraTenant, request: HttpRequest) -> dict[str, Any]:
    """Answer POST /directories/{directory}/policies: require something for a resource, of everyone or of one user."""
    values = await body_of(request, "require", "resource", "user", "hours")
    require = word(values, "require", REQUIREMENTS)
    policy_id = service.guid()
    graph = {
        "id": policy_id,
        "displayName": f"{require} for {values.get('resource', policies.ALL)}"[:200],
        "state": "enabled",
        "conditions": {
            "users": {"includeUsers": [_user(service, directory, values)]},
            "applications": {"includeApplications": [_resource(service, directory, values)]},
        },
        "grantControls": {"operator": "OR", "builtInControls": [require]} if require in ("mfa", "block") else None,
        "sessionControls": _frequency(values) if require == "sign_in_frequency" else None,
    }
    policies.save(service.store, directory.tenant_id, graph)
    return graph


async def remove_policies(service: Service, directory: EntraTenant, request: HttpRequest) -> dict[str, Any]:
    """Answer DELETE /directories/{directory}/policies and /policies/{id}; one that is gone already is no error."""
    wanted = request.path_params.get("id")
    policy_ids = [
        policy.id for policy in policies.all_of(service.store, directory.tenant_id) if wanted in (None, policy.id)
    ]
    with service.store.transaction():
        for policy_id in policy_ids:
            policies.remove(service.store, directory.tenant_id, policy_id)
    return {"removed": len(policy_ids)}


async def add_issuer(service: Service, directory: EntraTenant, request: HttpRequest) -> dict[str, Any]:
    """Answer POST /directories/{directory}/issuers: say which keys an outside OpenID Connect issuer publishes."""
    values = await body_of(request, "issuer", "jwks")
    issuer, key_set = text(values, "issuer"), values.get("jwks")
    if not isinstance(key_set, dict) or not isinstance(key_set.get("keys"), list):
        raise ControlRefused("jwks takes a JSON Web Key Set: an object with the list keys")
    issuers.put(service.store, directory.tenant_id, issuer, key_set)
    return {"issuer": issuer, "keys": len(key_set["keys"])}


def _user(service: Service, directory: EntraTenant, values: dict[str, Any]) -> str:
    wanted = text(values, "user", policies.ALL)
    return wanted if wanted == policies.ALL else user_named(service, directory, wanted).id


def _resource(service: Service, directory: EntraTenant, values: dict[str, Any]) -> str:
    wanted = text(values, "resource", policies.ALL)
    if wanted == policies.ALL:
        return wanted
    resource = apps.resource(service.store, directory.tenant_id, wanted)
    if resource is None:
        raise ControlRefused(
            f"there is no resource {wanted[:100]!r}: give an application id or identifier URI, or All", 404
        )
    return resource.app_id


def _frequency(values: dict[str, Any]) -> dict[str, Any]:
    hours = values.get("hours", 1)
    if not isinstance(hours, int) or isinstance(hours, bool) or not 1 <= hours <= MOST_HOURS:
        raise ControlRefused(f"hours takes a whole number from 1 to {MOST_HOURS}")
    return {"signInFrequency": {"isEnabled": True, "type": "hours", "value": hours}}
