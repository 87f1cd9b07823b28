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
    "azp": "client-not-on-the-list",
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
    said = {check.claim: shown(f"{check.claim}: {check.found}") for check in verified.failed}
    names = {claim: FAILURES.get(claim, "token-refused") for claim in said}
    # A claim may be looked at twice. The first finding is FastMCP's, and it says what stands there.
    special = _special({check.claim: str(check.found) for check in reversed(verified.failed)})
    found = {special or name: said[claim] for claim, name in names.items()}
    return Diagnosed("a token at a server", tuple(finding(name, evidence) for name, evidence in found.items()))


def _special(found: dict[str, str]) -> str:
    """Return the one failure that explains all that failed, "" if there is none."""
    if "sts.windows.net" in found.get("iss", "") and "graph" not in found.get("aud", "").lower():
        return "token-version-1"
    if "graph.microsoft.com" in found.get("aud", "") or "Microsoft Graph" in found.get("signature", ""):
        return "graphs-token"
    missing = found.get("scp", "").partition(" is missing")[0]
    if set(found) == {"scp"} and "://" in missing:
        return "required-scope-by-its-long-name"
    return ""
