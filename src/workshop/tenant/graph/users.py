"""People and the organization. Source: https://learn.microsoft.com/graph/api/user-get"""

from __future__ import annotations

from starlette.responses import Response

from workshop.tenant.directory import people
from workshop.tenant.graph import errors, odata
from workshop.tenant.graph.caller import caller
from workshop.tenant.web import Call

DEFAULT_PROPERTIES = (
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
)
READ_SELF = ("User.Read", "User.ReadWrite")
READ_OTHERS = (
    "User.ReadBasic.All",
    "User.Read.All",
    "User.ReadWrite.All",
    "Directory.Read.All",
    "Directory.AccessAsUser.All",
)
READ_OTHERS_AS_APPLICATION = ("User.Read.All", "Directory.Read.All")


async def me(call: Call) -> Response:
    """Answer GET /me."""
    who = caller(call)
    if who.user is None:
        raise errors.bad_request("/me request is only valid with delegated authentication flow.", "BadRequest")
    who.demand((*READ_SELF, *READ_OTHERS))
    return odata.entity(call, "users", who.user.graph, default=DEFAULT_PROPERTIES)


async def user(call: Call) -> Response:
    """Answer GET /users/{id or user principal name}."""
    who = caller(call)
    wanted = call.path["id"]
    found = people.user(call.service.store, who.directory.tenant_id, wanted)
    allowed: tuple[str, ...] = READ_OTHERS
    if who.user and found and who.user.id == found.id:
        allowed = (*READ_OTHERS, *READ_SELF)
    who.demand(allowed, READ_OTHERS_AS_APPLICATION)
    if found is None:
        raise errors.not_found(wanted[:200])
    return odata.entity(call, "users", found.graph, default=DEFAULT_PROPERTIES)


async def organization(call: Call) -> Response:
    """Answer GET /organization."""
    who = caller(call)
    who.demand((*READ_SELF, *READ_OTHERS), READ_OTHERS_AS_APPLICATION)
    return odata.collection(call, "organization", [who.directory.graph])
