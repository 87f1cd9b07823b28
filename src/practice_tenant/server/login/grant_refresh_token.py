"""Redeeming a refresh token: a new one each time, and the old one stays valid.

A request such as::

    POST /{tenant}/oauth2/v2.0/token
    grant_type=refresh_token&client_id=...&client_secret=...&refresh_token=...&scope=...

Source: RFC 6749 section 6; https://learn.microsoft.com/entra/identity-platform/refresh-tokens
"""

from __future__ import annotations

from practice_tenant.server.directory import sign_ins
from practice_tenant.server.directory.sign_ins import RefreshToken, StoredSignIn
from practice_tenant.server.login import conditional_access, errors, issue, scopes
from practice_tenant.server.login.dotnet import instant, span
from practice_tenant.server.login.issue import Redemption, TokenAnswer, UserGrant
from practice_tenant.server.web import Call

SPA_SECONDS = 86_400


async def refresh_token(redemption: Redemption) -> TokenAnswer:
    """Exchange a refresh token for tokens of the same or of another consented resource.

    Raises:
        LoginError: for a token that is malformed, foreign, expired or revoked; for the client's authentication; 90009
            when an application asks for a token for itself without a scope; 65001 when the resource is not consented;
            what Conditional Access demands for it.
    """
    call = redemption.call
    token = call.value("refresh_token")
    if not token:
        raise errors.missing_parameter("refresh_token")
    stored = sign_ins.find_refresh_token(call.service.store, token)
    if stored is None:
        raise errors.malformed("invalid_grant")
    sign_in = stored.sign_in
    call.enter(sign_in.tenant_id)
    if redemption.client.app_id != sign_in.client_id:
        raise errors.issued_to_another_client()
    issue.authenticate(redemption, sign_in)
    issue.check_origin(redemption, sign_in.platform)
    now = call.now(sign_in.tenant_id)
    if now - stored.last_used > call.settings.refresh_idle:
        raise errors.refresh_token_idle(instant(stored.issued), span(call.settings.refresh_idle))
    if sign_in.platform == "spa" and now - stored.issued > SPA_SECONDS:
        raise errors.spa_refresh_token_expired(instant(stored.issued))
    grant = _grant(redemption, stored)
    _check_policies(call, grant)
    sign_ins.touch_refresh_token(call.service.store, token, now)
    return await issue.user_tokens(redemption, grant)


def _grant(redemption: Redemption, stored: RefreshToken) -> UserGrant:
    call, client, sign_in = redemption.call, redemption.client, stored.sign_in
    subject = issue.subject_of(redemption, sign_in)
    wanted = call.value("scope").strip()
    if not wanted and sign_in.scope and _for_itself(redemption, sign_in):
        raise errors.token_for_itself(client.app_id, client.display_name)
    text = wanted or sign_in.scope or "openid"
    request = issue.read_scopes(redemption, subject.directory, text)
    scopes.check_resource_parameter(call.value("resource"), request)
    since = stored.issued if sign_in.platform == "spa" else None
    return issue.user_grant(redemption, subject, sign_in.platform, request, before=stored.oidc, since=since)


def _check_policies(call: Call, grant: UserGrant) -> None:
    """Ask the directory's policies about the resource, which need not be the one of the sign-in."""
    subject, resource_id = grant.subject, grant.asked.resource.app_id
    challenged = conditional_access.challenged_policies(call.value("claims"))
    demanded = conditional_access.demands(call.service.store, subject.user, [resource_id], challenged)
    conditional_access.check(demanded, subject.user, resource_id, subject.amr)
    if (
        demanded.frequency is not None
        and call.now(subject.directory.tenant_id) - subject.signed_in > demanded.frequency
    ):
        raise errors.refresh_token_too_old(instant(subject.signed_in), demanded.frequency)


def _for_itself(redemption: Redemption, sign_in: StoredSignIn) -> bool:
    prefixes = {word.rpartition("/")[0] for word in sign_in.scope.split()}
    return bool(prefixes & set(redemption.client.identifier_uris))
