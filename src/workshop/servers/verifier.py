"""What a token must be beyond what FastMCP looks at.

FastMCP's verifiers look at the signature, the issuer, the audience, the scopes, and at the times exp and nbf where the
token has them; at nbf since 4.2, with 30 seconds to spare. What they refuse stands in the log in FastMCP's words. Here
the rest is looked at, and nbf once more, for a FastMCP that looks at less.

Source of the rest: RFC 7519 section 4.1, RFC 9068 section 4 and
https://learn.microsoft.com/entra/identity-platform/claims-validation
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastmcp.server.auth import AccessToken, TokenVerifier
from fastmcp.utilities.logging import get_logger

from .one_token import TakesOneToken

logger = get_logger(__name__)

# Clocks differ. Microsoft's own libraries allow this much (for nbf FastMCP is asked first, and allows less):
# https://learn.microsoft.com/dotnet/api/microsoft.identitymodel.tokens.tokenvalidationparameters.defaultclockskew
SKEW_SECONDS = 300

# A token with 200 groups, the most Entra puts into one, has about 10,000 characters.
LONGEST_TOKEN = 65_536


@dataclass(frozen=True)
class Rules:
    """Which tokens of Entra a server takes.

    Attributes:
        tenant_ids: of the directories whose users may come in.
        base_authority: the host of the issuer.
        clients: the application ids (`azp`) that tokens may have been issued to; empty for any.
    """

    tenant_ids: frozenset[str]
    base_authority: str = "login.microsoftonline.com"
    clients: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Check:
    """One thing that is looked at beside what FastMCP looks at.

    Attributes:
        claim: where it stands.
        asks: what is asked, in a few words.
        refuses: gets the claims, the rules and the Unix time in seconds; returns why not, or None.
    """

    claim: str
    asks: str
    refuses: Callable[[Mapping[str, Any], Rules, float], str | None]


def refusal(claims: Mapping[str, Any], rules: Rules, now: float) -> str | None:
    """Return why a token with these claims is not taken, without any of its values; None if it is.

    Args:
        now: Unix time in seconds.
    """
    return next(filter(None, (check.refuses(claims, rules, now) for check in CHECKS)), None)


def _endless(claims: Mapping[str, Any], _rules: Rules, _now: float) -> str | None:
    return None if _is_time(claims.get("exp")) else "it has no expiry (exp)"


def _early(claims: Mapping[str, Any], _rules: Rules, now: float) -> str | None:
    return _later(claims, "nbf", "it is not valid yet", now)


def _of_the_future(claims: Mapping[str, Any], _rules: Rules, now: float) -> str | None:
    return _later(claims, "iat", "it was issued in the future", now)


def _later(claims: Mapping[str, Any], name: str, meaning: str, now: float) -> str | None:
    if not _is_time(claims.get(name)):
        return f"it has no time {name}"
    return f"{meaning} ({name})" if claims[name] > now + SKEW_SECONDS else None


def _foreign(claims: Mapping[str, Any], rules: Rules, _now: float) -> str | None:
    tenant_id = claims.get("tid")
    if not isinstance(tenant_id, str) or tenant_id not in rules.tenant_ids:
        return "its tenant (tid) is not one of this server's"
    return None


def _issued_elsewhere(claims: Mapping[str, Any], rules: Rules, _now: float) -> str | None:
    # With one signing key for all tenants, the two have to agree:
    # https://learn.microsoft.com/entra/identity-platform/access-tokens#multitenant-applications
    if claims.get("iss") != f"https://{rules.base_authority}/{claims.get('tid')}/v2.0":
        return "its issuer (iss) is not that of its tenant (tid)"
    return None


def _other_version(claims: Mapping[str, Any], _rules: Rules, _now: float) -> str | None:
    return None if claims.get("ver") == "2.0" else "it is not a version 2.0 token (ver)"


def _nobody(claims: Mapping[str, Any], _rules: Rules, _now: float) -> str | None:
    object_id = claims.get("oid")
    return None if isinstance(object_id, str) and object_id else "it names no user (oid)"


def _an_app(claims: Mapping[str, Any], _rules: Rules, _now: float) -> str | None:
    scopes = claims.get("scp")
    # An app that acts for itself gets a token without scp, and its sub is its oid. The claim idtyp comes on request.
    app_only = not isinstance(scopes, str) or not scopes.split() or claims.get("sub") == claims.get("oid")
    if app_only or claims.get("idtyp", "user") != "user":
        return "it was issued to an app and not to a user (app-only)"
    return None


def _unlisted(claims: Mapping[str, Any], rules: Rules, _now: float) -> str | None:
    client = claims.get("azp")
    if rules.clients and not (isinstance(client, str) and client in rules.clients):
        return "it was issued to a client that is not on the list (azp)"
    return None


CHECKS = (
    Check("exp", "does it end?", _endless),
    Check("nbf", "is it valid already?", _early),
    Check("iat", "was it issued before now?", _of_the_future),
    Check("tid", "is its tenant one of this server's?", _foreign),
    Check("iss", "is its issuer that of its tenant?", _issued_elsewhere),
    Check("ver", "is it of version 2.0?", _other_version),
    Check("oid", "does it name a user?", _nobody),
    Check("sub", "was it issued for a user, and not to an app for itself?", _an_app),
    Check("azp", "is the client on the list, if there is one?", _unlisted),
)
"""In this order; the first that refuses names the reason."""


def _is_time(value: object) -> bool:
    # Not math.isfinite: it fails on an integer beyond all floats.
    return isinstance(value, int | float) and not isinstance(value, bool) and -math.inf < value < math.inf


class EntraTokenVerifier(TakesOneToken, TokenVerifier):
    """Take the tokens that another verifier takes, if they keep the rules as well.

    It advertises the same scopes as the other one, so it may stand wherever that one stood.
    """

    def __init__(self, inner: TokenVerifier, rules: Rules, now: Callable[[], float] = time.time) -> None:
        super().__init__(inner.base_url, inner.required_scopes, inner.resource_base_url)
        self.inner = inner
        self.rules = rules
        self.now = now

    @property
    def scopes_supported(self) -> list[str]:
        """The scopes advertised in the protected resource metadata."""
        return self.inner.scopes_supported

    def get_challenge_scopes(self, required_scopes: list[str] | None = None) -> list[str]:
        """Return the scopes that a refused client is told to ask for."""
        return self.inner.get_challenge_scopes(required_scopes)

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return what the token says, or None with the reason in the log."""
        if len(token) > LONGEST_TOKEN:
            return _refused("it is too long")
        try:
            access = await self.inner.verify_token(token)
        except (RecursionError, OverflowError):  # made to end the verifier, not to be read by it
            return _refused("it can't be read")
        return None if access is None else checked(access, self.rules, self.now())


def checked(access: AccessToken, rules: Rules, now: float) -> AccessToken | None:
    """Return a verified token if it keeps the rules, else None with the reason in the log."""
    reason = refusal(access.claims, rules, now)
    return access if reason is None else _refused(reason)


def _refused(reason: str) -> AccessToken | None:
    # No token, no name, no id of a person.
    logger.warning("Bearer token rejected: %s", reason)
    return None
