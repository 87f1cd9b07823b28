"""A token: what of it a server will refuse. Nothing is sent anywhere; the signature is not looked at."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from workshop.diagnosis.findings import Diagnosed, Finding, finding
from workshop.diagnosis.reading import shown
from workshop.tokens.parts import Unreadable, parts
from workshop.tokens.words import length

GRAPH = ("https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000")
SPARE_SECONDS = {"nbf": 30, "iat": 300}  # as FastMCP allows since 4.2, and as workshop.servers.verifier does
V1_ISSUER = "https://sts.windows.net/"
NOT_LOOKED = "The signature was not looked at: that takes Entra's keys, and nothing is sent from here."

JWT = re.compile(r"(?:Bearer\s+)?(eyJ[\w-]+\.[\w-]+\.[\w-]*)", re.IGNORECASE)

Claims = Mapping[str, Any]


@dataclass(frozen=True)
class Expected:
    """What the server takes; what is empty is not compared.

    Attributes:
        client_id: of the server's app: the audience.
        scopes: the required ones, as the server's settings have them.
    """

    tenant_id: str = ""
    client_id: str = ""
    scopes: tuple[str, ...] = ()


def token_in(text: str) -> str:
    """Return the token if the text is nothing else, or "Bearer" and a token; "" otherwise."""
    whole = JWT.fullmatch(text.strip())
    return whole[1] if whole else ""


def diagnose_token(token: str, expected: Expected, now: float) -> Diagnosed:
    """Say what is wrong with a token.

    Args:
        now: Unix time in seconds.
    """
    try:
        read = parts(token)
    except Unreadable as error:
        return Diagnosed("a token that can't be read", notes=(shown(str(error)),), looked=False)
    header, claims = read.header, read.claims
    found = [one for judge in JUDGES if (one := judge(header, claims, expected, now))]
    version = claims.get("ver", "?")
    subject = f"a token, version {version}, {'of a user' if claims.get('scp') else 'without a user'}"
    notes = [NOT_LOOKED] if claims.get("iss") else [NOT_LOOKED, "It names no issuer."]
    rest = _by_rules(claims, expected, now) if not _serious(found) else None
    return Diagnosed(subject, tuple(found + ([rest] if rest else [])), notes=tuple(notes))


def _serious(found: list[Finding]) -> bool:
    return any(one.failure.name != "groups-overage" for one in found)


def _graphs(header: Claims, claims: Claims, _: Expected, __: float) -> Finding | None:
    if _is_graphs(claims) or "nonce" in header:
        return finding("graphs-token", f"aud {claims.get('aud')}{', nonce in the header' if 'nonce' in header else ''}")
    return None


def _version(_: Claims, claims: Claims, __: Expected, ___: float) -> Finding | None:
    if not _is_graphs(claims) and str(claims.get("iss", "")).startswith(V1_ISSUER):
        return finding("token-version-1", f"iss {claims['iss']}, ver {claims.get('ver')}, aud {claims.get('aud')}")
    return None


def _expired(_: Claims, claims: Claims, __: Expected, now: float) -> Finding | None:
    ends = claims.get("exp")
    if _is_time(ends) and ends <= now:
        return finding("token-expired", f"exp was {(now - ends) / 60:.0f} minutes ago")
    return None


def _future(_: Claims, claims: Claims, __: Expected, now: float) -> Finding | None:
    for name, spare in SPARE_SECONDS.items():
        begins = claims.get(name)
        if _is_time(begins) and begins > now + spare:
            return finding("token-from-the-future", f"{name} lies {length(begins - now)} ahead")
    return None


def _id_token(_: Claims, claims: Claims, __: Expected, ___: float) -> Finding | None:
    if "scp" not in claims and "roles" not in claims and ("nonce" in claims or "preferred_username" in claims):
        return finding("id-token-instead", "it names a user and no scope (scp)")
    return None


def _app_only(_: Claims, claims: Claims, __: Expected, ___: float) -> Finding | None:
    if claims.get("oid") and claims.get("sub") == claims.get("oid") and "scp" not in claims:
        return finding("app-only-token", "sub is oid, and there is no scp")
    return None


def _audience(_: Claims, claims: Claims, expected: Expected, __: float) -> Finding | None:
    audience = claims.get("aud")
    own = (expected.client_id, f"api://{expected.client_id}")
    v1 = str(claims.get("iss", "")).startswith(V1_ISSUER)
    if expected.client_id and audience not in own and not _is_graphs(claims) and not v1:
        return finding("token-for-another-api", f"aud {audience}, the server's client id is {expected.client_id}")
    return None


def _tenant(_: Claims, claims: Claims, expected: Expected, __: float) -> Finding | None:
    tenant = claims.get("tid")
    if expected.tenant_id and tenant and tenant != expected.tenant_id:
        return finding("token-from-another-issuer", f"tid {tenant}, the server's tenant is {expected.tenant_id}")
    return None


def _scopes(_: Claims, claims: Claims, expected: Expected, __: float) -> Finding | None:
    has = set(str(claims.get("scp", "")).split())
    missing = [scope for scope in expected.scopes if scope not in has]
    if not has or not missing or _is_graphs(claims):
        return None
    said = f"scp {' '.join(sorted(has))}, required {' '.join(missing)}"
    long_names = all("/" in scope and scope.rpartition("/")[2] in has for scope in missing)
    return finding("required-scope-by-its-long-name" if long_names else "required-scope-missing", said)


def _groups(_: Claims, claims: Claims, __: Expected, ___: float) -> Finding | None:
    names = claims.get("_claim_names")
    if "hasgroups" in claims or (isinstance(names, dict) and "groups" in names):
        return finding("groups-overage", "_claim_names has groups, and there is no claim groups")
    return None


def _is_graphs(claims: Claims) -> bool:
    audience = claims.get("aud")
    return isinstance(audience, str) and audience.rstrip("/") in GRAPH


def _is_time(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15


JUDGES: tuple[Callable[[Claims, Claims, Expected, float], Finding | None], ...] = (
    _graphs,
    _version,
    _expired,
    _future,
    _id_token,
    _app_only,
    _audience,
    _tenant,
    _scopes,
    _groups,
)


def _by_rules(claims: Claims, expected: Expected, now: float) -> Finding | None:
    """Ask the check that the workshop's servers make, for what none of the above told."""
    from workshop.servers.verifier import Rules, refusal  # FastMCP takes seconds to import

    issuer = str(claims.get("iss", ""))
    host = issuer.removeprefix("https://").partition("/")[0]
    if not host.startswith("login."):
        return None
    tenant = expected.tenant_id or str(claims.get("tid", ""))
    reason = refusal(claims, Rules(frozenset({tenant}), host), now)
    return finding("token-refused", reason) if reason else None
