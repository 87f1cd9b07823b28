"""Azure Resource Manager, as far as ``az login`` asks: the tenants of the user, and their subscriptions (none).

Source: https://learn.microsoft.com/rest/api/resources/tenants/list and
https://learn.microsoft.com/rest/api/resources/subscriptions/list
"""

from __future__ import annotations

from practice_tenant.server import bearer
from practice_tenant.server.directory import people
from practice_tenant.server.directory.objects import EntraTenant
from practice_tenant.server.directory.wellknown import MANAGEMENT, MANAGEMENT_URIS
from practice_tenant.server.http.messages import Response
from practice_tenant.server.http.routing import HttpRoute
from practice_tenant.server.service import Service
from practice_tenant.server.web import Call, JsonAnswer, Row, routes

AUDIENCES = frozenset({MANAGEMENT, *MANAGEMENT_URIS})


class ManagementError(Exception):
    """A refusal in Azure Resource Manager's form."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


async def tenants(call: Call) -> Response:
    """Answer GET ``/tenants``: the directory that the token is from."""
    directory = _directory(call)
    tenant = {
        "id": f"/tenants/{directory.tenant_id}",
        "tenantId": directory.tenant_id,
        "countryCode": directory.graph["countryLetterCode"],
        "displayName": directory.display_name,
        "domains": [directory.domain],
        "tenantCategory": "Home",
        "defaultDomain": directory.domain,
        "tenantType": "AAD",
    }
    return JsonAnswer({"value": [tenant]})


async def subscriptions(call: Call) -> Response:
    """Answer GET ``/subscriptions``: a practice tenant has none."""
    _directory(call)
    return JsonAnswer({"value": [], "count": {"type": "Total", "value": 0}})


async def missing(call: Call) -> Response:
    """Say what is missing here."""
    path = call.request.path[:200]
    raise ManagementError(501, "NotImplemented", f"The PRACTICE tenant has no {call.request.method} {path} here.")


TABLE: tuple[Row, ...] = (
    ("GET", "/tenants", tenants),
    ("GET", "/subscriptions", subscriptions),
    *((method, "/{rest:path}", missing) for method in ("GET", "POST", "PUT", "PATCH", "DELETE")),
)


def management_routes(service: Service) -> list[HttpRoute]:
    """Return the routes of ``management.azure.com``."""
    return routes(service, TABLE, _answer_error)


def _directory(call: Call) -> EntraTenant:
    """Return the directory of a verified caller.

    Raises:
        ManagementError: 401.
    """
    token = bearer.presented(call)
    if not token:
        raise ManagementError(
            401,
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing.",
        )
    try:
        claims = bearer.claims(call.service.keys, token)
    except bearer.Unacceptable:
        raise ManagementError(401, "InvalidAuthenticationToken", "The access token is invalid.") from None
    call.enter(str(claims.get("tid")))
    if claims.get("aud") not in AUDIENCES:
        raise ManagementError(
            401, "InvalidAuthenticationTokenAudience", "The access token has been obtained for wrong audience."
        )
    directory = people.directory(call.service.store, str(claims.get("tid")))
    if directory is None or not bearer.in_time(claims, call.now(directory.tenant_id)):
        raise ManagementError(401, "ExpiredAuthenticationToken", "The access token expiry time is in the past.")
    return directory


def _answer_error(call: Call, error: Exception) -> Response | None:
    if not isinstance(error, ManagementError):
        return None
    call.remark.reason = f"{error.code}: {error}"
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
    return JsonAnswer({"error": {"code": error.code, "message": str(error)}}, error.status, headers)
