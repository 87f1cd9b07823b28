"""Issuing tokens: the answer that the user grants share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from practice_tenant.server.directory import guests, people
from practice_tenant.server.directory.objects import Application, Directory, User
from practice_tenant.server.directory.seed import MICROSOFT_TENANT
from practice_tenant.server.directory.wellknown import GRAPH, OIDC_SCOPES
from practice_tenant.server.login import assignment, claims, clients, consent, errors, optional_claims, scopes
from practice_tenant.server.login.claims import Grantee
from practice_tenant.server.login.clients import Credentials
from practice_tenant.server.login.person import Person
from practice_tenant.server.login.realm import Realm
from practice_tenant.server.login.scopes import Asked
from practice_tenant.server.web import Call

TokenAnswer = dict[str, Any]

SHORTEST_SECONDS, LONGEST_SECONDS = 3_600, 5_400


@dataclass(frozen=True)
class Redemption:
    """A request at the token endpoint whose client is known but not yet authenticated."""

    call: Call
    where: Realm
    client: Application
    credentials: Credentials


@dataclass(frozen=True)
class UserGrant:
    """What a code or a refresh token stands for, resolved.

    Args:
        sid: the session the user signed in with.
        since: when the lifetime of the next refresh token began, in Unix seconds.
        amr: how the user signed in: ``pwd``, ``mfa``.
        signed_in: when, in Unix seconds.
    """

    directory: Directory
    user: User
    platform: str
    oidc: tuple[str, ...]
    asked: Asked
    nonce: str
    sid: str
    since: float
    amr: tuple[str, ...]
    signed_in: float


def authenticate(redemption: Redemption, platform: str) -> None:
    """Authenticate the client as the platform of its redirect URI demands.

    Raises:
        LoginError: 700025, 7000218, or what ``clients.prove`` raises.
    """
    credentials = redemption.credentials
    if platform != "web":
        if credentials.secret or credentials.assertion:
            raise errors.public_client_with_secret()
    elif not clients.prove(redemption.call, redemption.where, redemption.client, credentials):
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


def user_of(redemption: Redemption, sign_in: Mapping[str, Any]) -> tuple[Directory, User]:
    """Return directory and user of a stored sign-in.

    Raises:
        LoginError: 50034 when the user is gone, 50057 when the account is disabled, 7000112 when the client is.
    """
    store = redemption.call.service.store
    directory = people.directory(store, sign_in["tenant_id"])
    user = people.user(store, sign_in["tenant_id"], sign_in["user_id"])
    if directory is None or user is None:
        raise errors.user_not_found(sign_in["user_id"], sign_in["tenant_id"])
    if not user.enabled:
        raise errors.user_disabled()
    clients.check_enabled(redemption.call, redemption.client, directory.tenant_id)
    return directory, user


def read_scopes(redemption: Redemption, directory: Directory, text: str) -> scopes.Request:
    """Read the ``scope`` parameter of a request for tokens.

    Raises:
        LoginError: 28002 when it is ``offline_access`` alone, which is no resource's; what ``scopes.read`` raises.
    """
    if text.split() == ["offline_access"]:
        raise errors.scope_without_resource("offline_access")
    store = redemption.call.service.store
    return scopes.read(store, directory.tenant_id, directory.display_name, redemption.client, text)


async def user_tokens(redemption: Redemption, grant: UserGrant) -> TokenAnswer:
    """Return the answer of a user grant: access token, and what was asked of the others.

    Raises:
        LoginError: 50105 when an application wants the user to be assigned to it; 65001, or 65002 among Microsoft's own
            applications, unless all that was asked is granted.
    """
    call, client, asked = redemption.call, redemption.client, grant.asked
    for application in (client, asked.resource):
        assignment.check(call.service.store, grant.directory, application, grant.user)
    granted = _granted(call, client, grant)
    person = _person(call, grant)
    grantee = Grantee(grant.directory, client, redemption.credentials.authentication, grant.user.id, person)
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
        header, body = claims.id_token(call, grantee, person, grant.nonce, call.settings.id_lifetime)
        answer["id_token"] = await call.keys.sign(header, body)
    if call.value("client_info") == "1":
        answer["client_info"] = claims.client_info(person)
    return answer


def _person(call: Call, grant: UserGrant) -> Person:
    return Person(
        directory=grant.directory,
        user=grant.user,
        home=guests.home(call.service.store, grant.user),
        oidc=frozenset(grant.oidc),
        amr=grant.amr,
        auth_time=grant.signed_in,
        sid=grant.sid,
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
    has = consent.granted_values(call.service.store, grant.directory, client, grant.user, grant.asked)
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
    kept = {
        "tenant_id": grant.directory.tenant_id,
        "user_id": grant.user.id,
        "client_id": client.app_id,
        "platform": grant.platform,
        "oidc": list(grant.oidc),
        "sid": grant.sid,
        "amr": list(grant.amr),
        "auth_time": grant.signed_in,
        "scope": scopes.joined(grant.asked.qualified(value) for value in grant.asked.values),
    }
    call.service.store.add_refresh_token(token, grant.since, kept)
    return token
