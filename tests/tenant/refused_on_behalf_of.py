"""Refusals of the on-behalf-of flow, and of policies and revoked sessions. ``test_errors`` provokes each row."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import jwt

from .credentials import HOUR, private_key
from .process import GRAPH
from .refusals import row
from .world import CLI, App, World

USER_READ = f"{GRAPH}/User.Read"
NO_APPLICATION = "00000000-0000-0000-0000-000000000000"
KEYS = (
    f"Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id "
    f"'{NO_APPLICATION}'. Review the documentation at https://docs.microsoft.com/en-us/graph/deployments to determine "
    "the corresponding service endpoint and "
    "https://docs.microsoft.com/en-us/graph/api/application-get?view=graph-rest-1.0&tabs=http to build a query "
    f"request URL, such as 'https://graph.microsoft.com/beta/applications/{NO_APPLICATION}']."
)


def access_token(world: World, app: App, name: str = "robin", **changes: str) -> str:
    """Return the token with which a person calls the application's service."""
    return str(world.tokens(app, name, **changes)["access_token"])


def called_with(world: World, app: App, **changes: Any) -> httpx.Response:
    """Let a service that may read the user's profile exchange its caller's token."""
    world.grant(app, "User.Read")
    plain: dict[str, Any] = {"assertion": access_token(world, app), "scope": USER_READ}
    return world.on_behalf_of(app, **(plain | changes))


def altered(token: str, **claims: Any) -> str:
    """Return a token with other claims under the same signature."""
    body = jwt.decode(token, options={"verify_signature": False}) | claims
    header, _, signature = token.split(".")
    return f"{header}.{jwt.encode(body, 'x' * 64, 'HS256').split('.')[1]}.{signature}"


def resigned(token: str, kid: str | None = None, **claims: Any) -> str:
    """Return a token with other claims, signed by somebody else."""
    body = jwt.decode(token, options={"verify_signature": False}) | claims
    header = jwt.get_unverified_header(token)
    return jwt.encode(body, private_key(), "RS256", {**header, "kid": kid or header["kid"]})


# The parameters


@row(
    "missing_parameter", "json", 400, "invalid_request", 900144,
    "The request body must contain the following parameter: 'assertion'.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return world.on_behalf_of(app, "", USER_READ)


@row(
    "missing_parameter", "json", 400, "invalid_request", 900144,
    "The request body must contain the following parameter: 'requested_token_use'.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return called_with(world, app, requested_token_use=None)


@row("malformed", "json", 400, "invalid_request", 9002313, "Invalid request. Request is malformed or invalid.")  # [MEM]
def _(world: World, app: App) -> httpx.Response:
    return called_with(world, app, requested_token_use="in_my_own_name")


@row(
    "field_missing", "json", 400, "invalid_request", 90014,  # [MEM] that it is this code here, too
    "The required field 'scope' is missing from the credential. Ensure that you have all the necessary parameters for "
    "the login request.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return called_with(world, app, scope=None)


@row("malformed_jwt", "json", 400, "invalid_request", 50027, "JWT token is invalid or malformed.")
def _(world: World, app: App) -> httpx.Response:
    return called_with(world, app, assertion="not.a.token", client_secret="wrong")  # its form before the secret [MEM]


@row(
    "unsupported_algorithm", "json", 401, "invalid_client", 5002738,  # [MEM] for a user's assertion
    "Invalid JWT token. 'none' is not a supported signature algorithm. Supported signing algorithms are: "
    "'RS256,RS384,RS512'",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    claims = jwt.decode(access_token(world, app), options={"verify_signature": False})
    return called_with(world, app, assertion=jwt.encode(claims, "", "none"))


@row(
    "secret_required", "json", 401, "invalid_client", 7000218,
    "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return called_with(world, app, client_secret=None)


# The token the service was called with


# Recorded 2023-12-22 (the whole text): joymon's investigation 2023-12-18-obo-aadsts50013
@row(
    "user_assertion_signature", "json", 400, "invalid_grant", 50013,
    "Assertion failed signature validation. [Reason - Key was found, but use of the key to verify the signature "
    f"failed., Thumbprint of key used by client: '<any>', Found key 'Start=<any>, End=<any>', {KEYS}",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    world.grant(app, "User.Read")  # a token for Microsoft Graph: the mistake that most people make
    return world.on_behalf_of(app, access_token(world, app, scope=f"openid {USER_READ}"), USER_READ)


@row(
    "user_assertion_signature", "json", 400, "invalid_grant", 50013,
    "Assertion failed signature validation. [Reason - Key was found, but use of the key to verify the signature "
    f"failed., Thumbprint of key used by client: '<any>', Found key 'Start=<any>, End=<any>', {KEYS}",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return called_with(world, app, assertion=altered(access_token(world, app), name="Mallory"))


@row(
    "user_assertion_signature", "json", 400, "invalid_grant", 50013,
    f"Assertion failed signature validation. [Reason - The key was not found., Thumbprint of key used by client: "
    f"'{'00' * 20}', {KEYS}",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return called_with(world, app, assertion=resigned(access_token(world, app), kid="A" * 27))


@row(
    "user_assertion_signature", "json", 400, "invalid_grant", 50013,
    "Assertion failed signature validation. [Reason - The key was not found., Thumbprint of key used by client: "
    f"'<any>', {KEYS}",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return called_with(world, app, assertion=resigned(access_token(world, app), iss="https://issuer.example"))


# Recorded 2026-06-23 with this form of the times
@row(
    "assertion_expired", "json", 400, "invalid_grant", 500133,
    "Assertion is not within its valid time range. Ensure that the access token is not expired before using it for "
    "user assertion, or request a new token. Current time: <any>Z, expiry time of assertion <any>.0000000Z.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:  # noqa: ARG001
    other = world.of("expired")
    mine = other.register()
    token = access_token(other, mine)
    other.teach("PATCH", clock=2 * HOUR)
    try:
        return other.on_behalf_of(mine, token, USER_READ)
    finally:
        other.teach("PATCH", clock=0)


@row(
    "assertion_for_another_audience", "json", 400, "invalid_grant", 500131,
    "Assertion audience does not match the Client app presenting the assertion. The audience in the assertion was "
    "'<any>' and the expected audience is '{client}' or one of the Application Uris of this application with App ID "
    "'{client}'({name}). The downstream client must request a token for the expected audience (the application which "
    "made the OBO request) and this application should use that token as the assertion.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return called_with(world, app, assertion=access_token(world, world.register()))


# The error: recorded 2020-10, AzureAD/microsoft-authentication-library-for-dotnet#2130
@row(
    "assertion_without_a_user", "json", 400, "unauthorized_client", 7000114,
    "Application '{client}' is not allowed to make application on-behalf-of calls.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return called_with(world, app, assertion=str(world.client_credentials(app).json()["access_token"]))


@row(
    "assertion_is_an_id_token", "json", 400, "invalid_grant", 240002,
    "Input id_token cannot be used as 'urn:ietf:params:oauth:grant-type:jwt-bearer' grant.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return called_with(world, app, assertion=str(world.tokens(app)["id_token"]))


# The user, and what they consented to


@row("user_disabled", "json", 400, "invalid_grant", 50057, "The user account is disabled.")
def _(world: World, app: App) -> httpx.Response:  # noqa: ARG001
    other = world.of("disabled")
    other.teach("PATCH", "/users/robin", enabled=True)
    mine = other.register()
    token = access_token(other, mine)
    other.teach("PATCH", "/users/robin", enabled=False)
    return other.on_behalf_of(mine, token, USER_READ)


@row(
    "user_not_found", "json", 400, "invalid_grant", 50034,  # [MEM] for another tenant's token
    "The user account <any> does not exist in the <any> directory. To sign into this application, the account must be "
    "added to the directory.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    world.change(app, signInAudience="AzureADMultipleOrgs")
    return called_with(world, app, tenant=world.directory("wingtip"))


@row(
    "consent_required", "json", 400, "invalid_grant", 65001,
    "The user or administrator has not consented to use the application with ID '{client}' named '{name}'. Send an "
    "interactive authorization request for this user and resource.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return world.on_behalf_of(app, access_token(world, app), USER_READ)


@row(
    "consent_required", "json", 400, "invalid_grant", 65001,
    "The user or administrator has not consented to use the application with ID '{client}' named '{name}'. Send an "
    "interactive authorization request for this user and resource.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return world.on_behalf_of(app, access_token(world, app, scope=app.scope), f"{GRAPH}/.default")


# Azure/azure-cli#23485
@row(
    "preauthorization_required", "json", 400, "invalid_request", 65002,
    "Consent between first party application '04b07795-8ddb-461a-bbee-02f9e1bf7b46' and first party resource "
    "'00000003-0000-0000-c000-000000000000' must be configured via preauthorization - applications owned and operated "
    "by Microsoft must get approval from the API owner before requesting tokens for that API.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:  # noqa: ARG001
    refresh_token = world.tokens(CLI, scope=f"openid offline_access {GRAPH}/.default")["refresh_token"]
    return world.refresh(CLI, refresh_token, scope=f"{GRAPH}/Mail.Read")


@row(
    "scope_without_resource", "json", 400, "invalid_request", 28002,  # [MEM] that this scope alone is what it is about
    "Provided value for the input parameter scope 'offline_access' is not valid when requesting an access token. "
    "Please specify a valid scope.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return called_with(world, app, scope="offline_access")


# What the directory's policies demand. The form of claims: AzureAD/microsoft-authentication-library-for-js#5491


@row(
    "mfa_required", "json", 400, "invalid_grant", 50076,
    "Due to a configuration change made by your administrator, or because you moved to a new location, you must use "
    "multi-factor authentication to access '<any>'.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    files = world.register("Files")
    world.grant(app, "access", files.client_id)
    world.policy(files.client_id)
    return world.on_behalf_of(app, access_token(world, app), files.scope)


@row(
    "mfa_required", "json", 400, "invalid_grant", 50076,
    "Due to a configuration change made by your administrator, or because you moved to a new location, you must use "
    "multi-factor authentication to access '{client}'.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    refresh_token = world.tokens(app)["refresh_token"]
    world.policy(app.client_id)
    return world.refresh(app, refresh_token)


@row(
    "mfa_enrollment_required", "json", 400, "invalid_grant", 50079,
    "Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll "
    "in multi-factor authentication to access '<any>'.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:  # noqa: ARG001
    other = world.of("enrollment")
    mine = other.register()
    refresh_token = other.tokens(mine)["refresh_token"]
    other.policy(mine.client_id)
    other.teach("PATCH", "/users/robin", mfa_registered=False)
    return other.refresh(mine, refresh_token)


@row(
    "blocked_by_policy", "json", 400, "invalid_grant", 53003,
    "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    refresh_token = world.tokens(app)["refresh_token"]
    world.policy(app.client_id, "block")
    return world.refresh(app, refresh_token)


# Recorded 2022-01-16: {"error":"invalid_grant", ..., "suberror":"token_expired"}, without error_uri
@row(
    "refresh_token_too_old", "json", 400, "invalid_grant", 70043,
    "The refresh token has expired or is invalid due to sign-in frequency checks by conditional access. The token was "
    "issued on <any>Z and the maximum allowed lifetime for this request is 3600.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:  # noqa: ARG001
    other = world.of("frequency")
    mine = other.register()
    refresh_token = other.tokens(mine)["refresh_token"]
    other.policy(mine.client_id, "sign_in_frequency", hours=1)
    assert other.refresh(mine, refresh_token).status_code == 200
    other.teach("PATCH", clock=HOUR + 60)
    try:
        return other.refresh(mine, refresh_token)
    finally:
        other.teach("PATCH", clock=0)


@row(
    "session_too_old", "json", 400, "invalid_grant", 70044,  # [MEM] that it is what on-behalf-of is told
    "The session has expired or is invalid due to sign-in frequency checks by conditional access.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:  # noqa: ARG001
    other = world.of("session")
    mine, files = other.register(), other.register("Files")
    other.grant(mine, "access", files.client_id)
    other.policy(files.client_id, "sign_in_frequency", hours=1)
    other.teach("PATCH", access_lifetime=2 * HOUR)
    token = access_token(other, mine)
    other.teach("PATCH", clock=HOUR + 60)
    try:
        return other.on_behalf_of(mine, token, files.scope)
    finally:
        other.teach("PATCH", clock=0, access_lifetime=None)


# Recorded 2021-01-31 with error_uri: Azure/azure-cli#16745


@row(
    "sessions_revoked", "json", 400, "invalid_grant", 50173,
    "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed "
    "or reset their password. The grant was issued on '<any>Z' and the TokensValidFrom date (before which tokens are "
    "not valid) for this user is '<any>Z'.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:  # noqa: ARG001
    other = world.of(f"revoked{uuid.uuid4().hex[:8]}")  # a sign-in of the next row would be too early, too
    mine = other.register()
    refresh_token = other.tokens(mine)["refresh_token"]
    other.teach("POST", "/users/robin/revoke")
    return other.refresh(mine, refresh_token)


@row(
    "sessions_revoked", "json", 400, "invalid_grant", 50173,
    "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed "
    "or reset their password. The grant was issued on '<any>Z' and the TokensValidFrom date (before which tokens are "
    "not valid) for this user is '<any>Z'.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:  # noqa: ARG001
    other = world.of(f"revoked{uuid.uuid4().hex[:8]}")  # a sign-in of the next row would be too early, too
    mine = other.register()
    token = access_token(other, mine)
    other.teach("PATCH", clock=2)  # a token says only in which second it was issued
    other.teach("POST", "/users/robin/revoke")
    other.teach("PATCH", clock=0)
    return other.on_behalf_of(mine, token, USER_READ)


@row(
    "sessions_revoked", "json", 400, "invalid_grant", 50173,
    "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed "
    "or reset their password. The grant was issued on '<any>Z' and the TokensValidFrom date (before which tokens are "
    "not valid) for this user is '<any>Z'.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:  # noqa: ARG001
    other = world.of(f"revoked{uuid.uuid4().hex[:8]}")  # a sign-in of the next row would be too early, too
    mine = other.register()
    code = other.code(mine)
    other.teach("POST", "/users/robin/revoke")
    return other.redeem(mine, code)
