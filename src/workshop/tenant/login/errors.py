"""Entra's errors: one function each, with the exact text, the status and the OAuth error code.

Source: https://learn.microsoft.com/entra/identity-platform/reference-error-codes and recorded answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# Codes for which Entra names a page to look them up.
WITH_ERROR_URI = frozenset({7000215, 500011, 70016, 7000222, 65002, 90002, 70008, 700082, 700084})


@dataclass(eq=False)
class LoginError(Exception):
    """A refusal by the identity platform.

    Args:
        code: the AADSTS number.
        error: the OAuth 2.0 error code (RFC 6749 section 5.2).
        text: what follows "AADSTS<code>: ".
        status: HTTP status at the token endpoint.
        extra: further members of the envelope, such as ``suberror`` and ``claims``.
        redirectable: whether /authorize may tell the client by a redirect.
    """

    code: int
    error: str
    text: str
    status: int = 400
    extra: Mapping[str, Any] = field(default_factory=dict)
    redirectable: bool = True

    def __str__(self) -> str:
        return f"AADSTS{self.code}: {self.text}"


def missing_parameter(name: str) -> LoginError:
    return LoginError(900144, "invalid_request", f"The request body must contain the following parameter: '{name}'.")


def malformed(error: str = "invalid_request") -> LoginError:
    return LoginError(9002313, error, "Invalid request. Request is malformed or invalid.")


def tenant_not_found(tenant: str, error: str = "invalid_request") -> LoginError:
    return LoginError(
        90002,
        error,
        f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the "
        "correct cloud. Check with your subscription administrator, this may happen if there are no active "
        "subscriptions for the tenant.",
        redirectable=False,
    )


def unknown_instance() -> LoginError:
    return LoginError(50049, "invalid_instance", "Unknown or invalid instance.")


def unsupported_grant_type(grant_type: str) -> LoginError:
    return LoginError(70003, "unsupported_grant_type", f"The app requested an unsupported grant type '{grant_type}'.")


def unsupported_response_type(response_type: str) -> LoginError:
    if response_type in ("id_token", "code id_token"):
        return LoginError(
            700054,
            "unsupported_response_type",
            "response_type 'id_token' is not enabled for the application.",
        )
    if response_type in ("token", "id_token token"):
        return LoginError(
            700051, "unsupported_response_type", "response_type 'token' is not enabled for the application."
        )
    return LoginError(70005, "unsupported_response_type", f"The response type '{response_type}' is not supported.")


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
        "endpoint is not supported for such apps created after '10/15/2018'. Use a tenant-specific endpoint or "
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


def reply_address_differs(given: str, before: str) -> LoginError:
    return LoginError(
        500112,
        "invalid_grant",
        f"The reply address '{given}' does not match the reply address '{before}' provided when requesting "
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


def refresh_token_idle(issued: str) -> LoginError:
    return LoginError(
        700082,
        "invalid_grant",
        f"The refresh token has expired due to inactivity. The token was issued on {issued} and was inactive for "
        "90.00:00:00.",
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


def issued_to_another_client(app_id: str) -> LoginError:
    return LoginError(
        70000,
        "invalid_grant",
        f"Provided grant is invalid or malformed. It was not issued to application '{app_id}'.",
    )


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


def consent_required(app_id: str, name: str, error: str = "invalid_grant") -> LoginError:
    return LoginError(
        65001,
        error,
        f"The user or administrator has not consented to use the application with ID '{app_id}' named '{name}'. "
        "Send an interactive authorization request for this user and resource.",
        extra={"suberror": "consent_required"},
    )


def consent_declined() -> LoginError:
    return LoginError(65004, "access_denied", "User declined to consent to access the app.")


def admin_consent_required(app_id: str, name: str) -> LoginError:
    return LoginError(
        90094,
        "access_denied",
        f"The grant requires administrator permission: application '{app_id}' named '{name}' asks for permissions "
        "that only an administrator can grant.",
        redirectable=False,
    )


def scope_not_found(app_name: str, scope: str, resource_id: str) -> LoginError:
    return LoginError(
        650053,
        "invalid_client",
        f"The application '{app_name}' asked for scope '{scope}' that doesn't exist on the resource '{resource_id}'. "
        "Contact the app vendor.",
    )


def invalid_scope(scope: str) -> LoginError:
    return LoginError(
        70011,
        "invalid_scope",
        "The provided request must include a 'scope' input parameter. The provided value for the input parameter "
        f"'scope' is not valid. The scope {scope} is not valid.",
    )


def several_resources(scope: str) -> LoginError:
    return LoginError(
        28000,
        "invalid_request",
        "Provided value for the input parameter scope is not valid because it contains more than one resource. "
        f"Scope {scope} is not valid.",
    )


def scope_empty_at_redemption() -> LoginError:
    return LoginError(
        28003,
        "invalid_request",
        "Provided value for the input parameter scope cannot be empty when requesting an access token using the "
        "provided authorization code. Please specify a valid scope.",
    )


def scope_of_client_credentials(scope: str) -> LoginError:
    return LoginError(
        1002012,
        "invalid_scope",
        f"The provided value for scope {scope} is not valid. Client credential flows must have a scope value with "
        "/.default suffixed to the resource identifier (application ID URI).",
    )


def resource_not_found(resource: str, tenant_name: str) -> LoginError:
    return LoginError(
        500011,
        "invalid_resource",
        f"The resource principal named {resource} was not found in the tenant named {tenant_name}. This can happen "
        "if the application has not been installed by the administrator of the tenant or consented to by any user "
        "in the tenant. You might have sent your authentication request to the wrong tenant.",
    )


def resource_mismatch() -> LoginError:
    return LoginError(
        9010010,
        "invalid_target",
        "The resource parameter provided in the request doesn't match with the requested scopes.",
    )


def token_for_itself(app_id: str, name: str) -> LoginError:
    return LoginError(
        90009,
        "invalid_request",
        f"Application '{app_id}'({name}) is requesting a token for itself. This scenario is supported only if "
        "resource is specified using the GUID based App Identifier.",
    )


def client_without_principal(app_id: str, tenant_id: str) -> LoginError:
    return LoginError(
        7000229,
        "unauthorized_client",
        f"The client application {app_id} is missing service principal in the tenant {tenant_id}. See instructions "
        "here: https://go.microsoft.com/fwlink/?linkid=2225119",
    )
