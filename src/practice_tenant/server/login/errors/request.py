"""Requests that are wrong in themselves: parameters, tenants, response and grant types."""

from __future__ import annotations

from practice_tenant.server.login.errors.base import LoginError


def missing_parameter(name: str) -> LoginError:
    return LoginError(900144, "invalid_request", f"The request body must contain the following parameter: '{name}'.")


def malformed(error: str = "invalid_request") -> LoginError:
    return LoginError(9002313, error, "Invalid request. Request is malformed or invalid.")


def post_only(method: str) -> LoginError:
    return LoginError(
        900561,
        "invalid_request",
        f"The endpoint only accepts POST requests. Received a {method} request.",
        redirectable=False,
    )


def not_a_tenant(tenant: str, error: str = "invalid_request") -> LoginError:
    return LoginError(
        900023,
        error,
        f"Specified tenant identifier '{tenant}' is neither a valid DNS name, nor a valid external domain.",
        redirectable=False,
    )


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


def unsupported_prompt() -> LoginError:
    return LoginError(90023, "invalid_request", "Unsupported 'prompt' value.", redirectable=False)


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
