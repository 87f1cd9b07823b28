"""Clients: unknown, disabled, wrongly authenticated, at a wrong redirect URI."""

from __future__ import annotations

from practice_tenant.server.login.errors.base import LoginError


def application_not_found(app_id: str, tenant_name: str) -> LoginError:
    return LoginError(
        700016,
        "unauthorized_client",
        f"Application with identifier '{app_id}' was not found in the directory '{tenant_name}'. This can happen if "
        "the application has not been installed by the administrator of the tenant or consented to by any user in "
        "the tenant. You may have sent your authentication request to the wrong tenant.",
        redirectable=False,
    )


def not_an_application_id(app_id: str) -> LoginError:
    return LoginError(
        700038, "unauthorized_client", f"{app_id} is not a valid application identifier.", redirectable=False
    )


def not_multi_tenant(app_id: str, name: str) -> LoginError:
    return LoginError(
        50194,
        "invalid_request",
        f"Application '{app_id}'({name}) is not configured as a multi-tenant application. Usage of the /common "
        "endpoint is not supported for such applications created after '10/15/2018'. Use a tenant-specific endpoint or "
        "configure the application to be multi-tenant.",
        redirectable=False,
    )


def application_disabled(app_id: str, name: str) -> LoginError:
    return LoginError(
        7000112,
        "unauthorized_client",
        f"Application '{app_id}'({name}) is disabled.",
        401,
        redirectable=False,
    )


def application_not_assigned(app_id: str, name: str, resource: str, resource_name: str) -> LoginError:
    return LoginError(
        501051,
        "invalid_grant",
        f"Application '{app_id}'({name}) is not assigned to a role for the application '{resource}'({resource_name}).",
    )


def redirect_mismatch(uri: str, app_id: str) -> LoginError:
    return LoginError(
        50011,
        "invalid_request",
        f"The redirect URI '{uri}' specified in the request does not match the redirect URIs configured for the "
        f"application '{app_id}'. Make sure the redirect URI sent in the request matches one added to your "
        "application in the Azure portal. Navigate to https://aka.ms/redirectUriMismatchError to learn more about "
        "how to fix this.",
        redirectable=False,
    )


def redirect_not_absolute() -> LoginError:
    return LoginError(
        90102, "invalid_request", "'redirect_uri' value must be a valid absolute URI.", redirectable=False
    )


def no_reply_address() -> LoginError:
    return LoginError(
        500113, "invalid_request", "No reply address is registered for the application.", redirectable=False
    )


def work_accounts_only(app_id: str, name: str) -> LoginError:
    return LoginError(
        9002332,
        "invalid_request",
        f"Application '{app_id}'({name}) is configured for use by Microsoft Entra users only. Please do not use the "
        "/consumers endpoint to serve this request.",
        redirectable=False,
    )


def reply_address_differs(uri: str, before: str) -> LoginError:
    return LoginError(
        500112,
        "invalid_grant",
        f"The reply address '{uri}' does not match the reply address '{before}' provided when requesting "
        "Authorization code.",
    )


def invalid_secret(app_id: str) -> LoginError:
    return LoginError(
        7000215,
        "invalid_client",
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
        f"not the client secret ID, for a secret added to app '{app_id}'.",
        401,
    )


def expired_secret(app_id: str) -> LoginError:
    return LoginError(
        7000222,
        "invalid_client",
        f"The provided client secret keys for app '{app_id}' are expired. Visit the Azure portal to create new keys "
        "for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added "
        "security: https://aka.ms/certCreds.",
        401,
    )


def secret_required() -> LoginError:
    return LoginError(
        7000218,
        "invalid_client",
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        401,
    )


def credential_required_for_client_credentials() -> LoginError:
    return LoginError(
        7000216,
        "invalid_client",
        "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
        401,
    )


def public_client_with_secret() -> LoginError:
    return LoginError(
        700025,
        "invalid_client",
        "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
        401,
    )


def pkce_required_cross_origin() -> LoginError:
    return LoginError(
        9002325,
        "invalid_request",
        "Proof Key for Code Exchange is required for cross-origin authorization code redemption.",
    )


def cross_origin_not_permitted(origin: str) -> LoginError:
    return LoginError(
        9002326,
        "invalid_request",
        "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type. "
        f"Request origin: '{origin}'.",
    )


def cross_origin_required() -> LoginError:
    return LoginError(
        9002327,
        "invalid_request",
        "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests.",
    )


def client_without_principal(app_id: str, tenant_id: str) -> LoginError:
    return LoginError(
        7000229,
        "invalid_client",
        f"The client application {app_id} is missing service principal in the tenant {tenant_id}. See instructions "
        "here: https://go.microsoft.com/fwlink/?linkid=2225119",
        401,
    )
