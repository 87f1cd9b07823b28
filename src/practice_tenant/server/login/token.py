"""The token endpoint: a literal table from grant type to its function.

Source: RFC 6749 sections 4.1.3, 4.4.2, 6; https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from practice_tenant.server.http.messages import Response
from practice_tenant.server.login import clients, cross_origin, errors
from practice_tenant.server.login.envelope import NO_STORE
from practice_tenant.server.login.grant_authorization_code import authorization_code
from practice_tenant.server.login.grant_client_credentials import client_credentials
from practice_tenant.server.login.grant_device_code import device_code_grant
from practice_tenant.server.login.grant_on_behalf_of import on_behalf_of
from practice_tenant.server.login.grant_password import password
from practice_tenant.server.login.grant_refresh_token import refresh_token
from practice_tenant.server.login.issue import Redemption, TokenAnswer
from practice_tenant.server.login.realm import realm
from practice_tenant.server.web import Call, JsonAnswer

Grant = Callable[[Redemption], Awaitable[TokenAnswer]]

GRANTS: Mapping[str, Grant] = {
    "authorization_code": authorization_code,
    "client_credentials": client_credentials,
    "password": password,
    "refresh_token": refresh_token,
    "urn:ietf:params:oauth:grant-type:jwt-bearer": on_behalf_of,
    "urn:ietf:params:oauth:grant-type:device_code": device_code_grant,
    "device_code": device_code_grant,
}
# What the log calls a flow whose grant type has a longer name.
FLOWS: Mapping[str, str] = {
    "urn:ietf:params:oauth:grant-type:jwt-bearer": "on_behalf_of",
    "urn:ietf:params:oauth:grant-type:device_code": "device_code",
    "password": "",  # nobody gets anywhere by it
}


async def token(call: Call) -> Response:
    """Answer POST ``/{tenant}/oauth2/v2.0/token``; only the body counts (RFC 6749 section 2.3.1)."""
    call.remark.form_only = True
    grant_type = call.value("grant_type")
    call.remark.flow = FLOWS.get(grant_type, grant_type) if grant_type in GRANTS else ""
    where = realm(call)
    if not grant_type:
        raise errors.missing_parameter("grant_type")
    credentials = clients.presented(call)
    grant = GRANTS.get(grant_type)
    if grant is None:
        raise errors.unsupported_grant_type(grant_type[:100])
    client = clients.find(call, where, credentials.client_id)
    answer = await grant(Redemption(call, where, client, credentials))
    return JsonAnswer(answer, headers={**NO_STORE, **cross_origin.headers(call)})


async def by_get(call: Call) -> Response:
    """Refuse GET, as a browser sends it that was led to the wrong address.

    Raises:
        LoginError: 900561.
    """
    raise errors.post_only(call.request.method)
