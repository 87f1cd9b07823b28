"""Device codes: pending, declined, unknown, expired. Source: RFC 8628 section 3.5."""

from __future__ import annotations

from practice_tenant.server.login.errors.base import LoginError


def authorization_pending() -> LoginError:
    return LoginError(
        70016,
        "authorization_pending",
        "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
    )


def authorization_declined() -> LoginError:
    return LoginError(65004, "authorization_declined", "User declined to consent to access the app.")


def device_code_unknown() -> LoginError:
    return LoginError(
        70018,
        "bad_verification_code",
        "Invalid verification code due to User typing in wrong user code for device code flow. Authorization is not "
        "approved.",
    )


def device_code_expired() -> LoginError:
    return LoginError(
        70020,
        "expired_token",
        "The provided value for the input parameter 'device_code' is not valid. This device code has expired.",
    )


def user_code_expired() -> LoginError:
    return LoginError(70019, "expired_token", "Verification code expired.", redirectable=False)


def user_code_used() -> LoginError:
    return LoginError(90120, "invalid_request", "The request was already authorized or declined.", redirectable=False)
