"""Scopes, resources and consent."""

from __future__ import annotations

from collections.abc import Iterable

from practice_tenant.server.login.errors.base import LoginError


def consent_required(app_id: str, name: str, error: str = "invalid_grant") -> LoginError:
    return LoginError(
        65001,
        error,
        f"The user or administrator has not consented to use the application with ID '{app_id}' named '{name}'. "
        "Send an interactive authorization request for this user and resource.",
        extra={"suberror": "consent_required"},
    )


def preauthorization_required(app_id: str, resource_id: str) -> LoginError:
    return LoginError(
        65002,
        "invalid_request",
        f"Consent between first party application '{app_id}' and first party resource '{resource_id}' must be "
        "configured via preauthorization - applications owned and operated by Microsoft must get approval from the "
        "API owner before requesting tokens for that API.",
    )


def consent_declined() -> LoginError:
    return LoginError(65004, "access_denied", "User declined to consent to access the app.")


def admin_consent_required() -> LoginError:
    """Say that an administrator has to consent; the page says so at length."""
    return LoginError(90094, "access_denied", "The grant requires admin permission.", redirectable=False)


def user_consent_forbidden(tenant_name: str, name: str) -> LoginError:
    return LoginError(
        90093,
        "access_denied",
        f"An administrator of {tenant_name} set a policy that prevents you from granting {name} the permissions it's "
        f"requesting. Contact an administrator of {tenant_name}, who can grant permissions to this app on your behalf.",
        redirectable=False,
    )


def admin_consent_may_be_asked_for() -> LoginError:
    """Say that the page which the client forces (``prompt=consent``) is one that users may not answer."""
    return LoginError(
        90095,
        "access_denied",
        "Admin consent is required for the permissions requested by this application. An admin consent request may be "
        "sent to the admin.",
        redirectable=False,
    )


def scope_not_found(app_name: str, scope: str, resource_id: str) -> LoginError:
    return LoginError(
        650053,
        "invalid_client",
        f"The application '{app_name}' asked for scope '{scope}' that doesn't exist on the resource '{resource_id}'. "
        "Contact the app vendor.",
    )


def invalid_scope(scope: str, why: str = "") -> LoginError:
    """Refuse a ``scope`` parameter, which is repeated whole."""
    return LoginError(
        70011,
        "invalid_scope",
        "The provided request must include a 'scope' input parameter. The provided value for the input parameter "
        f"'scope' is not valid. The scope {scope} is not valid.{why}",
    )


def default_with_others(scope: str) -> LoginError:
    return invalid_scope(scope, " .default scope can't be combined with resource-specific scopes.")


def resource_not_listed(
    client_id: str, name: str, resource: str, resource_id: str, listed: Iterable[str]
) -> LoginError:
    return LoginError(
        650057,
        "invalid_client",
        "Invalid resource. The client has requested access to a resource which is not listed in the requested "
        f"permissions in the client's application registration. Client app ID: {client_id}({name}). Resource value "
        f"from request: {resource}. Resource app ID: {resource_id}. List of valid resources from app registration: "
        f"{', '.join(listed)}.",
    )


def permissions_unknown(client_id: str, name: str, resource: str, unknown: Iterable[str]) -> LoginError:
    """Refuse a consent as a whole for what nobody publishes. Source: Azure-Samples/azure-finops-agent#52."""
    return LoginError(
        0,
        "invalid_client",
        f"The registration of '{client_id}'({name}) lists permissions that {resource} does not publish here: "
        f"{', '.join(unknown)}. Entra then refuses the consent as a whole; the number and the words it does that with "
        "are not known. An app role's id counts with the type Role only, a scope's with the type Scope. Of Microsoft "
        "Graph's permissions the practice tenant has a part.",
        redirectable=False,
    )


def resource_without_principal(resource_id: str, name: str, tenant_id: str) -> LoginError:
    return LoginError(
        650052,
        "invalid_client",
        f"The app is trying to access a service '{resource_id}'({name}) that your organization '{tenant_id}' lacks a "
        "service principal for. Contact your IT Admin to review the configuration of your service subscriptions or "
        "consent to the application in order to create the required service principal.",
    )


def several_resources(scope: str) -> LoginError:
    return LoginError(
        28000,
        "invalid_request",
        "Provided value for the input parameter scope is not valid because it contains more than one resource. "
        f"Scope {scope} is not valid.",
    )


def scope_without_resource(scope: str) -> LoginError:
    return LoginError(
        28002,
        "invalid_request",
        f"Provided value for the input parameter scope '{scope}' is not valid when requesting an access token. Please "
        "specify a valid scope.",
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


def resource_not_found(resource: str, tenant: str) -> LoginError:
    return LoginError(
        500011,
        "invalid_resource",
        f"The resource principal named {resource} was not found in the tenant named {tenant}. This can happen "
        "if the application has not been installed by the administrator of the tenant or consented to by any user "
        "in the tenant. You might have sent your authentication request to the wrong tenant.",
    )


def resource_mismatch() -> LoginError:
    return LoginError(
        9010010,
        "invalid_target",
        "The resource parameter provided in the request doesn't match with the requested scopes.",
    )


def resource_parameter_not_supported() -> LoginError:
    return LoginError(901002, "invalid_request", "The 'resource' request parameter is not supported.")
