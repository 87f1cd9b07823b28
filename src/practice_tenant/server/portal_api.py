"""The Entra portal's own API, as far as ``az ad app permission admin-consent`` asks: its button *Grant admin consent*.

The interface is not documented. Evidence: azure-cli's ``role/custom.py`` (what is asked), Azure/azure-cli#16422 (the
refusal), https://learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent (what was granted to the
application for everyone before is revoked).
"""

from __future__ import annotations

from practice_tenant.server import bearer
from practice_tenant.server.directory import apps, assignments, grants, people
from practice_tenant.server.directory.objects import Application, EntraTenant
from practice_tenant.server.directory.wellknown import PORTAL_API
from practice_tenant.server.http.messages import Response
from practice_tenant.server.http.routing import HttpRoute
from practice_tenant.server.login import consent, static_permissions
from practice_tenant.server.login.errors import LoginError
from practice_tenant.server.service import Service
from practice_tenant.server.web import Call, JsonAnswer, Row, routes


class PortalError(Exception):
    """A refusal in the portal's form."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


async def grant_admin_consent(call: Call) -> Response:
    """Answer POST ``/api/RegisteredApplications/{app_id}/Consent?onBehalfOfAll=true``."""
    directory = _administered(call)
    if call.request.query_params.get("onBehalfOfAll", "").lower() != "true":
        raise PortalError(501, "The PRACTICE tenant has no Consent without onBehalfOfAll=true.")
    store, app_id = call.service.store, call.path["app_id"]
    client = apps.application(store, app_id)
    if client is None or client.tenant_id != directory.tenant_id:
        raise _graph_failed(
            404,
            "NotFound",
            "Request_ResourceNotFound",
            f"Resource '{app_id}' does not exist or one of its queried reference-property objects are not present.",
        )
    try:
        permissions = static_permissions.every(store, directory, client)
    except LoginError as error:
        raise _graph_failed(400, "BadRequest", "Request_BadRequest", str(error)) from None
    with store.transaction():
        _revoke(call, directory, client)
        consent.grant(store, directory, permissions, "", [call.service.guid() for _ in permissions])
    return Response(status_code=204)


async def missing(call: Call) -> Response:
    """Say what is missing here."""
    path = call.request.path[:200]
    raise PortalError(501, f"The PRACTICE tenant has no {call.request.method} {path} here.")


TABLE: tuple[Row, ...] = (
    ("POST", "/api/RegisteredApplications/{app_id}/Consent", grant_admin_consent),
    *((method, "/{rest:path}", missing) for method in ("GET", "POST", "PUT", "PATCH", "DELETE")),
)


def portal_routes(service: Service) -> list[HttpRoute]:
    """Return the routes of ``main.iam.ad.ext.azure.com``."""
    return routes(service, TABLE, _answer_error)


def _administered(call: Call) -> EntraTenant:
    """Return the directory of a caller who may consent for everyone in it.

    Raises:
        PortalError: 401, and 403 for everyone but an administrator.
    """
    try:
        claims = bearer.claims(call.service.keys, bearer.presented(call))
    except bearer.Unacceptable:
        raise PortalError(401, "The access token is missing or invalid.") from None
    call.enter(str(claims.get("tid")))
    directory = people.directory(call.service.store, str(claims.get("tid")))
    if (
        directory is None
        or claims.get("aud") != PORTAL_API
        or not bearer.in_time(claims, call.now(directory.tenant_id))
    ):
        raise PortalError(401, "The access token is for another audience or has expired.")
    user = people.user(call.service.store, directory.tenant_id, str(claims.get("oid"))) if "scp" in claims else None
    if user is None or not user.enabled or not user.is_administrator:
        raise _graph_failed(
            403,
            "Forbidden",
            "Authorization_RequestDenied",
            "This operation can only be performed by an administrator.",
        )
    return directory


def _revoke(call: Call, directory: EntraTenant, client: Application) -> None:
    """Take back what the application was granted for everyone and for itself; users' own consent stays."""
    store, tenant_id = call.service.store, directory.tenant_id
    principal = consent.ensure_principal(store, directory, client)
    for grant in grants.grants(store, tenant_id):
        if grant.client_id == principal.id and not grant.principal_id:
            grants.remove(store, tenant_id, grant.id)
    for assignment in assignments.held_by(store, tenant_id, principal.id):
        assignments.remove(store, tenant_id, assignment.id)


def _graph_failed(status: int, name: str, code: str, message: str) -> PortalError:
    return PortalError(status, f"Graph call failed with httpCode={name}, errorCode={code}, errorMessage={message}")


def _answer_error(call: Call, error: Exception) -> Response | None:
    if not isinstance(error, PortalError):
        return None
    call.remark.reason = str(error)
    body = {"ClassName": "Microsoft.Portal.Framework.Exceptions.ClientException", "Message": str(error)}
    return JsonAnswer(body, error.status)
