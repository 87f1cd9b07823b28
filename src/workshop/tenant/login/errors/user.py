"""Users and their sessions."""

from __future__ import annotations

from workshop.tenant.login.errors.base import LoginError


def user_disabled() -> LoginError:
    return LoginError(50057, "invalid_grant", "The user account is disabled.", redirectable=False)


def user_not_found(upn: str, tenant_id: str) -> LoginError:
    return LoginError(
        50034,
        "invalid_grant",
        f"The user account {upn} does not exist in the {tenant_id} directory. To sign into this application, the "
        "account must be added to the directory.",
        redirectable=False,
    )


def no_session() -> LoginError:
    return LoginError(50058, "login_required", "A silent sign-in request was sent but no user is signed in.")
