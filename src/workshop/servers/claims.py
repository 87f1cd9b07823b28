"""What a token's claims must be: each requirement once, for the servers and for whoever explains their answers.

FastMCP's verifiers look at the signature, the issuer, the audience, the scopes, and at the times exp and nbf where the
token has them; at nbf since 4.2, with 30 seconds to spare. What they refuse stands in the log in FastMCP's words. The
servers look at the rest, and at nbf once more, for a FastMCP that looks at less.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

# Clocks differ. Microsoft's own libraries allow this much (for nbf FastMCP is asked first, and allows less):
# https://learn.microsoft.com/dotnet/api/microsoft.identitymodel.tokens.tokenvalidationparameters.defaultclockskew
SKEW_SECONDS = 300
FASTMCP_SKEW_SECONDS = 30  # as fastmcp.server.auth.providers.jwt has it since 4.2

# A token with 200 groups, the most Entra puts into one, has about 10,000 characters.
LONGEST_TOKEN = 65_536

FASTMCP = "fastmcp.server.auth.providers.jwt"
JWT_CLAIMS = "RFC 7519 section 4.1"
JWT_PROFILE = "RFC 9068 section 4"
ENTRA = "https://learn.microsoft.com/entra/identity-platform/claims-validation"
ENTRA_CLAIMS = "https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference#payload-claims"
ENTRA_APP_ROLES = "https://learn.microsoft.com/entra/identity-platform/howto-add-app-roles-in-apps"
ENTRA_OPTIONAL_CLAIMS = "https://learn.microsoft.com/entra/identity-platform/optional-claims-reference"
ENTRA_MANY_TENANTS = "https://learn.microsoft.com/entra/identity-platform/access-tokens#multitenant-applications"

BY_SECRET_OR_CERTIFICATE = ("1", "2")  # 0 is a public client, which proves nothing

Claims = Mapping[str, Any]


@dataclass(frozen=True)
class Rules:
    """Which tokens of Entra a server takes.

    Attributes:
        tenant_ids: of the directories whose users may come in.
        base_authority: the host of the issuer.
        clients: the application ids (`azp`) that tokens may have been issued to; empty for any. A public client's id
            is no proof of which program it is.
        confidential_only: whether that client must have proved who it is (`azpacr`).
        issuers: what FastMCP's verifier takes as `iss`; empty for any.
        audiences: what it takes as `aud`; empty for any.
        scopes: what must stand in a user's `scp`; empty for what the verifier requires.
        app_roles: of which an app that acts for itself must hold one (`roles`); empty lets no such app in.
    """

    tenant_ids: frozenset[str]
    base_authority: str = "login.microsoftonline.com"
    clients: frozenset[str] = frozenset()
    confidential_only: bool = False
    issuers: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    app_roles: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Judge:
    """One thing that is required of a token's claims.

    Attributes:
        claim: where it stands.
        asks: what is asked, in a few words.
        refuses: gets the claims, the rules and the Unix time in seconds; returns why not, without any value of the
            token, or None.
        source: where the requirement comes from.
    """

    claim: str
    asks: str
    refuses: Callable[[Claims, Rules, float], str | None]
    source: str


def refusal(claims: Claims, rules: Rules, now: float) -> str | None:
    """Return why a server refuses a token that FastMCP takes, without any of its values; None if it takes it too.

    Args:
        now: Unix time in seconds.
    """
    return next(filter(None, (judge.refuses(claims, rules, now) for judge in judges_of(claims, rules))), None)


def judges_of(claims: Claims, rules: Rules) -> tuple[Judge, ...]:
    """Return who judges a token: apps have judges of their own, where any are let in at all."""
    return APP_JUDGES if rules.app_roles and says_app(claims) else SERVER_JUDGES


def says_app(claims: Claims) -> bool:
    """Say whether a token claims to be one that an app got for itself; whether that is true is judged elsewhere.

    Microsoft calls `idtyp` the most accurate. It is an optional claim; without it such a token has no `scp`, and its
    `sub` is its `oid`.
    """
    if "idtyp" in claims:
        return bool(claims["idtyp"] == "app")
    return "scp" not in claims and _is_text(claims.get("oid")) and claims.get("sub") == claims["oid"]


def is_of_a_user(claims: Claims) -> bool:
    """Say whether a token was issued for a user; of any other none may have a user's data, or a user's say."""
    scopes = claims.get("scp")
    # An app that acts for itself gets a token without scp, and its sub is its oid. The claim idtyp comes on request.
    app_only = not isinstance(scopes, str) or not scopes.split() or claims.get("sub") == claims.get("oid")
    return not app_only and claims.get("idtyp", "user") == "user"


def is_time(value: object) -> TypeGuard[float]:
    """Say whether a value is a time in seconds."""
    # Not math.isfinite: it fails on an integer beyond all floats.
    return isinstance(value, int | float) and not isinstance(value, bool) and -math.inf < value < math.inf


def scopes_granted(claims: Claims) -> list[str]:
    """Return the scopes that Entra put into a token: those of `scp`, and of no other claim."""
    scopes = claims.get("scp")
    return scopes.split() if isinstance(scopes, str) else []


def scopes_in(claims: Claims) -> list[Any]:
    """Return the scopes a token has as FastMCP reads them: with a claim `scope` it does not look at `scp`."""
    scopes = next((claims[name] for name in ("scope", "scp") if isinstance(claims.get(name), str | list)), "")
    return scopes.split() if isinstance(scopes, str) else scopes


def missing_scopes(claims: Claims, rules: Rules) -> list[str]:
    """Return the required scopes that FastMCP does not find in a token."""
    has = scopes_in(claims)
    return [scope for scope in rules.scopes if scope not in has]


# --- what FastMCP requires ---


def _over(claims: Claims, _rules: Rules, now: float) -> str | None:
    return _compared(claims, "exp", lambda ends: ends < now, "no, it is over")


def _not_begun(claims: Claims, _rules: Rules, now: float) -> str | None:
    return _compared(claims, "nbf", lambda begins: begins > now + FASTMCP_SKEW_SECONDS, "no, not yet")


def _compared(claims: Claims, name: str, is_wrong: Callable[[Any], bool], why: str) -> str | None:
    value = claims.get(name)
    try:
        return why if value is not None and is_wrong(value) else None
    except TypeError:
        return f"its {name} is no time"


def _other_issuer(claims: Claims, rules: Rules, _now: float) -> str | None:
    taken = not rules.issuers or claims.get("iss") in rules.issuers
    return None if taken else "its issuer (iss) is not the right one"


def _other_audience(claims: Claims, rules: Rules, _now: float) -> str | None:
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    taken = not rules.audiences or any(each in rules.audiences for each in named)
    return None if taken else "it is for another API (aud)"


def _scope_missing(claims: Claims, rules: Rules, _now: float) -> str | None:
    return "a required scope is missing (scp)" if missing_scopes(claims, rules) else None


ENDED = Judge("exp", "has it not ended yet?", _over, FASTMCP)
BEGUN = Judge("nbf", "has it begun?", _not_begun, FASTMCP)
ISSUER = Judge("iss", "is the issuer the right one?", _other_issuer, FASTMCP)
AUDIENCE = Judge("aud", "is it for this server?", _other_audience, FASTMCP)
SCOPES = Judge("scp", "does it have the scopes that are required?", _scope_missing, FASTMCP)

FASTMCP_JUDGES = (ENDED, BEGUN, ISSUER, AUDIENCE, SCOPES)
"""What FastMCP's verifier requires of claims, in its order; here it is only explained."""


# --- what the servers require beyond that ---


def _endless(claims: Claims, _rules: Rules, _now: float) -> str | None:
    return None if is_time(claims.get("exp")) else "it has no expiry (exp)"


def _early(claims: Claims, _rules: Rules, now: float) -> str | None:
    return _later(claims, "nbf", "it is not valid yet", now)


def _of_the_future(claims: Claims, _rules: Rules, now: float) -> str | None:
    return _later(claims, "iat", "it was issued in the future", now)


def _later(claims: Claims, name: str, meaning: str, now: float) -> str | None:
    if not is_time(claims.get(name)):
        return f"it has no time {name}"
    return f"{meaning} ({name})" if claims[name] > now + SKEW_SECONDS else None


def _foreign(claims: Claims, rules: Rules, _now: float) -> str | None:
    tenant_id = claims.get("tid")
    if not isinstance(tenant_id, str) or tenant_id not in rules.tenant_ids:
        return "its tenant (tid) is not one of this server's"
    return None


def _issued_elsewhere(claims: Claims, rules: Rules, _now: float) -> str | None:
    # With one signing key for all tenants, the two have to agree.
    if claims.get("iss") != f"https://{rules.base_authority}/{claims.get('tid')}/v2.0":
        return "its issuer (iss) is not that of its tenant (tid)"
    return None


def _other_version(claims: Claims, _rules: Rules, _now: float) -> str | None:
    return None if claims.get("ver") == "2.0" else "it is not a version 2.0 token (ver)"


def _nobody(claims: Claims, _rules: Rules, _now: float) -> str | None:
    return None if _is_text(claims.get("oid")) else "it names no user (oid)"


def _an_app(claims: Claims, _rules: Rules, _now: float) -> str | None:
    return None if is_of_a_user(claims) else "it was issued to an app and not to a user (app-only)"


def _not_granted(claims: Claims, rules: Rules, _now: float) -> str | None:
    granted = scopes_granted(claims)
    lacks = any(scope not in granted for scope in rules.scopes)
    return "a required scope is not in scp, where Entra puts it (scp)" if lacks else None


def _unlisted(claims: Claims, rules: Rules, _now: float) -> str | None:
    client = claims.get("azp")
    if rules.clients and not (isinstance(client, str) and client in rules.clients):
        return "it was issued to a client that is not on the list (azp)"
    return None


def _unproved(claims: Claims, rules: Rules, now: float) -> str | None:
    return _proved_nothing(claims, rules, now) if rules.confidential_only else None


# --- what they require of an app that acts for itself ---


def _nothing(claims: Claims, _rules: Rules, _now: float) -> str | None:
    return None if _is_text(claims.get("oid")) else "it names no service principal (oid)"


def _in_two_minds(claims: Claims, _rules: Rules, _now: float) -> str | None:
    # No token of Entra's is both. Which half is true is nobody's guess.
    also_a_users = "scp" in claims or claims.get("sub") != claims.get("oid") or claims.get("idtyp", "app") != "app"
    return "it says that an app acts for itself, and also that it does not (idtyp, scp, sub)" if also_a_users else None


def _no_role(claims: Claims, rules: Rules, _now: float) -> str | None:
    roles = claims.get("roles")
    held = isinstance(roles, list) and all(_is_text(role) for role in roles) and not rules.app_roles.isdisjoint(roles)
    return None if held else "the app holds no app role that lets it in (roles)"


def _unnamed(claims: Claims, _rules: Rules, _now: float) -> str | None:
    return None if _is_text(claims.get("azp")) else "it names no client (azp)"


def _proved_nothing(claims: Claims, _rules: Rules, _now: float) -> str | None:
    proved = claims.get("azpacr") in BY_SECRET_OR_CERTIFICATE
    return None if proved else "its client did not prove who it is (azpacr)"


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and value != ""


ISSUED = Judge("iat", "was it issued before now?", _of_the_future, JWT_CLAIMS)
TENANT = Judge("tid", "is its tenant one of this server's?", _foreign, ENTRA)

LISTED = Judge("azp", "is the client on the list, if there is one?", _unlisted, ENTRA)

OF_ALL = (
    Judge("exp", "does it end?", _endless, JWT_PROFILE),
    Judge("nbf", "is it valid already?", _early, JWT_CLAIMS),
    ISSUED,
    TENANT,
    Judge("iss", "is its issuer that of its tenant?", _issued_elsewhere, ENTRA_MANY_TENANTS),
    Judge("ver", "is it of version 2.0?", _other_version, ENTRA),
)

SERVER_JUDGES = (
    *OF_ALL,
    Judge("oid", "does it name a user?", _nobody, ENTRA),
    Judge("sub", "was it issued for a user, and not to an app for itself?", _an_app, ENTRA),
    Judge("scp", "are the required scopes in scp itself?", _not_granted, ENTRA),
    LISTED,
    Judge("azpacr", "did the client prove who it is, if it has to?", _unproved, ENTRA_CLAIMS),
)
"""In this order; the first that refuses names the reason."""

APP_JUDGES = (
    *OF_ALL,
    Judge("oid", "does it name a service principal?", _nothing, ENTRA),
    Judge("idtyp", "was it issued to an app for itself, and to nobody else?", _in_two_minds, ENTRA_OPTIONAL_CLAIMS),
    Judge("roles", "does the app hold a role that lets it in?", _no_role, ENTRA_APP_ROLES),
    Judge("azp", "does it name the client?", _unnamed, ENTRA_CLAIMS),
    LISTED,
    Judge("azpacr", "did the client prove who it is?", _proved_nothing, ENTRA_CLAIMS),
)
"""The same for an app that acts for itself, at a door that is open to some."""
