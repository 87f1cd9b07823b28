"""The checks of a verifier, one by one and by name: all are made, also after one that fails.

What FastMCP's verifier wants (algorithm, issuer, audience, scopes) is read from the verifier itself, and the servers'
own checks are those of `workshop.servers.verifier`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import httpx
import jwt
from fastmcp.server.auth.jwt_issuer import JWTIssuer
from fastmcp.server.auth.providers.jwt import JWTVerifier
from joserfc.errors import JoseError

from workshop.servers.verifier import CHECKS, Rules
from workshop.show.claims import Values
from workshop.tokens.kinds import is_for_graph
from workshop.tokens.parts import Parts

FASTMCP, OWN = "FastMCP", "this server"
SECONDS = 60.0
NBF_SKEW_SECONDS = 30  # as fastmcp.server.auth.providers.jwt has it

Claims = Mapping[str, Any]


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
    yield Finding(FASTMCP, "exp", "has it not ended yet?", *_ended(claims, now))
    yield Finding(FASTMCP, "nbf", "has it begun?", *_begun(claims, now))
    yield Finding(FASTMCP, "iss", "is the issuer the right one?", *_issued(verifier, claims, values))
    yield Finding(FASTMCP, "aud", "is it for this server?", *_meant(verifier.audience, claims.get("aud"), values))
    yield Finding(FASTMCP, "scp", "does it have the scopes that are required?", *_allowed(verifier, claims, values))


def of_rules(rules: Rules, claims: Claims, now: float) -> Iterator[Finding]:
    """Make the servers' own checks."""
    for check in CHECKS:
        why = check.refuses(claims, rules, now)
        yield Finding(OWN, check.claim, check.asks, why is None, why or "yes")


def of_ticket(issuer: JWTIssuer, found: Parts, values: Values, now: float) -> Iterator[Finding]:
    """Make the checks of a proxy's own token."""
    header, claims = found.header, found.claims
    algorithm = _same(header.get("alg"), "HS256", values.text)
    yield Finding(FASTMCP, "alg", "is it signed by HS256?", *algorithm)
    yield Finding(FASTMCP, "signature", "did this server sign exactly this?", *_signed_ticket(issuer, found))
    use = claims.get("token_use", "access")
    yield Finding(FASTMCP, "token_use", "is it an access token?", *_same(use, "access", values.text))
    yield Finding(FASTMCP, "exp", "has it not ended yet?", *_ended(claims, now))
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


def _ended(claims: Claims, now: float) -> Outcome:
    ends = claims.get("exp")
    if ends is None:
        return Outcome(True, "it names no end, and so it never does")
    try:
        over = ends < now
    except TypeError:
        return Outcome(False, "its exp is no time")
    return Outcome(not over, "no, it is over" if over else "yes")


def _begun(claims: Claims, now: float) -> Outcome:
    begins = claims.get("nbf")
    if begins is None:
        return Outcome(True, "it names no beginning, and so it has none")
    try:
        early = begins > now + NBF_SKEW_SECONDS
    except TypeError:
        return Outcome(False, "its nbf is no time")
    return Outcome(not early, "no, not yet" if early else "yes")


def _issued(verifier: JWTVerifier, claims: Claims, values: Values) -> Outcome:
    issuers = verifier.issuer
    if not issuers:
        return Outcome(True, "any will do")
    found = claims.get("iss")
    wanted = list(issuers) if isinstance(issuers, list) else [issuers]
    if found in wanted:
        return Outcome(True, "yes")
    return Outcome(False, f"it says {values.shown('iss', found) or 'nothing'}")


def _meant(wanted: str | list[str] | None, found: object, values: Values) -> Outcome:
    if not wanted:
        return Outcome(True, "any will do")
    takes = list(wanted) if isinstance(wanted, list) else [wanted]
    named = found if isinstance(found, list) else [found]
    if any(one in takes for one in named):
        return Outcome(True, "yes")
    return Outcome(False, f"it is for {values.shown('aud', found) or 'nobody it names'}")


def _allowed(verifier: JWTVerifier, claims: Claims, values: Values) -> Outcome:
    wanted = verifier.required_scopes or []
    name = "scope" if "scope" in claims else "scp"
    found = claims.get(name)
    has = found.split() if isinstance(found, str) else found if isinstance(found, list) else []
    missing = [scope for scope in wanted if scope not in has]
    if not missing:
        return Outcome(True, "yes" if wanted else "none is required")
    return Outcome(False, f"{' '.join(missing)} is missing; it has {values.shown(name, found) or 'none'}")
