"""The checks of a verifier, one by one and by name: all are made, also after one that fails.

What FastMCP's verifier wants (algorithm, issuer, audience, scopes) is read from the verifier itself. What is required
of the claims, by FastMCP and by the servers, stands in `workshop.servers.claims`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import httpx
import jwt
from fastmcp.server.auth.jwt_issuer import JWTIssuer
from fastmcp.server.auth.providers.jwt import JWTVerifier
from joserfc.errors import JoseError

from workshop.servers.claims import ENDED, FASTMCP_JUDGES, SERVER_JUDGES, Claims, Judge, Rules, missing_scopes
from workshop.show.claims import Values
from workshop.tokens.kinds import is_for_graph
from workshop.tokens.parts import Parts

FASTMCP, OWN = "FastMCP", "this server"
SECONDS = 60.0
# What there is to say of a claim that is in order, and otherwise than yes.
NOTES: Mapping[str, Callable[[Claims, Rules], str]] = {
    "exp": lambda claims, _: "" if claims.get("exp") is not None else "it names no end, and so it never does",
    "nbf": lambda claims, _: "" if claims.get("nbf") is not None else "it names no beginning, and so it has none",
    "iss": lambda _, rules: "" if rules.issuers else "any will do",
    "aud": lambda _, rules: "" if rules.audiences else "any will do",
    "scp": lambda _, rules: "" if rules.scopes else "none is required",
}


class Outcome(NamedTuple):
    """What one check found; `passed` is None if it could not be made."""

    passed: bool | None
    found: str


@dataclass(frozen=True)
class Finding:
    """One check and what became of it.

    Attributes:
        by: who makes it.
        claim: where it looks.
        asks: what it asks.
        passed: None if it could not be made.
        found: what was found, in a few words.
    """

    by: str
    claim: str
    asks: str
    passed: bool | None
    found: str


@dataclass(frozen=True)
class Keys:
    """The issuer's published keys, or why there are none."""

    found: tuple[Mapping[str, Any], ...] = ()
    why: str = ""


def fetched(verifier: JWTVerifier) -> Keys:
    """Fetch the keys that a verifier goes by, as it does: over HTTP. Source: RFC 7517."""
    if not verifier.jwks_uri:
        return Keys(why="it has one key of its own")
    try:
        answer = httpx.get(verifier.jwks_uri, timeout=SECONDS)
        answer.raise_for_status()
        return Keys(tuple(key for key in answer.json()["keys"] if isinstance(key, dict)))
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        return Keys(why=f"they could not be fetched ({type(error).__name__})")


def of_verifier(verifier: JWTVerifier, keys: Keys, found: Parts, values: Values, now: float) -> Iterator[Finding]:
    """Make FastMCP's checks of a token whose issuer publishes its keys."""
    header, claims = found.header, found.claims
    algorithm = _same(header.get("alg"), verifier.algorithm, values.text)
    yield Finding(FASTMCP, "alg", f"is it signed by {verifier.algorithm}?", *algorithm)
    yield Finding(FASTMCP, "kid", "did the issuer publish this key?", *_published(header, keys, values))
    yield Finding(FASTMCP, "crit", "does its header demand nothing special?", *_critical(header))
    signed = _signed(verifier, keys, found) if algorithm.passed else Outcome(None, "not with another algorithm")
    yield Finding(FASTMCP, "signature", "did that key sign exactly this?", *signed)
    for judge in FASTMCP_JUDGES:
        yield Finding(FASTMCP, judge.claim, judge.asks, *_judged(judge, claims, _rules_of(verifier), now, values))


def of_rules(rules: Rules, claims: Claims, now: float) -> Iterator[Finding]:
    """Make the servers' own checks."""
    for judge in SERVER_JUDGES:
        why = judge.refuses(claims, rules, now)
        yield Finding(OWN, judge.claim, judge.asks, why is None, why or "yes")


def of_ticket(issuer: JWTIssuer, found: Parts, values: Values, now: float) -> Iterator[Finding]:
    """Make the checks of a proxy's own token."""
    header, claims = found.header, found.claims
    algorithm = _same(header.get("alg"), "HS256", values.text)
    yield Finding(FASTMCP, "alg", "is it signed by HS256?", *algorithm)
    yield Finding(FASTMCP, "signature", "did this server sign exactly this?", *_signed_ticket(issuer, found))
    use = claims.get("token_use", "access")
    yield Finding(FASTMCP, "token_use", "is it an access token?", *_same(use, "access", values.text))
    yield Finding(FASTMCP, ENDED.claim, ENDED.asks, *_judged(ENDED, claims, Rules(frozenset()), now, values))
    yield Finding(FASTMCP, "iss", "did this server issue it?", *_same(claims.get("iss"), issuer.issuer, values.text))
    yield Finding(FASTMCP, "aud", "is it for this server?", *_same(claims.get("aud"), issuer.audience, values.text))


def of_store(taken: bool | None) -> Finding:
    """Report the last check of a proxy's own token, which only the server can make: by the token it keeps.

    Args:
        taken: what the server answered to a token that passed all else; None if another check failed.
    """
    asks = "does the server keep a token of Entra's for it, and is that one still good?"
    found = {True: "yes", False: "no", None: "the server does not come to that"}
    return Finding(OWN, "jti", asks, taken, found[taken])


def _same(found: object, wanted: str, shown: Callable[[str], str]) -> Outcome:
    if found == wanted:
        return Outcome(True, "yes")
    return Outcome(False, "it names none" if found is None else f"it says {shown(str(found))}")


def _published(header: Claims, keys: Keys, values: Values) -> Outcome:
    if keys.why:
        return Outcome(None, keys.why)
    kid = header.get("kid")
    if kid is None:
        one = len(keys.found) == 1
        return Outcome(one, "it names none; there is only one" if one else "it names none of several")
    if any(key.get("kid") == kid for key in keys.found):
        return Outcome(True, "yes")
    return Outcome(False, f"no: {values.shown('kid', kid)}")


def _critical(header: Claims) -> Outcome:
    # Source: RFC 7515 section 4.1.11. No token of Entra's has it.
    return Outcome(True, "yes") if header.get("crit") is None else Outcome(False, "there is something (crit)")


def _signed(verifier: JWTVerifier, keys: Keys, found: Parts) -> Outcome:
    algorithm = jwt.PyJWS().get_algorithm_by_name(verifier.algorithm)
    try:
        if verifier.public_key:
            key = algorithm.prepare_key(verifier.public_key)
        else:
            kid = found.header.get("kid")
            named = [one for one in keys.found if kid is None or one.get("kid") == kid]
            if len(named) != 1:
                return Outcome(None, "there is no key to look with")
            key = algorithm.from_jwk(dict(named[0]))
        good = algorithm.verify(found.signed, key, found.signature)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return Outcome(None, "there is no key to look with")
    if good:
        return Outcome(True, "yes")
    if "nonce" in found.header and is_for_graph(found.claims):
        return Outcome(False, "no: it is for Microsoft Graph, and only Graph can verify it")
    return Outcome(False, "no: another key signed it, or it was changed since")


def _signed_ticket(issuer: JWTIssuer, found: Parts) -> Outcome:
    try:
        issuer.verify_token(found.text)
    except JoseError as error:
        # It looks at the signature first. What it says of claims is of no finer kind.
        if type(error) is not JoseError:
            return Outcome(False, "no: another key signed it, or it was changed since")
    except (ValueError, TypeError, KeyError, RecursionError):
        return Outcome(False, "no: it can't be read")
    return Outcome(True, "yes")


def _judged(judge: Judge, claims: Claims, rules: Rules, now: float, values: Values) -> Outcome:
    why = judge.refuses(claims, rules, now)
    if why is None:
        return Outcome(True, NOTES[judge.claim](claims, rules) or "yes")
    return Outcome(False, _with_value(judge.claim, claims, rules, values) or why)


def _with_value(claim: str, claims: Claims, rules: Rules, values: Values) -> str:
    """Say what stands in a refused claim; nothing for a time."""
    if claim == "iss":
        return f"it says {values.shown('iss', claims.get('iss')) or 'nothing'}"
    if claim == "aud":
        return f"it is for {values.shown('aud', claims.get('aud')) or 'nobody it names'}"
    if claim == "scp":
        name = "scope" if "scope" in claims else "scp"
        has = values.shown(name, claims.get(name)) or "none"
        return f"{' '.join(missing_scopes(claims, rules))} is missing; it has {has}"
    return ""


def _rules_of(verifier: JWTVerifier) -> Rules:
    """Return what FastMCP's verifier was told to require."""
    return Rules(
        frozenset(),
        issuers=_several(verifier.issuer),
        audiences=_several(verifier.audience),
        scopes=tuple(verifier.required_scopes or ()),
    )


def _several(value: str | Iterable[str] | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) and value else tuple(value or ())
