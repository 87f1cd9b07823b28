"""A verification of `workshop.tokens`: which failure stands behind the check that turned a token away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from workshop.diagnosis.findings import Diagnosed, finding
from workshop.diagnosis.reading import shown

FAILURES = {
    "alg": "signature-not-verified",
    "kid": "signature-not-verified",
    "crit": "signature-not-verified",
    "key": "signature-not-verified",
    "signature": "signature-not-verified",
    "exp": "token-expired",
    "nbf": "token-from-the-future",
    "iat": "token-from-the-future",
    "iss": "token-from-another-issuer",
    "tid": "token-from-another-issuer",
    "ver": "token-version-1",
    "aud": "token-for-another-api",
    "scp": "required-scope-missing",
    "oid": "app-only-token",
    "sub": "app-only-token",
    "idtyp": "app-only-token",
    "roles": "app-only-token",
    "azp": "client-not-on-the-list",
    "azpacr": "client-not-on-the-list",
    "jti": "token-refused",
}
"""What a failed check means, by the claim it looks at."""


@runtime_checkable
class Verified(Protocol):
    """A verification, as `workshop.tokens.verify` returns it."""

    @property
    def failed(self) -> Sequence[Any]:
        """The checks that failed, each with `claim` and `found`."""

    @property
    def let_in(self) -> bool:
        """Whether the server takes the token."""


def diagnose_verified(verified: Verified) -> Diagnosed:
    """Say what is wrong with a token, from the checks that a server made."""
    evidence_by_claim = {check.claim: shown(f"{check.claim}: {check.found}") for check in verified.failed}
    if "iss" in evidence_by_claim:  # then no key is that issuer's either
        evidence_by_claim.pop("key", None)
    names = {claim: FAILURES.get(claim, "token-refused") for claim in evidence_by_claim}
    # A claim may be looked at twice. The first finding is FastMCP's, and it says what stands there.
    special = _special({check.claim: str(check.found) for check in reversed(verified.failed)})
    evidence_by_failure = {special or name: evidence_by_claim[claim] for claim, name in names.items()}
    return Diagnosed(
        "a token at a server", tuple(finding(name, evidence) for name, evidence in evidence_by_failure.items())
    )


def _special(text_by_claim: dict[str, str]) -> str:
    """Return the one failure that explains all that failed, "" if there is none."""
    if "sts.windows.net" in text_by_claim.get("iss", "") and "graph" not in text_by_claim.get("aud", "").lower():
        return "token-version-1"
    if "graph.microsoft.com" in text_by_claim.get("aud", "") or "Microsoft Graph" in text_by_claim.get("signature", ""):
        return "graphs-token"
    missing = text_by_claim.get("scp", "").partition(" is missing")[0]
    if set(text_by_claim) == {"scp"} and "://" in missing:
        return "required-scope-by-its-long-name"
    return ""
