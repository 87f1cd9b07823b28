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
from fastmcp.server.auth.providers.jwt import SUPPORTED_JWS_HEADER_FIELDS, JWTVerifier
from joserfc.errors import JoseError

from workshop.servers.claims import ENDED, FASTMCP_JUDGES, Claims, Judge, Rules, judges_of, missing_scopes
from workshop.servers.keys import KEY_JUDGES, KeySet, Signing
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


class CheckOutcome(NamedTuple):
    """What one check found; `passed` is None if it could not be made."""

    passed: bool | None
    found: str


@dataclass(frozen=True)
class TokenCheck:
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

    @property
    def set(self) -> KeySet:
        """The same for the judges of `workshop.servers.keys`."""
        return KeySet(self.found)


def fetched(verifier: JWTVerifier) -> Keys:
    """Fetch the keys that a verifier goes by, as it does: over HTTP. Source: RFC 7517."""
    if not verifier.jwks_uri:
        return Keys(why="it has one key of its own")
    try:
        answer = httpx.get(verifier.jwks_uri, timeout=SECONDS)
        answer.raise_for_status()
        return Keys(KeySet.of(answer.json()).keys)
    except (httpx.HTTPError, ValueError) as error:
        return Keys(why=f"they could not be fetched ({type(error).__name__})")


def of_verifier(
    verifier: JWTVerifier, keys: Keys, token_parts: Parts, values: Values, now: float
) -> Iterator[TokenCheck]:
    """Make FastMCP's checks of a token whose issuer publishes its keys."""
    header, claims = token_parts.header, token_parts.claims
    algorithm = _same(header.get("alg"), verifier.algorithm, values.text)
    yield TokenCheck(FASTMCP, "alg", f"is it signed by {verifier.algorithm}?", *algorithm)
    yield TokenCheck(FASTMCP, "kid", "did the issuer publish this key?", *_published(header, keys, values))
    yield TokenCheck(FASTMCP, "crit", "does its header demand nothing special?", *_critical(header))
    signed = (
        _signed(verifier, keys, token_parts) if algorithm.passed else CheckOutcome(None, "not with another algorithm")
    )
    yield TokenCheck(FASTMCP, "signature", "did that key sign exactly this?", *signed)
    for judge in FASTMCP_JUDGES:
        yield TokenCheck(FASTMCP, judge.claim, judge.asks, *_judged(judge, claims, _rules_of(verifier), now, values))


def of_key(keys: Keys, token_parts: Parts) -> Iterator[TokenCheck]:
    """Make the servers' own checks of the key that signed a token, and of the header that names it."""
    signing = Signing.of(token_parts.header, token_parts.claims, keys.set)
    for judge in KEY_JUDGES:
        unseen = keys.why if judge.looks_at == "key" else ""
        why = judge.refuses(signing)
        found = CheckOutcome(None, unseen) if unseen else CheckOutcome(why is None, why or "yes")
        yield TokenCheck(OWN, judge.looks_at, judge.asks, *found)


def of_rules(rules: Rules, claims: Claims, now: float) -> Iterator[TokenCheck]:
    """Make the servers' own checks."""
    for judge in judges_of(claims, rules):
        why = judge.refuses(claims, rules, now)
        yield TokenCheck(OWN, judge.claim, judge.asks, why is None, why or "yes")


def of_ticket(issuer: JWTIssuer, token_parts: Parts, values: Values, now: float) -> Iterator[TokenCheck]:
    """Make the checks of a proxy's own token."""
    header, claims = token_parts.header, token_parts.claims
    algorithm = _same(header.get("alg"), "HS256", values.text)
    yield TokenCheck(FASTMCP, "alg", "is it signed by HS256?", *algorithm)
    yield TokenCheck(FASTMCP, "signature", "did this server sign exactly this?", *_signed_ticket(issuer, token_parts))
    use = claims.get("token_use", "access")
    yield TokenCheck(FASTMCP, "token_use", "is it an access token?", *_same(use, "access", values.text))
    yield TokenCheck(FASTMCP, ENDED.claim, ENDED.asks, *_judged(ENDED, claims, Rules(frozenset()), now, values))
    yield TokenCheck(FASTMCP, "iss", "did this server issue it?", *_same(claims.get("iss"), issuer.issuer, values.text))
    yield TokenCheck(FASTMCP, "aud", "is it for this server?", *_same(claims.get("aud"), issuer.audience, values.text))


def of_store(taken: bool | None) -> TokenCheck:
    """Report the last check of a proxy's own token, which only the server can make: by the token it keeps.

    Args:
        taken: what the server answered to a token that passed all else; None if another check failed.
    """
    asks = "does the server keep a token of Entra's for it, and is that one still good?"
    answers = {True: "yes", False: "no", None: "the server does not come to that"}
    return TokenCheck(OWN, "jti", asks, taken, answers[taken])


def _same(value: object, wanted: str, shown: Callable[[str], str]) -> CheckOutcome:
    if value == wanted:
        return CheckOutcome(True, "yes")
    return CheckOutcome(False, "it names none" if value is None else f"it says {shown(str(value))}")


def _published(header: Claims, keys: Keys, values: Values) -> CheckOutcome:
    if keys.why:
        return CheckOutcome(None, keys.why)
    kid = header.get("kid")
    if kid is None:
        only = len(keys.found) == 1
        return CheckOutcome(only, "it names none; there is only one" if only else "it names none of several")
    if any(key.get("kid") == kid for key in keys.found):
        return CheckOutcome(True, "yes")
    return CheckOutcome(False, f"no: {values.shown('kid', kid)}")


def _critical(header: Claims) -> CheckOutcome:
    # Source: RFC 7515 section 4.1.11. No token of Entra's has it.
    demands = header.get("crit")
    known = SUPPORTED_JWS_HEADER_FIELDS & set(header)
    all_known = isinstance(demands, list) and all(isinstance(name, str) and name in known for name in demands)
    met = "crit" not in header or all_known
    return CheckOutcome(True, "yes") if met else CheckOutcome(False, "there is something (crit)")


def _signed(verifier: JWTVerifier, keys: Keys, token_parts: Parts) -> CheckOutcome:
    algorithm = jwt.PyJWS().get_algorithm_by_name(verifier.algorithm)
    try:
        if verifier.public_key:
            key = algorithm.prepare_key(verifier.public_key)
        else:
            kid = token_parts.header.get("kid")
            named = [key for key in keys.found if kid is None or key.get("kid") == kid]
            if len(named) != 1:
                return CheckOutcome(None, "there is no key to look with")
            key = algorithm.from_jwk(dict(named[0]))
        good = algorithm.verify(token_parts.signed, key, token_parts.signature)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return CheckOutcome(None, "there is no key to look with")
    if good:
        return CheckOutcome(True, "yes")
    if "nonce" in token_parts.header and is_for_graph(token_parts.claims):
        return CheckOutcome(False, "no: a token for Microsoft Graph shows another nonce than was signed")
    return CheckOutcome(False, "no: another key signed it, or it was changed since")


def _signed_ticket(issuer: JWTIssuer, token_parts: Parts) -> CheckOutcome:
    try:
        issuer.verify_token(token_parts.text)
    except JoseError as error:
        # It looks at the signature first. What it says of claims is of no finer kind.
        if type(error) is not JoseError:
            return CheckOutcome(False, "no: another key signed it, or it was changed since")
    except (ValueError, TypeError, KeyError, RecursionError):
        return CheckOutcome(False, "no: it can't be read")
    return CheckOutcome(True, "yes")


def _judged(judge: Judge, claims: Claims, rules: Rules, now: float, values: Values) -> CheckOutcome:
    why = judge.refuses(claims, rules, now)
    if why is None:
        return CheckOutcome(True, NOTES[judge.claim](claims, rules) or "yes")
    return CheckOutcome(False, _with_value(judge.claim, claims, rules, values) or why)


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
