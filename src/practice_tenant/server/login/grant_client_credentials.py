"""A client that acts for itself.

A request such as::

    POST /{tenant}/oauth2/v2.0/token
    grant_type=client_credentials&client_id=...&client_secret=...&scope={resource}/.default

Source: RFC 6749 section 4.4; https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
"""

from __future__ import annotations

from practice_tenant.server.directory import apps
from practice_tenant.server.login import assignment, claims, clients, errors, scopes
from practice_tenant.server.login.claims import Grantee
from practice_tenant.server.login.issue import Redemption, TokenAnswer
from practice_tenant.server.login.realm import default_directory

SECONDS = 3_599


async def client_credentials(redemption: Redemption) -> TokenAnswer:
    """Issue an app-only token; the answer carries no ``scope``.

    Raises:
        LoginError: 7000216 without a credential; what ``clients.prove`` raises; 90014 without a scope, 1002012 unless
            it ends in ``/.default``; 500011; 7000229; 501051.
    """
    call, client = redemption.call, redemption.client
    store = call.service.store
    now = call.now(redemption.where.tenant_id)
    if not clients.prove(call, redemption.where, client, redemption.credentials, now):
        raise errors.credential_required_for_client_credentials()
    directory = redemption.where.directory or default_directory(call)
    words = call.value("scope").split()
    if not words:
        raise errors.field_missing("scope")
    if len(words) > 1 or not words[0].endswith("/" + scopes.DEFAULT):
        raise errors.scope_of_client_credentials(call.value("scope")[:500])
    request = scopes.read(store, directory.tenant_id, directory.tenant_id, client, words[0])
    scopes.check_resource_parameter(call.value("resource"), request)
    principal = apps.principal(store, directory.tenant_id, client.app_id)
    if principal is None:
        raise errors.client_without_principal(client.app_id, directory.tenant_id)
    asked = scopes.one_resource(request, store, directory.tenant_id)
    grantee = Grantee(
        directory=directory,
        client=client,
        authentication=redemption.credentials.authentication,
        object_id=principal.id,
        roles=assignment.of_application(store, client, principal, asked.resource, asked.audience),
    )
    seconds = call.settings.access_lifetime or SECONDS
    header, body = claims.access_token(call, grantee, asked.resource, asked.audience, (), seconds)
    return {
        "token_type": "Bearer",
        "expires_in": seconds,
        "ext_expires_in": seconds,
        "access_token": await call.keys.sign(header, body),
    }
