"""The user's token that a middle tier shows: whose it is, who signed it, for whom and how long."""

from __future__ import annotations

from practice_tenant.server.login.errors import texts
from practice_tenant.server.login.errors.base import LoginError

# The application of which the texts name no key: none.
NIL = "00000000-0000-0000-0000-000000000000"


def user_assertion_signature(reason: str, thumbprint: str, lifetime: str = "") -> LoginError:
    return LoginError(
        50013,
        "invalid_grant",
        f"Assertion failed signature validation. {texts.key_trouble(reason, NIL, thumbprint, lifetime)}",
    )


def assertion_for_another_audience(audience: str, app_id: str, name: str) -> LoginError:
    return LoginError(
        500131,
        "invalid_grant",
        "Assertion audience does not match the Client app presenting the assertion. The audience in the assertion was "
        f"'{audience}' and the expected audience is '{app_id}' or one of the Application Uris of this application "
        f"with App ID '{app_id}'({name}). The downstream client must request a token for the expected audience (the "
        "application which made the OBO request) and this application should use that token as the assertion.",
    )


def assertion_expired(now: str, ends: str) -> LoginError:
    return LoginError(
        500133,
        "invalid_grant",
        "Assertion is not within its valid time range. Ensure that the access token is not expired before using it "
        f"for user assertion, or request a new token. Current time: {now}, expiry time of assertion {ends}.",
    )


def assertion_without_a_user(app_id: str) -> LoginError:
    return LoginError(
        7000114,
        "unauthorized_client",
        f"Application '{app_id}' is not allowed to make application on-behalf-of calls.",
    )


def assertion_is_an_id_token() -> LoginError:
    return LoginError(
        240002,
        "invalid_grant",
        "Input id_token cannot be used as 'urn:ietf:params:oauth:grant-type:jwt-bearer' grant.",
    )
