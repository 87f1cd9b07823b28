"""On behalf of: a middle tier shows the token it was called with and gets one for the next service, for the same user.

A request such as::

    POST /{tenant}/oauth2/v2.0/token
    grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&requested_token_use=on_behalf_of
    &client_id=...&client_secret=...&assertion={the access token it was called with}&scope=...

Source: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow; RFC 7523 section 2.1.
"""

from __future__ import annotations

from practice_tenant.server.directory import people
from practice_tenant.server.directory.objects import EntraTenant
from practice_tenant.server.login import claims, clients, conditional_access, errors, issue, jws, realm, scopes
from practice_tenant.server.login.dotnet import instant, key_lifetime
from practice_tenant.server.login.errors import texts
from practice_tenant.server.login.issue import Redemption, Subject, TokenAnswer, UserGrant
from practice_tenant.server.login.realm import default_directory
from practice_tenant.server.signing.signing_key import SigningKey

USE = "on_behalf_of"
ALGORITHM = "RS256"


async def on_behalf_of(redemption: Redemption) -> TokenAnswer:
    """Exchange the token a service was called with for one of the service that it calls.

    Raises:
        LoginError: for the parameters; the form of the assertion; the client's authentication; the assertion's
            signature, lifetime, audience and user; consent; what Conditional Access demands.
    """
    call = redemption.call
    if not call.value("assertion"):
        raise errors.missing_parameter("assertion")
    if not call.value("requested_token_use"):
        raise errors.missing_parameter("requested_token_use")
    if call.value("requested_token_use") != USE:
        raise errors.malformed()
    token = _read(call.value("assertion"))
    now = call.now(redemption.where.tenant_id)
    if not clients.prove(call, redemption.where, redemption.client, redemption.credentials, now):
        raise errors.secret_required()
    subject = _subject(redemption, token)
    grant = _grant(redemption, subject)
    resource_id = grant.asked.resource.app_id
    challenged = conditional_access.challenged_policies(call.value("claims"))
    demanded = conditional_access.demands(call.service.store, subject.user, [resource_id], challenged)
    conditional_access.check(demanded, subject.user, resource_id, subject.amr)
    if (
        demanded.frequency is not None
        and call.now(subject.directory.tenant_id) - subject.signed_in > demanded.frequency
    ):
        raise errors.session_too_old()
    return await issue.user_tokens(redemption, grant)


def _read(assertion: str) -> jws.SignedToken:
    try:
        token = jws.read(assertion)
    except ValueError:
        raise errors.malformed_jwt() from None
    if token.algorithm != ALGORITHM:
        raise errors.unsupported_algorithm(token.algorithm[:40])
    return token


def _subject(redemption: Redemption, token: jws.SignedToken) -> Subject:
    """Check the token the service was called with, and return whose it is."""
    call, client = redemption.call, redemption.client
    directory = _directory(redemption, token)
    _check_signature(redemption, token)
    now = call.now(directory.tenant_id)
    if not token.time("nbf") <= now < token.time("exp"):
        raise errors.assertion_expired(instant(now), instant(token.time("exp")))
    if "appid" not in token.claims and "azp" not in token.claims:
        raise errors.assertion_is_an_id_token()
    audience = token.text("aud")
    if audience.rstrip("/") not in (client.app_id, *client.identifier_uris):
        raise errors.assertion_for_another_audience(audience[:300], client.app_id, client.display_name)
    if "scp" not in token.claims:
        raise errors.assertion_without_a_user(client.app_id)
    user = people.user(call.service.store, directory.tenant_id, token.text("oid"))
    if user is None:
        raise errors.user_not_found(token.text("oid"), directory.tenant_id)
    if not user.enabled:
        raise errors.user_disabled()
    clients.check_enabled(call, client, directory.tenant_id)
    since = token.time("iat") + claims.BACKDATED
    conditional_access.check_not_revoked(user, since + 1)  # a token says only in which second it was issued
    return Subject(directory, user, claims.amr_of(token.claims), since)


def _directory(redemption: Redemption, token: jws.SignedToken) -> EntraTenant:
    """Return the directory that issued the token; it must be the one that is asked."""
    directory = people.directory(redemption.call.service.store, token.text("tid"))
    asked = redemption.where.directory
    redemption.call.enter((asked or directory or default_directory(redemption.call)).tenant_id)
    issuers = [realm.issuer(redemption.call, directory.tenant_id, version) for version in (1, 2)] if directory else []
    if directory is None or token.text("iss") not in issuers:
        raise errors.user_assertion_signature(texts.KEY_NOT_FOUND, _thumbprint(token))
    if asked and asked.tenant_id != directory.tenant_id:
        raise errors.user_not_found(token.text("oid"), asked.tenant_id)
    return directory


def _check_signature(redemption: Redemption, token: jws.SignedToken) -> None:
    """Check that a key of the tenant signed the token; Microsoft Graph's tokens can't be checked by anybody else."""
    key = _key(redemption, token)
    if key is None:
        raise errors.user_assertion_signature(texts.KEY_NOT_FOUND, _thumbprint(token))
    if not token.signed_by(key.private.public_key()):
        from cryptography import x509

        certificate = x509.load_der_x509_certificate(key.certificate)
        lifetime = key_lifetime(certificate.not_valid_before_utc, certificate.not_valid_after_utc)
        raise errors.user_assertion_signature(texts.KEY_FAILED, _thumbprint(token), lifetime)


def _key(redemption: Redemption, token: jws.SignedToken) -> SigningKey | None:
    keys = redemption.call.keys.keys
    return next((key for key in keys if key.kid == token.named("kid")), None)


def _thumbprint(token: jws.SignedToken) -> str:
    """Return the key's name as the texts show it: in hexadecimal digits where it is a thumbprint."""
    name = token.named("kid")[:100]
    try:
        return jws.bytes_of(name).hex().upper()
    except ValueError:
        return name


def _grant(redemption: Redemption, subject: Subject) -> UserGrant:
    call = redemption.call
    if not call.value("scope").strip():
        raise errors.field_missing("scope")
    request = issue.read_scopes(redemption, subject.directory, call.value("scope"))
    scopes.check_resource_parameter(call.value("resource"), request)
    return issue.user_grant(redemption, subject, "web", request)
