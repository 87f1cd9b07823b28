"""The claims of access tokens and id tokens.

Source: https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference and
https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from workshop.tenant.directory.objects import Application, Directory, User
from workshop.tenant.directory.wellknown import GRAPH
from workshop.tenant.keys import base64url
from workshop.tenant.login import realm
from workshop.tenant.login.scopes import joined
from workshop.tenant.web import Call

BACKDATED = 300


@dataclass(frozen=True)
class Grantee:
    """Who a token is for: the client, how it authenticated, and the user unless it acts for itself."""

    directory: Directory
    client: Application
    authentication: str
    user: User | None
    object_id: str
    principal_roles: tuple[str, ...] = ()
    amr: tuple[str, ...] = ("pwd",)


def access_token(
    call: Call, grantee: Grantee, resource: Application, audience: str, scp: Iterable[str], expires_in: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims of an access token, in the version that the resource asks for.

    Args:
        audience: the resource as the client named it; version 1.0 tokens repeat it, 2.0 carry the application id.
        scp: values of the granted delegated permissions; ignored for a client that acts for itself.
        expires_in: seconds from now.
    """
    version = resource.token_version
    tenant_id = grantee.directory.tenant_id
    kid = call.keys.current.kid
    claims: dict[str, Any] = {
        "aud": audience if version == 1 else resource.app_id,
        "iss": realm.issuer(call, tenant_id, version),
        **_times(call, expires_in),
        "aio": _aio(call, grantee.amr),
        **_client_claims(version, grantee),
        "oid": grantee.object_id,
        "rh": f"1.{call.service.opaque(30)}.",
        "sub": pairwise(tenant_id, resource.app_id, grantee.object_id) if grantee.user else grantee.object_id,
        "tid": tenant_id,
        "uti": call.service.opaque(16),
        "ver": f"{version}.0",
        "xms_ftd": call.service.opaque(48),
    }
    if grantee.user:
        claims |= _user_claims(version, grantee.user, grantee.amr)
        claims["scp"] = joined(sorted(scp))
    if grantee.principal_roles:
        claims["roles"] = list(grantee.principal_roles)
    header: dict[str, Any] = {"typ": "JWT", "alg": "RS256"}
    if resource.app_id == GRAPH:
        header["nonce"] = call.service.opaque(32)
        claims |= {"app_displayname": grantee.client.display_name, "idtyp": "user" if grantee.user else "app"}
    if version == 1:
        header["x5t"] = kid
    return {**header, "kid": kid}, dict(sorted(claims.items()))


def id_token(
    call: Call, grantee: Grantee, user: User, oidc: Iterable[str], of_sign_in: Mapping[str, str], expires_in: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims of a version 2.0 id token.

    Args:
        oidc: the OpenID scopes that were asked for.
        of_sign_in: claims that only this sign-in has, such as ``nonce``; empty ones are left out.
        expires_in: seconds from now.

    Source: OpenID Connect Core section 2.
    """
    tenant_id = grantee.directory.tenant_id
    claims: dict[str, Any] = {
        "aud": grantee.client.app_id,
        "iss": realm.issuer(call, tenant_id),
        **_times(call, expires_in),
        "oid": user.id,
        "rh": f"1.{call.service.opaque(30)}.",
        "sub": pairwise(tenant_id, grantee.client.app_id, user.id),
        "tid": tenant_id,
        "uti": call.service.opaque(16),
        "ver": "2.0",
    }
    asked = set(oidc)
    if "profile" in asked:
        claims |= {"name": user.display_name, "preferred_username": user.upn}
    if "email" in asked and user.graph["mail"]:
        claims["email"] = user.graph["mail"]
    claims |= {name: value for name, value in of_sign_in.items() if value}
    kid = call.keys.current.kid
    return {"typ": "JWT", "alg": "RS256", "kid": kid}, dict(sorted(claims.items()))


def client_info(user: User) -> str:
    """Return what MSAL needs to know the account: base64url JSON of ``uid`` and ``utid``."""
    return base64url(json.dumps({"uid": user.id, "utid": user.tenant_id}).encode())


def pairwise(tenant_id: str, app_id: str, object_id: str) -> str:
    """Return ``sub``: another one for each application, the same one every time."""
    return base64.urlsafe_b64encode(hashlib.sha256(f"{tenant_id}\0{app_id}\0{object_id}".encode()).digest()).decode()[
        :43
    ]


def _times(call: Call, expires_in: int) -> dict[str, int]:
    """Return ``iat``, ``nbf`` and ``exp``; Entra's tokens begin five minutes before they are issued."""
    issued = int(call.now - call.settings.backdate)
    return {"iat": issued - BACKDATED, "nbf": issued - BACKDATED, "exp": issued + expires_in}


def amr_of(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """Return how the user of an access token of this tenant signed in: ``pwd``, and ``mfa`` if they did that too."""
    aio = claims.get("aio")
    marked = isinstance(aio, str) and aio[:1] in _MARKED
    return ("pwd", "mfa") if marked else ("pwd",)


# Entra keeps what it needs to know again in ``aio``, which nobody else can read. Here its first character does that.
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_PLAIN, _MARKED = frozenset(_ALPHABET[:32]), frozenset(_ALPHABET[32:])


def _aio(call: Call, amr: tuple[str, ...]) -> str:
    value = call.service.opaque(36)
    if (value[0] in _MARKED) == ("mfa" in amr):
        return value
    return _ALPHABET[_ALPHABET.index(value[0]) ^ 32] + value[1:]


def _client_claims(version: int, grantee: Grantee) -> dict[str, Any]:
    names = ("appid", "appidacr") if version == 1 else ("azp", "azpacr")
    return dict(zip(names, (grantee.client.app_id, grantee.authentication), strict=True))


def _user_claims(version: int, user: User, amr: tuple[str, ...]) -> dict[str, Any]:
    shared: dict[str, Any] = {"name": user.display_name}
    if user.roles:
        shared["wids"] = list(user.roles)
    if version == 2:
        return {**shared, "preferred_username": user.upn}
    return {
        **shared,
        "acr": "1",
        "amr": list(amr),
        "family_name": user.graph["surname"],
        "given_name": user.graph["givenName"],
        "ipaddr": "127.0.0.1",
        "unique_name": user.upn,
        "upn": user.upn,
    }
