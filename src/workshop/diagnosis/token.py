"""A token: what of it a server will refuse. Nothing is sent anywhere; the signature is not looked at."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeGuard

from workshop.diagnosis.findings import Diagnosed, FoundFailure, finding
from workshop.diagnosis.reading import shown
from workshop.diagnosis.verified import FAILURES
from workshop.servers.claims import (
    AUDIENCE,
    BEGUN,
    ENDED,
    ISSUED,
    SCOPES,
    TENANT,
    Claims,
    Judge,
    Rules,
    is_time,
    missing_scopes,
    refusal,
    scopes_in,
)
from workshop.tokens.kinds import is_for_graph
from workshop.tokens.parts import Unreadable, parts
from workshop.tokens.words import length

V1_ISSUER = "https://sts.windows.net/"
NOT_LOOKED = "The signature was not looked at: that takes Entra's keys, and nothing is sent from here."

JWT = re.compile(r"(?:Bearer\s+)?(eyJ[\w-]+\.[\w-]+\.[\w-]*)", re.IGNORECASE)


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

    @property
    def rules(self) -> Rules:
        """The same for the judges of `workshop.servers.claims`."""
        audiences = (self.client_id, f"api://{self.client_id}") if self.client_id else ()
        return Rules(frozenset({self.tenant_id}), audiences=audiences, scopes=self.scopes)


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
    findings = [failure for look in LOOKS if (failure := look(header, claims, expected, now))]
    version = shown(str(claims.get("ver", "?")))[:20]
    subject = f"a token, version {version}, {'of a user' if claims.get('scp') else 'without a user'}"
    notes = [NOT_LOOKED] if claims.get("iss") else [NOT_LOOKED, "It names no issuer."]
    rest = _by_rules(claims, expected, now) if not _serious(findings) else None
    found = [*findings, *([rest] if rest else [])]
    return Diagnosed(subject, tuple(replace(one, evidence=shown(one.evidence)) for one in found), notes=tuple(notes))


def _serious(findings: list[FoundFailure]) -> bool:
    return any(each.failure.name != "groups-overage" for each in findings)


def _graphs(header: Claims, claims: Claims, _: Expected, __: float) -> FoundFailure | None:
    if is_for_graph(claims) or "nonce" in header:
        return finding("graphs-token", f"aud {claims.get('aud')}{', nonce in the header' if 'nonce' in header else ''}")
    return None


def _version(_: Claims, claims: Claims, __: Expected, ___: float) -> FoundFailure | None:
    if not is_for_graph(claims) and str(claims.get("iss", "")).startswith(V1_ISSUER):
        return finding("token-version-1", f"iss {claims['iss']}, ver {claims.get('ver')}, aud {claims.get('aud')}")
    return None


def _expired(_: Claims, claims: Claims, expected: Expected, now: float) -> FoundFailure | None:
    if _is_near(claims.get("exp")) and ENDED.refuses(claims, expected.rules, now):
        return _failed(ENDED, f"exp was {(now - claims['exp']) / 60:.0f} minutes ago")
    return None


def _future(_: Claims, claims: Claims, expected: Expected, now: float) -> FoundFailure | None:
    for judge in (BEGUN, ISSUED):
        begins = claims.get(judge.claim)
        if _is_near(begins) and judge.refuses(claims, expected.rules, now):
            return _failed(judge, f"{judge.claim} lies {length(begins - now)} ahead")
    return None


def _id_token(_: Claims, claims: Claims, __: Expected, ___: float) -> FoundFailure | None:
    if "scp" not in claims and "roles" not in claims and ("nonce" in claims or "preferred_username" in claims):
        return finding("id-token-instead", "it names a user and no scope (scp)")
    return None


def _app_only(_: Claims, claims: Claims, __: Expected, ___: float) -> FoundFailure | None:
    if claims.get("oid") and claims.get("sub") == claims.get("oid") and "scp" not in claims:
        return finding("app-only-token", "sub is oid, and there is no scp")
    return None


def _audience(_: Claims, claims: Claims, expected: Expected, now: float) -> FoundFailure | None:
    v1 = str(claims.get("iss", "")).startswith(V1_ISSUER)
    if AUDIENCE.refuses(claims, expected.rules, now) and not is_for_graph(claims) and not v1:
        return _failed(AUDIENCE, f"aud {claims.get('aud')}, the server's client id is {expected.client_id}")
    return None


def _tenant(_: Claims, claims: Claims, expected: Expected, now: float) -> FoundFailure | None:
    tenant = claims.get("tid")
    if expected.tenant_id and tenant and TENANT.refuses(claims, expected.rules, now):
        return _failed(TENANT, f"tid {tenant}, the server's tenant is {expected.tenant_id}")
    return None


def _scopes(_: Claims, claims: Claims, expected: Expected, now: float) -> FoundFailure | None:
    has = {str(scope) for scope in scopes_in(claims)}
    if not has or is_for_graph(claims) or not SCOPES.refuses(claims, expected.rules, now):
        return None
    missing = missing_scopes(claims, expected.rules)
    evidence = f"scp {' '.join(sorted(has))}, required {' '.join(missing)}"
    if all("/" in scope and scope.rpartition("/")[2] in has for scope in missing):
        return finding("required-scope-by-its-long-name", evidence)
    return _failed(SCOPES, evidence)


def _groups(_: Claims, claims: Claims, __: Expected, ___: float) -> FoundFailure | None:
    names = claims.get("_claim_names")
    if "hasgroups" in claims or (isinstance(names, dict) and "groups" in names):
        return finding("groups-overage", "_claim_names has groups, and there is no claim groups")
    return None


def _failed(judge: Judge, evidence: str) -> FoundFailure:
    return finding(FAILURES[judge.claim], evidence)


def _is_near(value: object) -> TypeGuard[float]:
    """Say whether a value is a time whose distance can be told."""
    return is_time(value) and abs(value) < 1e15


LOOKS: tuple[Callable[[Claims, Claims, Expected, float], FoundFailure | None], ...] = (
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


def _by_rules(claims: Claims, expected: Expected, now: float) -> FoundFailure | None:
    """Ask the servers' own judges, for what none of the above told."""
    issuer = str(claims.get("iss", ""))
    host = issuer.removeprefix("https://").partition("/")[0]
    if not host.startswith("login."):
        return None
    tenant = expected.tenant_id or str(claims.get("tid", ""))
    reason = refusal(claims, Rules(frozenset({tenant}), host), now)
    return finding("token-refused", reason) if reason else None
