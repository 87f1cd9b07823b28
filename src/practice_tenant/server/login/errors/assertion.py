"""Assertions with which a client proves who it is: its certificate's, or one of an issuer it trusts."""

from __future__ import annotations

from practice_tenant.server.login.errors import texts
from practice_tenant.server.login.errors.base import LoginError

_REVIEW = "Review the documentation at"
_CREDENTIALS_DOCS = "https://learn.microsoft.com/entra/identity-platform/certificate-credentials"
_FEDERATION_DOCS = "https://learn.microsoft.com/entra/workload-id/workload-identity-federation"


def malformed_jwt() -> LoginError:
    return LoginError(50027, "invalid_request", "JWT token is invalid or malformed.")


def field_missing(name: str) -> LoginError:
    return LoginError(
        90014,
        "invalid_request",
        f"The required field '{name}' is missing from the credential. Ensure that you have all the necessary "
        "parameters for the login request.",
    )


def unsupported_algorithm(algorithm: str) -> LoginError:
    return LoginError(
        5002738,
        "invalid_client",
        f"Invalid JWT token. '{algorithm}' is not a supported signature algorithm. Supported signing algorithms are: "
        "'RS256,RS384,RS512'",
        401,
    )


def no_key_named() -> LoginError:
    return LoginError(
        5002723,
        "invalid_client",
        "Invalid JWT token. No certificate SHA-1 thumbprint, certificate SHA-256 thumbprint, nor keyId specified in "
        "token header.",
        401,
    )


def assertion_of_another_application() -> LoginError:
    return LoginError(
        700021,
        "invalid_client",
        f"Client assertion application identifier doesn't match 'client_id' parameter. {_REVIEW} {_CREDENTIALS_DOCS} .",
        401,
    )


def assertion_audience() -> LoginError:
    return LoginError(
        700023,
        "invalid_client",
        f"Client assertion audience claim does not match Realm issuer. {_REVIEW} {_CREDENTIALS_DOCS} .",
        401,
    )


def assertion_time(now: str, begins: str, ends: str) -> LoginError:
    return LoginError(
        700024,
        "invalid_client",
        f"Client assertion is not within its valid time range. Current time: {now}, assertion valid from {begins}, "
        f"expiry time of assertion {ends}. {_REVIEW} {_CREDENTIALS_DOCS} .",
        401,
    )


def certificate_not_registered(thumbprint: str, app_id: str) -> LoginError:
    return LoginError(
        700027,
        "invalid_client",
        "The certificate with identifier used to sign the client assertion is not registered on application. "
        f"{texts.key_trouble('The key was not found.', app_id, thumbprint)}",
        401,
    )


def assertion_signature(reason: str, app_id: str, thumbprint: str = "", lifetime: str = "") -> LoginError:
    return LoginError(
        700027,
        "invalid_client",
        f"Client assertion failed signature validation. {texts.key_trouble(reason, app_id, thumbprint, lifetime)}",
        401,
    )


def federated_issuer(issuer: str) -> LoginError:
    return _no_federated_record(700211, f"issuer '{issuer}'.")


def federated_audience(audience: str) -> LoginError:
    return _no_federated_record(700212, f"audience '{audience}'.")


def federated_subject(subject: str) -> LoginError:
    return _no_federated_record(700213, f"subject '{subject}'.")


def federated_subject_case(subject: str) -> LoginError:
    return _no_federated_record(
        7002138,
        f"subject '{subject}'. The subject matches with case-insensitive comparison, but not with case-sensitive "
        "comparison.",
    )


def _no_federated_record(code: int, what: str) -> LoginError:
    return LoginError(
        code,
        "invalid_client",
        f"No matching federated identity record found for presented assertion {what} Please check your federated "
        f"identity credential Subject, Audience and Issuer against the presented assertion. {_FEDERATION_DOCS}",
        401,
    )


def issuer_not_reached() -> LoginError:
    return LoginError(50166, "invalid_request", "Request to External OIDC endpoint failed.")


def federated_token_of_a_user() -> LoginError:
    return LoginError(
        700229,
        "invalid_client",
        "Only app-only tokens can be used as Federated Identity Credentials for Microsoft Entra issuer.",
    )


def federated_token_of_an_application() -> LoginError:
    return LoginError(
        700226,
        "invalid_client",
        "Only MSI tokens may be used as Federated Identity Credentials for AAD issuer.",
        401,
    )


def federated_issuer_of_another_tenant(issuer: str) -> LoginError:
    return LoginError(
        700236,
        "invalid_client",
        f"Entra ID tokens issued by issuer '{issuer}' may not be used for federated identity credential flows for "
        "applications or managed identities registered in this tenant.",
        401,
    )
