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

from practice_tenant.server.directory.objects import Application, EntraTenant
from practice_tenant.server.directory.wellknown import GRAPH
from practice_tenant.server.encoding import base64url
from practice_tenant.server.login import optional_claims, realm, user_claims
from practice_tenant.server.login.person import Person
from practice_tenant.server.login.scopes import joined
from practice_tenant.server.web import Call

BACKDATED = 300


# The directory roles of a client without any, in Microsoft Graph's tokens. Source: public recordings.
NO_DIRECTORY_ROLE = "0997a1d0-0d1d-4acb-b408-d5ca73121e90"


@dataclass(frozen=True)
class Grantee:
    """Who a token is for: the client, how it authenticated, and the user unless it acts for itself.

    Args:
        object_id: of the user, or of the client's service principal.
        roles: values of the app roles that the service principal holds.
    """

    directory: EntraTenant
    client: Application
    authentication: str
    object_id: str
    person: Person | None = None
    roles: tuple[str, ...] = ()


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
    tenant_id, person = grantee.directory.tenant_id, grantee.person
    kid = call.keys.current.kid
    by_id = version == 2 or "use_guid" in resource.optional_claims("accessToken").get("aud", ())
    claims: dict[str, Any] = {
        "aud": resource.app_id if by_id else audience,
        "iss": realm.issuer(call, tenant_id, version),
        **_times(call, tenant_id, expires_in),
        "aio": _aio(call, person.amr if person else ()),
        **_client_claims(version, grantee),
        "oid": grantee.object_id,
        "rh": f"1.{call.service.opaque(30)}.",
        "sub": pairwise(tenant_id, resource.app_id, grantee.object_id) if person else grantee.object_id,
        "tid": tenant_id,
        "uti": call.service.opaque(16),
        "ver": f"{version}.0",
        "xms_ftd": call.service.opaque(48),
    }
    if person:
        claims |= {**user_claims.of_access_token(call.service.store, resource, person), "scp": joined(sorted(scp))}
    else:
        claims |= _application_claims(version, grantee, resource)
    header: dict[str, Any] = {"typ": "JWT", "alg": "RS256"}
    if resource.app_id == GRAPH:
        header["nonce"] = call.service.opaque(32)
        claims |= _graph_claims(grantee)
    if version == 1:
        header["x5t"] = kid
    return {**header, "kid": kid}, dict(sorted(claims.items()))


def id_token(
    call: Call, grantee: Grantee, person: Person, nonce: str, expires_in: int, version: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims of an id token.

    Args:
        expires_in: seconds from now.
        version: of the endpoint that was asked.

    Source: OpenID Connect Core section 2.
    """
    tenant_id = person.directory.tenant_id
    claims: dict[str, Any] = {
        "aio": _aio(call, person.amr),
        "aud": grantee.client.app_id,
        "iss": realm.issuer(call, tenant_id, version),
        **_times(call, tenant_id, expires_in),
        "rh": f"1.{call.service.opaque(30)}.",
        "sub": pairwise(tenant_id, grantee.client.app_id, person.user.id),
        "tid": tenant_id,
        "uti": call.service.opaque(16),
        "ver": f"{version}.0",
        **{name: value for name, value in (("nonce", nonce), ("sid", person.sid)) if value},
        **user_claims.of_id_token(call.service.store, grantee.client, person, version),
    }
    kid = call.keys.current.kid
    header = {"typ": "JWT", "alg": "RS256", **({"x5t": kid} if version == 1 else {}), "kid": kid}
    return header, dict(sorted(claims.items()))


def client_info(person: Person) -> str:
    """Return what MSAL needs to know the account: base64url JSON of ``uid`` and ``utid``, which are those of home."""
    return base64url(json.dumps({"uid": person.home.user_id, "utid": person.home.tenant_id}).encode())


def pairwise(tenant_id: str, app_id: str, object_id: str) -> str:
    """Return ``sub``: another one for each application, the same one every time."""
    return base64.urlsafe_b64encode(hashlib.sha256(f"{tenant_id}\0{app_id}\0{object_id}".encode()).digest()).decode()[
        :43
    ]


def _times(call: Call, tenant_id: str, expires_in: int) -> dict[str, int]:
    """Return ``iat``, ``nbf`` and ``exp``; Entra's tokens begin five minutes before they are issued."""
    issued = int(call.now(tenant_id) - call.settings.backdate)
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


def _application_claims(version: int, grantee: Grantee, resource: Application) -> dict[str, Any]:
    """Return what the token of a client that acts for itself says of it."""
    claims = optional_claims.of_an_application(resource)
    if grantee.roles:
        claims["roles"] = list(grantee.roles)
    if version == 1:
        claims["idp"] = f"https://sts.windows.net/{grantee.directory.tenant_id}/"
    return claims


def _graph_claims(grantee: Grantee) -> dict[str, Any]:
    """Return what only Microsoft Graph's tokens say."""
    claims = {"app_displayname": grantee.client.display_name, **user_claims.of_directory(grantee.directory)}
    if grantee.person is None:
        return {**claims, "idtyp": "app", "wids": [NO_DIRECTORY_ROLE]}
    sub = pairwise(grantee.directory.tenant_id, grantee.client.app_id, grantee.object_id)
    return {**claims, **user_claims.of_graph(grantee.person, sub)}
