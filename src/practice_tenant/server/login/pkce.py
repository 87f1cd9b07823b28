"""Proof Key for Code Exchange. Source: RFC 7636."""

from __future__ import annotations

import hmac
import re

from practice_tenant.server.encoding import s256
from practice_tenant.server.login import errors

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
    derived = s256(verifier) if method == "S256" else verifier
    if not hmac.compare_digest(derived.encode("utf-8", "replace"), challenge.encode("utf-8", "replace")):
        raise errors.verifier_mismatch()
