"""The two forms in which code on an Azure host asks for a token of the host's identity.

Sources: https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference and
https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from practice_tenant.server.directory import apps, managed_identities, people
from practice_tenant.server.directory.managed_identities import ManagedIdentity
from practice_tenant.server.directory.objects import EntraTenant
from practice_tenant.server.directory.seed import FOUNDED
from practice_tenant.server.http.messages import Response
from practice_tenant.server.http.routing import HttpRoute
from practice_tenant.server.login import assignment, claims
from practice_tenant.server.login import errors as login_errors
from practice_tenant.server.login.claims import Grantee
from practice_tenant.server.login.envelope import error_members
from practice_tenant.server.login.errors import LoginError
from practice_tenant.server.managed_identity import errors
from practice_tenant.server.managed_identity.errors import IdentityError
from practice_tenant.server.service import Service
from practice_tenant.server.web import Call, Handler, JsonAnswer, routes

SECONDS = 86_399
APP_SERVICE_VERSION = "2019-08-01"
CERTIFICATE = "2"

# Which identities are assigned to the host that asks: the second piece of the path.
ASSIGNED: Mapping[str, tuple[bool, bool]] = {
    "both": (True, True),
    "system": (True, False),
    "user": (False, True),
    "none": (False, False),
}
# The parameter that names an identity, and what it names.
APP_SERVICE_IDS = {
    "client_id": "client_id",
    "object_id": "object_id",
    "principal_id": "object_id",
    "mi_res_id": "resource_id",
}
IMDS_IDS = {"client_id": "client_id", "object_id": "object_id", "msi_res_id": "resource_id", "mi_res_id": "resource_id"}


@dataclass(frozen=True)
class Host:
    """A machine on Azure: the directory its subscription trusts, and the identities assigned to it."""

    directory: EntraTenant
    identities: tuple[ManagedIdentity, ...]

    @property
    def system_assigned(self) -> ManagedIdentity | None:
        return next((identity for identity in self.identities if not identity.user_assigned), None)


def identity_routes(service: Service, header: str) -> list[HttpRoute]:
    """Return the routes of the door.

    Args:
        header: the value of IDENTITY_HEADER, which the App Service form demands.
    """
    return [
        *routes(service, [("GET", "/{tenant}/{assigned}/msi/token", _app_service(header))], answer_app_service),
        *routes(service, [("GET", "/{tenant}/{assigned}/metadata/identity/oauth2/token", imds)], answer_imds),
    ]


def _app_service(header: str) -> Handler:
    async def app_service(call: Call) -> Response:
        """Answer the App Service form."""
        call.remark.flow = "managed_identity"
        host = _host(call)
        if not hmac.compare_digest(call.request.headers.get("x-identity-header", "").encode(), header.encode()):
            raise errors.wrong_identity_header()
        if call.value("api-version") != APP_SERVICE_VERSION:
            raise errors.wrong_api_version()
        if not call.value("resource"):
            raise errors.no_resource()
        named = _named(call, host, APP_SERVICE_IDS)
        if named is None and any(call.value(name) for name in APP_SERVICE_IDS):
            raise errors.no_such_identity()
        identity = named or host.system_assigned
        if identity is None:
            raise errors.no_identity_assigned()
        body, token = await _token(call, host, identity)
        members = {
            "access_token": token,
            "expires_on": str(body["exp"]),
            "resource": call.value("resource"),
            "token_type": "Bearer",
            "client_id": identity.principal.app_id,
        }
        return JsonAnswer(members, headers={"X-CORRELATION-ID": call.correlation_id})

    return app_service


async def imds(call: Call) -> Response:
    """Answer the form of the Instance Metadata Service."""
    call.remark.flow = "managed_identity"
    host = _host(call)
    if call.request.headers.get("metadata") != "true":
        raise errors.metadata_header_missing()
    for name in ("api-version", "resource"):
        if not call.value(name):
            raise errors.variable_missing(name)
    named = _named(call, host, IMDS_IDS)
    if named is None and any(call.value(name) for name in IMDS_IDS):
        raise errors.identity_not_found()
    identity = named or host.system_assigned
    if identity is None and len(host.identities) > 1:
        raise errors.several_identities()
    if identity is None and not host.identities:
        raise errors.identity_not_found()
    identity = identity or host.identities[0]
    body, token = await _token(call, host, identity)
    members = {
        "access_token": token,
        "client_id": identity.principal.app_id,
        "expires_in": str(_lifetime(call)),
        "expires_on": str(body["exp"]),
        "ext_expires_in": str(_lifetime(call)),
        "not_before": str(body["nbf"]),
        "resource": call.value("resource"),
        "token_type": "Bearer",
    }
    return JsonAnswer(members)


def answer_app_service(call: Call, error: Exception) -> Response | None:
    """Answer a refusal in the App Service form; why there is no token for a resource is not told."""
    if isinstance(error, LoginError):
        call.remark.reason = str(error)
        error = errors.token_not_fetched()
    if not isinstance(error, IdentityError):
        return None
    call.remark.reason = call.remark.reason or str(error)
    members = {"statusCode": error.status, "message": error.text, "correlationId": call.correlation_id}
    return JsonAnswer(members, error.status, {"X-CORRELATION-ID": call.correlation_id})


def answer_imds(call: Call, error: Exception) -> Response | None:
    """Answer a refusal in the form of IMDS; what Entra refuses is passed on as it is."""
    if isinstance(error, LoginError):
        call.remark.reason = str(error)
        return JsonAnswer(error_members(call, error), 400)
    if not isinstance(error, IdentityError):
        return None
    call.remark.reason = str(error)
    return JsonAnswer({"error": error.error, "error_description": error.text}, error.status)


def _host(call: Call) -> Host:
    store = call.service.store
    directory = people.directory(store, call.path["tenant"])
    assigned = ASSIGNED.get(call.path["assigned"])
    if directory is None or assigned is None:
        raise errors.no_such_host(ASSIGNED)
    call.enter(directory.tenant_id)
    system, user = assigned
    known = managed_identities.all_of(store, directory.tenant_id)
    if not known:  # a directory that was made before there were any
        with store.transaction():
            managed_identities.sow(store, directory.tenant_id, FOUNDED)
        known = managed_identities.all_of(store, directory.tenant_id)
    return Host(directory, tuple(each for each in known if (user if each.user_assigned else system)))


def _named(call: Call, host: Host, parameters: Mapping[str, str]) -> ManagedIdentity | None:
    """Return the identity that the request names, if it is assigned to the host."""
    ids = [(kind, call.value(name)) for name, kind in parameters.items() if call.value(name)]
    for identity in host.identities:
        if ids and all(identity.answers_to(kind, value) for kind, value in ids):
            return identity
    return None


async def _token(call: Call, host: Host, identity: ManagedIdentity) -> tuple[dict[str, Any], str]:
    """Return claims and token: app-only, as if the client had used a certificate.

    Raises:
        LoginError: 500011 or 501051.
    """
    store, directory, wanted = call.service.store, host.directory, call.value("resource")
    resource = apps.resource(store, directory.tenant_id, wanted.rstrip("/"))
    if resource is None:
        raise login_errors.resource_not_found(wanted[:300], directory.tenant_id)
    client, principal = identity.as_client(), identity.principal
    roles = assignment.of_application(store, client, principal, resource, wanted)
    grantee = Grantee(directory, client, CERTIFICATE, principal.id, roles=roles)
    header, body = claims.access_token(call, grantee, resource, wanted, (), _lifetime(call))
    return body, await call.keys.sign(header, body)


def _lifetime(call: Call) -> int:
    return call.settings.access_lifetime or SECONDS
