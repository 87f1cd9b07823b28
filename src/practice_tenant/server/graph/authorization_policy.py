"""What users may do by themselves. Source: https://learn.microsoft.com/graph/api/authorizationpolicy-update"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from practice_tenant.server.directory import authorization_policy
from practice_tenant.server.directory.shapes import merged
from practice_tenant.server.graph import errors, kinds, odata
from practice_tenant.server.graph.caller import caller
from practice_tenant.server.graph.permissions import READ_POLICY, WRITE_POLICY
from practice_tenant.server.http.messages import Response
from practice_tenant.server.web import Call

LONGEST_TEXT = 256
MOST_POLICIES = 50


async def read(call: Call) -> Response:
    """Answer GET /policies/authorizationPolicy."""
    who = caller(call)
    who.demand(READ_POLICY)
    policy = authorization_policy.read(call.service.store, who.directory.tenant_id)
    return odata.entity(call, kinds.AUTHORIZATION_POLICY, policy)


async def update(call: Call) -> Response:
    """Answer PATCH /policies/authorizationPolicy; no ``permissionGrantPoliciesAssigned`` forbids user consent."""
    who = caller(call)
    who.demand(WRITE_POLICY)
    if who.user is not None and not who.user.is_administrator:
        raise errors.denied()
    store, tenant_id = call.service.store, who.directory.tenant_id
    before = authorization_policy.read(store, tenant_id)
    changes = odata.body(call)
    _check(changes, before)
    authorization_policy.save(store, tenant_id, merged(before, changes))
    return odata.nothing(call)


def _check(changes: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    """Check that what is given has the names and the kinds of what there is.

    Raises:
        GraphError: 400 naming the first property that has not.
    """
    for name, value in changes.items():
        if name not in before or name == "id":
            raise errors.bad_request(f"Invalid property '{name[:100]}'.")
        if isinstance(before[name], dict) and isinstance(value, dict):
            _check(value, before[name])
        elif not _like(value, before[name]):
            raise errors.invalid_value(name[:100], "AuthorizationPolicy")


def _like(value: Any, before: Any) -> bool:
    if isinstance(before, list):
        return isinstance(value, list) and len(value) <= MOST_POLICIES and all(_like(each, "") for each in value)
    if isinstance(before, str):
        return isinstance(value, str) and len(value) <= LONGEST_TEXT
    return type(value) is type(before)
