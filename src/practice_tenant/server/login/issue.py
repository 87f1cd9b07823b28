"""Issuing tokens: the answer that the user grants share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from practice_tenant.server.directory import guests, people, sign_ins
from practice_tenant.server.directory.objects import Application, EntraTenant, User
from practice_tenant.server.directory.seed import MICROSOFT_TENANT
from practice_tenant.server.directory.sign_ins import RefreshToken, StoredSignIn
from practice_tenant.server.directory.wellknown import GRAPH, OIDC_SCOPES
from practice_tenant.server.login import (
    assignment,
    claims,
    clients,
    conditional_access,
    consent,
    errors,
    optional_claims,
    scopes,
)
from practice_tenant.server.login.claims import Grantee
from practice_tenant.server.login.clients import PresentedCredentials
from practice_tenant.server.login.person import Person
from practice_tenant.server.login.realm import Realm, endpoint_version
from practice_tenant.server.login.scopes import ResourceScopes
from practice_tenant.server.web import Call

TokenAnswer = dict[str, Any]

SHORTEST_SECONDS, LONGEST_SECONDS = 3_600, 5_400


@dataclass(frozen=True)
class Redemption:
    """A request at the token endpoint whose client is known but not yet authenticated."""

    call: Call
    where: Realm
    client: Application
    credentials: PresentedCredentials


@dataclass(frozen=True)
class Subject:
    """Whom a token is about, and how they signed in.

    Args:
        amr: how they proved who they are (RFC 8176): ``pwd``, ``mfa``.
        signed_in: when, in Unix seconds.
        sid: the session they signed in with; empty when it is not known.
    """

    directory: EntraTenant
    user: User
    amr: tuple[str, ...]
    signed_in: float
    sid: str = ""


@dataclass(frozen=True)
class UserGrant:
    """What a code or a token that was shown stands for, resolved.

    Args:
        since: when the lifetime of the next refresh token began, in Unix seconds.
    """

    subject: Subject
    platform: str
    oidc: tuple[str, ...]
    asked: ResourceScopes
    nonce: str
    since: float


def authenticate(redemption: Redemption, sign_in: StoredSignIn) -> None:
    """Authenticate the client as the platform of its redirect URI demands.

    Args:
        sign_in: what it redeems.

    Raises:
        LoginError: 700025, 7000218, or what ``clients.prove`` raises.
    """
    call, credentials = redemption.call, redemption.credentials
    if sign_in.platform != "web":
        if credentials.secret or credentials.assertion:
            raise errors.public_client_with_secret()
    elif not clients.prove(call, redemption.where, redemption.client, credentials, call.now(sign_in.tenant_id)):
        raise errors.secret_required()


def check_origin(redemption: Redemption, platform: str) -> None:
    """Hold single-page applications to cross-origin redemption, and others off it.

    Raises:
        LoginError: 9002327 or 9002326.
    """
    origin = redemption.call.request.headers.get("origin", "")
    if platform == "spa" and not origin:
        raise errors.cross_origin_required()
    if platform != "spa" and origin:
        raise errors.cross_origin_not_permitted(origin[:200])


def subject_of(redemption: Redemption, sign_in: StoredSignIn) -> Subject:
    """Return whose a stored sign-in is.

    Raises:
        LoginError: 50034 when the user is gone, 50057 when the account is disabled, 7000112 when the client is, 50173
            when the user's sessions were revoked since.
    """
    store = redemption.call.service.store
    directory = people.directory(store, sign_in.tenant_id)
    user = people.user(store, sign_in.tenant_id, sign_in.user_id)
    if directory is None or user is None:
        raise errors.user_not_found(sign_in.user_id, sign_in.tenant_id)
    if not user.enabled:
        raise errors.user_disabled()
    clients.check_enabled(redemption.call, redemption.client, directory.tenant_id)
    conditional_access.check_not_revoked(user, sign_in.auth_time)
    return Subject(directory, user, sign_in.amr, sign_in.auth_time, sign_in.sid)


def user_grant(
    redemption: Redemption,
    subject: Subject,
    platform: str,
    request: scopes.Request,
    *,
    before: Iterable[str] = (),
    nonce: str = "",
    since: float | None = None,
) -> UserGrant:
    """Return what is granted: tokens for the one resource that the scopes name.

    Args:
        before: the OpenID scopes of the sign-in; the request's are added.
        since: see ``UserGrant``; now if None.

    Raises:
        LoginError: 28000 when the scopes name several.
    """
    store = redemption.call.service.store
    return UserGrant(
        subject=subject,
        platform=platform,
        oidc=tuple(dict.fromkeys([*before, *request.oidc])),
        asked=scopes.one_resource(request, store, subject.directory.tenant_id),
        nonce=nonce,
        since=redemption.call.now(subject.directory.tenant_id) if since is None else since,
    )


def read_scopes(redemption: Redemption, directory: EntraTenant, text: str) -> scopes.Request:
    """Read the ``scope`` parameter of a request for tokens.

    Raises:
        LoginError: 28002 when it is ``offline_access`` alone, which is no resource's; what ``scopes.read`` raises.
    """
    if text.split() == ["offline_access"]:
        raise errors.scope_without_resource("offline_access")
    store = redemption.call.service.store
    return scopes.read(store, directory.tenant_id, directory.tenant_id, redemption.client, text)


async def user_tokens(redemption: Redemption, grant: UserGrant) -> TokenAnswer:
    """Return the answer of a user grant: access token, and what was asked of the others.

    Raises:
        LoginError: 50105 when an application wants the user to be assigned to it; 65001, or 65002 among Microsoft's own
            applications, unless all that was asked is granted.
    """
    call, client, subject, asked = redemption.call, redemption.client, grant.subject, grant.asked
    for application in (client, asked.resource):
        assignment.check(call.service.store, subject.directory, application, subject.user)
    granted = _granted(call, client, grant)
    person = _person(call, grant)
    grantee = Grantee(subject.directory, client, redemption.credentials.authentication, subject.user.id, person)
    seconds = lifetime(call)
    header, body = claims.access_token(call, grantee, asked.resource, asked.audience, granted, seconds)
    answer: TokenAnswer = {
        "token_type": "Bearer",
        "scope": scopes.joined(asked.qualified(value) for value in (*granted, *_default(grant))),
        "expires_in": seconds,
        "ext_expires_in": seconds,
        "access_token": await call.keys.sign(header, body),
    }
    if "offline_access" in grant.oidc:
        answer["refresh_token"] = _new_refresh_token(call, client, grant)
    if "openid" in grant.oidc:
        version = endpoint_version(call)
        header, body = claims.id_token(call, grantee, person, grant.nonce, call.settings.id_lifetime, version)
        answer["id_token"] = await call.keys.sign(header, body)
    if call.value("client_info") == "1":
        answer["client_info"] = claims.client_info(person)
    return answer


def _person(call: Call, grant: UserGrant) -> Person:
    subject = grant.subject
    return Person(
        directory=subject.directory,
        user=subject.user,
        home=guests.home(call.service.store, subject.user),
        oidc=frozenset(grant.oidc),
        amr=subject.amr,
        auth_time=subject.signed_in,
        sid=subject.sid,
        capabilities=optional_claims.capabilities(call.value("claims")),
    )


def lifetime(call: Call) -> int:
    """Return an access token's lifetime in seconds: random between 60 and 90 minutes, as Entra's, unless it is set."""
    if call.settings.access_lifetime is not None:
        return call.settings.access_lifetime
    spread = LONGEST_SECONDS - SHORTEST_SECONDS + 1
    return SHORTEST_SECONDS + int.from_bytes(call.service.entropy(4), "big") % spread


def _granted(call: Call, client: Application, grant: UserGrant) -> list[str]:
    """Return all granted values of the resource; every one that was asked for must be among them."""
    has = consent.granted_values(call.service.store, grant.subject.directory, client, grant.subject.user, grant.asked)
    wanted = set(consent.canonical(grant.asked))
    if grant.asked.resource.app_id == GRAPH:
        has |= set(grant.oidc) & {"openid", "profile", "email"}
        has.discard("offline_access")
        wanted.discard("offline_access")
    if not has or not wanted <= has:
        if client.tenant_id == grant.asked.resource.tenant_id == MICROSOFT_TENANT:
            raise errors.preauthorization_required(client.app_id, grant.asked.resource.app_id)
        raise errors.consent_required(client.app_id, client.display_name)
    return _ordered(has)


def _default(grant: UserGrant) -> tuple[str, ...]:
    """Return ``.default`` if it was asked for: Entra names it behind what it stands for, and msal caches by it.

    Source: https://github.com/Azure/azure-cli/issues/32931 (a recorded answer)
    """
    return (scopes.DEFAULT,) if grant.asked.default else ()


def _ordered(values: Iterable[str]) -> list[str]:
    has = set(values)
    return [value for value in OIDC_SCOPES if value in has] + sorted(has - set(OIDC_SCOPES))


def _new_refresh_token(call: Call, client: Application, grant: UserGrant) -> str:
    token = f"1.A{call.service.opaque(120)}"
    subject = grant.subject
    sign_in = StoredSignIn(
        tenant_id=subject.directory.tenant_id,
        user_id=subject.user.id,
        client_id=client.app_id,
        platform=grant.platform,
        scope=scopes.joined(grant.asked.qualified(value) for value in grant.asked.values),
        sid=subject.sid,
        auth_time=subject.signed_in,
        amr=subject.amr,
    )
    kept = RefreshToken(grant.since, grant.since, sign_in, grant.oidc)
    sign_ins.add_refresh_token(call.service.store, token, kept)
    return token
