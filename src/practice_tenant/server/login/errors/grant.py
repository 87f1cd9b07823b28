"""Authorization codes, refresh tokens and verifiers that are not, or no longer, good."""

from __future__ import annotations

from practice_tenant.server.login.errors.base import LoginError


def code_redeemed() -> LoginError:
    return LoginError(
        54005,
        "invalid_grant",
        "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing "
        "refresh token.",
    )


def grant_expired() -> LoginError:
    return LoginError(
        70008,
        "invalid_grant",
        "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive "
        "authorization request for this user and resource.",
    )


def refresh_token_idle(issued: str, idle: str) -> LoginError:
    return LoginError(
        700082,
        "invalid_grant",
        f"The refresh token has expired due to inactivity. The token was issued on {issued} and was inactive for "
        f"{idle}.",
        extra={"suberror": "bad_token"},
    )


def spa_refresh_token_expired(issued: str) -> LoginError:
    return LoginError(
        700084,
        "invalid_grant",
        "The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime of "
        "1.00:00:00, which cannot be extended. It is now expired and a new sign in request must be sent by the SPA to "
        f"the sign in page. The token was issued on {issued}.",
        extra={"suberror": "bad_token"},
    )


def issued_to_another_client() -> LoginError:
    return LoginError(70000, "invalid_grant", "Provided grant is invalid or malformed.")


def code_of_another_tenant() -> LoginError:
    return LoginError(
        700005,
        "invalid_grant",
        "Provided Authorization Code is intended to use against other tenant, thus rejected.",
    )


def verifier_missing() -> LoginError:
    return LoginError(
        50148,
        "invalid_grant",
        "The code_verifier does not match the code_challenge supplied in the authorization request for PKCE.",
    )


def verifier_mismatch() -> LoginError:
    return LoginError(
        501481,
        "invalid_grant",
        "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
    )


def invalid_challenge() -> LoginError:
    return LoginError(
        501491,
        "invalid_request",
        "Invalid size of Code_Challenge parameter.",
    )


def token_for_itself(app_id: str, name: str) -> LoginError:
    return LoginError(
        90009,
        "invalid_request",
        f"Application '{app_id}'({name}) is requesting a token for itself. This scenario is supported only if "
        "resource is specified using the GUID based App Identifier.",
    )
