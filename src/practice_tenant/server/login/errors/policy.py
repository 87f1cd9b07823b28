"""What a directory's policies demand of a sign-in, and sign-ins that are taken back."""

from __future__ import annotations

import json
from collections.abc import Iterable

from practice_tenant.server.login.errors.base import LoginError

_BECAUSE = "Due to a configuration change made by your administrator, or because you moved to a new location, you must "


def mfa_required(resource_id: str, policy_ids: Iterable[str]) -> LoginError:
    return LoginError(
        50076,
        "invalid_grant",
        f"{_BECAUSE}use multi-factor authentication to access '{resource_id}'.",
        extra={"suberror": "basic_action", "claims": _challenge(policy_ids)},
    )


def password_alone(resource_id: str) -> LoginError:
    """Refuse a password that comes without anything else, where no policy of the directory's own is named."""
    return LoginError(
        50076,
        "invalid_grant",
        f"{_BECAUSE}use multi-factor authentication to access '{resource_id}'.",
        extra={"suberror": "basic_action"},
    )


def mfa_enrollment_required(resource_id: str, policy_ids: Iterable[str]) -> LoginError:
    return LoginError(
        50079,
        "invalid_grant",
        f"{_BECAUSE}enroll in multi-factor authentication to access '{resource_id}'.",
        extra={"suberror": "basic_action", "claims": _challenge(policy_ids)},
    )


def second_factor_denied() -> LoginError:
    return LoginError(
        500121,
        "invalid_grant",
        "Authentication failed during strong authentication request.",
        redirectable=False,
    )


def blocked_by_policy(policy_ids: Iterable[str]) -> LoginError:
    return LoginError(
        53003,
        "invalid_grant",
        "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
        extra={"suberror": "message_only", "claims": _challenge(policy_ids)},
        redirectable=False,
    )


def refresh_token_too_old(issued: str, seconds: int) -> LoginError:
    return LoginError(
        70043,
        "invalid_grant",
        "The refresh token has expired or is invalid due to sign-in frequency checks by conditional access. The token "
        f"was issued on {issued} and the maximum allowed lifetime for this request is {seconds}.",
        extra={"suberror": "token_expired"},
    )


def session_too_old() -> LoginError:
    return LoginError(
        70044,
        "invalid_grant",
        "The session has expired or is invalid due to sign-in frequency checks by conditional access.",
        extra={"suberror": "token_expired"},
    )


def sessions_revoked(issued: str, valid_from: str) -> LoginError:
    return LoginError(
        50173,
        "invalid_grant",
        "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have "
        f"changed or reset their password. The grant was issued on '{issued}' and the TokensValidFrom date (before "
        f"which tokens are not valid) for this user is '{valid_from}'.",
    )


def _challenge(policy_ids: Iterable[str]) -> str:
    """Return what the client has to send along when the user signs in again."""
    wanted = {"access_token": {"capolids": {"essential": True, "values": list(policy_ids)}}}
    return json.dumps(wanted, separators=(",", ":"))
