"""Redeeming an authorization code.

A request such as::

    POST /{tenant}/oauth2/v2.0/token
    grant_type=authorization_code&client_id=...&client_secret=...&code=...&redirect_uri=...&code_verifier=...&scope=...

Source: RFC 6749 section 4.1.3; RFC 7636 section 4.5.
"""

from __future__ import annotations

from practice_tenant.server.directory import sign_ins
from practice_tenant.server.directory.sign_ins import AuthorizationCode, StoredSignIn
from practice_tenant.server.login import errors, issue, pkce, scopes
from practice_tenant.server.login.issue import Redemption, TokenAnswer, UserGrant

CODE_SECONDS = 600


async def authorization_code(redemption: Redemption) -> TokenAnswer:
    """Exchange a code for tokens.

    Raises:
        LoginError: for a code that is malformed, foreign, expired or used; for the client's authentication, the
            redirect URI, the verifier, the scopes.
    """
    call = redemption.call
    code = call.value("code")
    if not code:
        raise errors.missing_parameter("code")
    stored = sign_ins.find_code(call.service.store, code)
    if stored is None:
        raise errors.malformed("invalid_grant")
    sign_in = stored.sign_in
    call.enter(sign_in.tenant_id)
    _check_owner(redemption, sign_in)
    issue.authenticate(redemption, sign_in)
    issue.check_origin(redemption, sign_in.platform)
    if sign_in.platform == "spa" and not stored.challenge:
        raise errors.pkce_required_cross_origin()
    if call.value("redirect_uri") != stored.redirect_uri:
        raise errors.reply_address_differs(call.value("redirect_uri")[:500], stored.redirect_uri)
    if stored.redeemed:
        raise errors.code_redeemed()
    if call.now(sign_in.tenant_id) - stored.issued > CODE_SECONDS:
        raise errors.grant_expired()
    pkce.check_verifier(call.value("code_verifier"), stored.challenge, stored.challenge_method)
    grant = _grant(redemption, stored)
    if not sign_ins.redeem_code(call.service.store, code):
        raise errors.code_redeemed()
    return await issue.user_tokens(redemption, grant)


def _check_owner(redemption: Redemption, sign_in: StoredSignIn) -> None:
    where = redemption.where
    if where.directory and where.directory.tenant_id != sign_in.tenant_id:
        raise errors.code_of_another_tenant()
    if redemption.client.app_id != sign_in.client_id:
        raise errors.issued_to_another_client()


def _grant(redemption: Redemption, stored: AuthorizationCode) -> UserGrant:
    call, sign_in = redemption.call, stored.sign_in
    subject = issue.subject_of(redemption, sign_in)
    directory = subject.directory
    before = scopes.read(call.service.store, directory.tenant_id, directory.tenant_id, redemption.client, sign_in.scope)
    asked_now = call.value("scope")
    if not asked_now and len(before.asked) > 1:
        raise errors.scope_empty_at_redemption()
    request = issue.read_scopes(redemption, directory, asked_now) if asked_now.strip() else before
    scopes.check_resource_parameter(call.value("resource"), request)
    return issue.user_grant(redemption, subject, sign_in.platform, request, before=before.oidc, nonce=stored.nonce)
