"""Proof Key for Code Exchange. Source: RFC 7636."""

from __future__ import annotations

import hashlib
import hmac
import re

from practice_tenant.server.login import errors
from practice_tenant.server.signing.signing_key import base64url

_CHALLENGE = re.compile(r"[A-Za-z0-9\-._~]{43,128}")


def check_challenge(challenge: str, method: str) -> None:
    """Check the form of a challenge at the authorization endpoint; there need not be one.

    Raises:
        LoginError: 501491 for a challenge of the wrong form, 9002313 for an unknown method.
    """
    if not challenge:
        return
    if method not in ("", "plain", "S256"):
        raise errors.malformed()
    if not _CHALLENGE.fullmatch(challenge):
        raise errors.invalid_challenge()


def check_verifier(verifier: str, challenge: str, method: str) -> None:
    """Hold the verifier against the challenge at the token endpoint.

    Raises:
        LoginError: 50148 when it is missing, 501481 when it does not fit.
    """
    if not challenge:
        return
    if not verifier:
        raise errors.verifier_missing()
    given = challenge_of(verifier) if method == "S256" else verifier
    if not hmac.compare_digest(given.encode("utf-8", "replace"), challenge.encode("utf-8", "replace")):
        raise errors.verifier_mismatch()


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a verifier. Source: RFC 7636 section 4.2."""
    return base64url(hashlib.sha256(verifier.encode("utf-8", "replace")).digest())
