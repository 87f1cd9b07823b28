"""Conditional Access: what the directory's policies demand before a token for a resource is issued.

Source: https://learn.microsoft.com/entra/identity/conditional-access/concept-conditional-access-policies and
https://learn.microsoft.com/entra/identity-platform/v2-conditional-access-dev-guide
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from practice_tenant.server.directory import policies
from practice_tenant.server.directory.objects import User
from practice_tenant.server.directory.sign_ins import MFA
from practice_tenant.server.directory.store import Store
from practice_tenant.server.login import errors
from practice_tenant.server.login.dotnet import instant

BLOCK = "block"
LONGEST_CLAIMS = 4_096


@dataclass(frozen=True)
class Demands:
    """What the policies demand together; each kind with the ids of the policies that do.

    Args:
        frequency: how old a sign-in may be, in seconds.
    """

    block: tuple[str, ...]
    mfa: tuple[str, ...]
    frequency: int | None


def demands(store: Store, user: User, resource_ids: Iterable[str], challenged: frozenset[str] = frozenset()) -> Demands:
    """Return what the policies of the user's directory demand for these resources.

    Args:
        resource_ids: application ids.
        challenged: ids of further policies that the client was told to satisfy (``challenged_policies``).
    """
    resources = tuple(resource_ids)
    applying = [
        policy
        for policy in policies.all_of(store, user.tenant_id)
        if policy.id in challenged or any(policy.covers(user.id, resource) for resource in resources)
    ]
    frequencies = [policy.sign_in_frequency for policy in applying]
    return Demands(
        block=tuple(policy.id for policy in applying if BLOCK in policy.controls),
        mfa=tuple(policy.id for policy in applying if MFA in policy.controls),
        frequency=min((seconds for seconds in frequencies if seconds is not None), default=None),
    )


def check(demanded: Demands, user: User, resource_id: str, amr: Sequence[str]) -> None:
    """Check that nothing is demanded that this sign-in did not bring.

    Args:
        amr: how the user signed in (``amr``, RFC 8176): ``pwd``, ``mfa``.

    Raises:
        LoginError: 53003, 50079 or 50076.
    """
    if demanded.block:
        raise errors.blocked_by_policy(demanded.block)
    if demanded.mfa and MFA not in amr:
        if not user.graph.get("isMfaRegistered", True):
            raise errors.mfa_enrollment_required(resource_id, demanded.mfa)
        raise errors.mfa_required(resource_id, demanded.mfa)


def challenged_policies(claims: str) -> frozenset[str]:
    """Return the policy ids in a ``claims`` parameter, as an earlier refusal told them to the client.

    Raises:
        LoginError: 9002313 when it is not JSON of that form.
    """
    if not claims:
        return frozenset()
    try:
        if len(claims) > LONGEST_CLAIMS:
            raise ValueError("longer than any challenge")
        wanted = json.loads(claims)
        values = wanted.get("access_token", {}).get("capolids", {}).get("values", [])
        return frozenset(value for value in values if isinstance(value, str))
    except (ValueError, AttributeError, TypeError, RecursionError):
        raise errors.malformed() from None


def check_not_revoked(user: User, signed_in: float) -> None:
    """Check that the user's sessions were not revoked since the sign-in.

    Args:
        signed_in: in Unix seconds.

    Raises:
        LoginError: 50173.
    """
    valid_from = user.graph.get("signInSessionsValidFromDateTime")
    if not valid_from:
        return
    since = datetime.fromisoformat(valid_from).timestamp()
    if signed_in < since:
        raise errors.sessions_revoked(instant(signed_in), instant(since))
