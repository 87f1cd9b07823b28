"""Users and their sessions."""

from __future__ import annotations

from practice_tenant.server.login.errors.base import LoginError


def user_disabled() -> LoginError:
    return LoginError(50057, "invalid_grant", "The user account is disabled.", redirectable=False)


def user_not_found(name: str, tenant_id: str) -> LoginError:
    return LoginError(
        50034,
        "invalid_grant",
        f"The user account {name} does not exist in the {tenant_id} directory. To sign into this application, the "
        "account must be added to the directory.",
        redirectable=False,
        account=name,
    )


def user_of_another_directory(
    name: str, identity_provider: str, tenant_name: str, app_id: str, app_name: str
) -> LoginError:
    return LoginError(
        50020,
        "invalid_grant",
        f"User account '{name}' from identity provider '{identity_provider}' does not exist in tenant '{tenant_name}' "
        f"and cannot access the application '{app_id}'({app_name}) in that tenant. The account needs to be added as "
        "an external user in the tenant first. Sign out and sign in again with a different Azure Active Directory "
        "user account.",
        redirectable=False,
        account=name,
    )


def not_assigned(app_id: str, app_name: str, name: str) -> LoginError:
    return LoginError(
        50105,
        "invalid_grant",
        f"Your administrator has configured the application {app_name} ('{app_id}') to block users unless they are "
        f"specifically granted ('assigned') access to the application. The signed in user '{name}' is blocked because "
        "they are not a direct member of a group with access, nor had access directly assigned by an administrator. "
        "Please contact your administrator to assign access to this application.",
        redirectable=False,
        account=name,
    )


def no_session() -> LoginError:
    return LoginError(50058, "login_required", "A silent sign-in request was sent but no user is signed in.")
