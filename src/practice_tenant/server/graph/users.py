"""People and the organization.

Source: https://learn.microsoft.com/graph/api/resources/user
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from practice_tenant.server.directory import assignments, grants, people
from practice_tenant.server.directory.objects import GLOBAL_ADMINISTRATOR, User
from practice_tenant.server.directory.people_shapes import ORGANIZATION, USER, whole
from practice_tenant.server.graph import authority, errors, found, kinds, odata, shown
from practice_tenant.server.graph.caller import Caller, caller
from practice_tenant.server.graph.permissions import (
    READ_ORGANIZATION,
    READ_SELF,
    READ_SELF_OR_USERS,
    READ_USERS,
    WRITE_USERS,
)
from practice_tenant.server.graph.times import iso
from practice_tenant.server.http.messages import Response
from practice_tenant.server.web import Call

NEEDED = ("displayName", "userPrincipalName", "mailNickname", "accountEnabled", "passwordProfile")
TEXTS = (
    *("displayName", "givenName", "surname", "jobTitle", "department", "mail", "mailNickname", "mobilePhone"),
    *("officeLocation", "preferredLanguage", "city", "companyName", "country", "employeeId", "employeeType"),
    *("postalCode", "state", "streetAddress", "usageLocation", "onPremisesImmutableId", "passwordPolicies"),
)
LONGEST_TEXT = 256

_UPN = re.compile(r"[A-Za-z0-9'._!#^~-]{1,64}@(?P<domain>[A-Za-z0-9.-]{1,200})")


async def read(call: Call) -> Response:
    """Answer GET /me and GET /users/{id or user principal name}."""
    who = caller(call)
    is_me = call.path["person"].lower() == "me"
    wanted = _wanted(call, who)
    own = wanted is not None and who.user is not None and who.user.id == wanted.id
    who.demand(READ_SELF if is_me else READ_SELF_OR_USERS if own else READ_USERS)
    return odata.entity(call, kinds.USER, shown.user(found.person(call, who)))


async def listed(call: Call) -> Response:
    """Answer GET /users."""
    return odata.collection(call, kinds.USER, _all(call))


async def counted(call: Call) -> Response:
    """Answer GET /users/$count."""
    return odata.count(call, kinds.USER, _all(call))


async def create(call: Call) -> Response:
    """Answer POST /users; the password is thrown away, for nobody is asked for one here."""
    who = caller(call)
    _demand_administrator(who)
    properties = odata.body(call)
    for name in NEEDED:
        if properties.get(name) in (None, ""):
            raise errors.bad_request(f"A value is required for property '{name}' of resource 'User'.")
    changes = _checked(call, who, properties)
    user_id = call.service.guid()
    graph = {
        "id": user_id,
        **{name: USER[name] for name in (*kinds.USER.default, "department") if name != "id"},
        "createdDateTime": iso(call.now(who.directory.tenant_id)),
        "userType": "Member",
        "accountEnabled": True,
        **changes,
    }
    user = User(user_id, who.directory.tenant_id, str(graph["userPrincipalName"]), (), graph)
    with call.service.store.transaction():
        people.add_user(call.service.store, user)
        found.made(call, who, user_id)
    return odata.entity(call, kinds.USER, shown.user(user), 201)


async def update(call: Call) -> Response:
    """Answer PATCH /users/{id}."""
    who = caller(call)
    _demand_administrator(who)
    before = found.person(call, who)
    graph = {**before.graph, **_checked(call, who, odata.body(call), before)}
    people.save_user(
        call.service.store,
        User(before.id, before.tenant_id, str(graph["userPrincipalName"]), before.roles, graph),
    )
    return odata.nothing(call)


async def delete(call: Call) -> Response:
    """Answer DELETE /users/{id}."""
    who = caller(call)
    _demand_administrator(who)
    user = found.person(call, who)
    with call.service.store.transaction():
        people.remove_user(call.service.store, user.tenant_id, user.id)
        grants.forget(call.service.store, user.tenant_id, user.id)
        assignments.forget(call.service.store, user.tenant_id, user.id)
    return odata.nothing(call)


async def organization(call: Call) -> Response:
    """Answer GET /organization."""
    who = caller(call)
    who.demand(READ_ORGANIZATION)
    return odata.collection(call, kinds.ORGANIZATION, [whole(ORGANIZATION, who.directory.graph)])


async def organization_by_id(call: Call) -> Response:
    """Answer GET /organization/{id}."""
    who = caller(call)
    who.demand(READ_ORGANIZATION)
    if call.path["id"].lower() != who.directory.tenant_id:
        raise errors.not_found(call.path["id"][:200])
    return odata.entity(call, kinds.ORGANIZATION, whole(ORGANIZATION, who.directory.graph))


def _all(call: Call) -> list[dict[str, Any]]:
    who = caller(call)
    who.demand(READ_USERS)
    if who.user and who.user.is_guest:
        raise errors.denied()  # guests don't list the directory
    left_out = found.hidden(call, who)
    every = people.users(call.service.store, who.directory.tenant_id)
    return [shown.user(user) for user in every if user.id not in left_out]


def _wanted(call: Call, who: Caller) -> User | None:
    """Return who is asked for, before anything is told about whether they are there."""
    collection, wanted, _ = found.address(call.path["person"])
    return who.person if collection == "me" else people.user(call.service.store, who.directory.tenant_id, wanted)


def _demand_administrator(who: Caller) -> None:
    who.demand(WRITE_USERS)
    if who.user and not authority.is_one_of(who, (GLOBAL_ADMINISTRATOR,)):
        raise errors.denied()


def _checked(call: Call, who: Caller, properties: Mapping[str, Any], before: User | None = None) -> dict[str, Any]:
    """Return the properties that a request sets.

    Raises:
        GraphError: 400, or 501 for a property of Graph that can't be set here.
    """
    changes: dict[str, Any] = {}
    for name, value in properties.items():
        if name not in USER:
            raise errors.bad_request(f"Invalid property '{name[:100]}'.")
        if name == "passwordProfile":
            continue
        if name == "userPrincipalName":
            _check_upn(call, who, value, before)
        elif name == "accountEnabled":
            _check(isinstance(value, bool), name)
        elif name == "businessPhones":
            _check(isinstance(value, list) and len(value) <= 1 and all(_text(entry) for entry in value), name)
        elif name in TEXTS:
            _check(_text(value) or (value is None and name != "displayName"), name)
        else:
            raise errors.missing_here(call.request.method, f"/users with {name}")
        changes[name] = value
    return changes


def _check(good: bool, name: str) -> None:
    if not good:
        raise errors.invalid_value(name, "User")


def _check_upn(call: Call, who: Caller, value: Any, before: User | None) -> None:
    read = _UPN.fullmatch(value) if isinstance(value, str) else None
    if read is None or read["domain"].lower() != who.directory.domain.lower():
        raise errors.bad_request(
            "The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain "
            "names in your organization."
        )
    other = people.user(call.service.store, who.directory.tenant_id, value)
    if other and (before is None or other.id != before.id):
        raise errors.bad_request("Another object with the same value for property userPrincipalName already exists.")


def _text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_TEXT
