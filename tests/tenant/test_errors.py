"""Every refusal of the identity platform, each provoked by the wrong thing itself.

The texts are Entra's, word for word. [MEM] marks those for which no recorded answer or documentation was found.
"""

from __future__ import annotations

import hashlib
import inspect
import re
import uuid
from typing import Any

import httpx
import pytest

from practice_tenant.server.login import errors

from . import refused_assertions as refused_assertions
from . import refused_authorize as refused_authorize
from . import refused_device_code as refused_device_code
from . import refused_on_behalf_of as refused_on_behalf_of
from .browser import answer_of, page_of, upn
from .process import GRAPH, LOGIN
from .refusals import ROWS, Row, row
from .world import AZURE_CLI, GRAPH_APP, App, World, is_guid

NIL = "00000000-0000-0000-0000-000000000000"
NOBODY = "22222222-2222-4333-8444-555555555555"
DAY = 86_400
WITH_ERROR_URI = {
    *(
        50020,
        50027,
        50076,
        50173,
        53003,
        65002,
        65004,
        70008,
        70016,
        90002,
        90014,
        500011,
        700016,
        700021,
        700024,
        700027,
        700082,
    ),
    *(700084, 900023, 900144, 5002723, 5002738, 7000215, 7000216, 7000222),
}
SUBERRORS = {
    **dict.fromkeys([700082, 700084], "bad_token"),
    **dict.fromkeys([70043, 70044], "token_expired"),
    **dict.fromkeys([50076, 50079], "basic_action"),
    53003: "message_only",
    65001: "consent_required",
}
WITH_CLAIMS = {50076, 50079, 53003}
GUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ"


def spa(world: World) -> App:
    return world.register("Page", platform="spa", redirects=["https://page.example/"])


def redeemed(world: World, app: App, **changes: Any) -> httpx.Response:
    return world.redeem(app, world.code(app), **changes)


def shift(world: World, table: str, column: str, artifact: str, seconds: float) -> None:
    """Let time pass for a code or a refresh token."""
    digest = hashlib.sha256(artifact.encode()).digest()
    world.tenant.sql(f"UPDATE {table} SET {column} = {column} - ? WHERE digest = ?", seconds, digest)  # noqa: S608


# What is missing or malformed


@row(
    "missing_parameter", "json", 400, "invalid_request", 900144,
    "The request body must contain the following parameter: 'grant_type'.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return world.token(client_id=app.client_id)


@row(
    "missing_parameter", "json", 400, "invalid_request", 900144,
    "The request body must contain the following parameter: 'client_id'.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return world.client_credentials(app, client_id=None, client_secret=None, headers={"Authorization": "Basic Og=="})


@row("malformed", "json", 400, "invalid_grant", 9002313, "Invalid request. Request is malformed or invalid.")
def _(world: World, app: App) -> httpx.Response:
    return world.redeem(app, "garbage", client_secret="wrong")  # the code's shape comes before the secret


@row("malformed", "json", 400, "invalid_request", 9002313, "Invalid request. Request is malformed or invalid.")
def _(world: World, app: App) -> httpx.Response:
    return world.client_credentials(app, headers={"Authorization": "Basic !"})


@row(
    "unsupported_grant_type", "json", 400, "unsupported_grant_type", 70003,
    "The app requested an unsupported grant type 'urn:ietf:params:oauth:grant-type:token-exchange'.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return world.token(grant_type="urn:ietf:params:oauth:grant-type:token-exchange", client_id=app.client_id)


def by_password(world: World, app: App, **changes: Any) -> httpx.Response:
    plain: dict[str, Any] = {"client_id": app.client_id, "client_secret": app.secret or None, "username": upn("robin")}
    form = {"grant_type": "password", "password": "correct horse", "scope": f"openid {GRAPH}/User.Read"}
    return world.token(**(form | plain | changes))


# The sentence is the one a sign-in gets: AzureAD/microsoft-authentication-library-for-js#5491; that this grant gets it
# where the user has a second factor: https://learn.microsoft.com/entra/identity-platform/v2-oauth-ropc
@row(
    "password_alone", "json", 400, "invalid_grant", 50076,
    "Due to a configuration change made by your administrator, or because you moved to a new location, you must use "
    f"multi-factor authentication to access '{GRAPH_APP}'.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return by_password(world, app)


@row(
    "missing_parameter", "json", 400, "invalid_request", 900144,
    "The request body must contain the following parameter: 'password'.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return by_password(world, app, password=None)


# MicrosoftDocs/azure-docs#30487: a client that is not a public one
@row(
    "secret_required", "json", 401, "invalid_client", 7000218,
    "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return by_password(world, app, client_secret=None)


# Which tenant, which instance, which client


@row(
    "tenant_not_found", "json", 400, "invalid_request", 90002,
    f"Tenant '{NOBODY}' not found. Check to make sure you have the correct tenant ID and are signing into the correct "
    "cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the "
    "tenant.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return world.client_credentials(app, tenant=NOBODY)


@row("unknown_instance", "json", 400, "invalid_instance", 50049, "Unknown or invalid instance.")  # [MEM]
def _(world: World, app: App) -> httpx.Response:  # noqa: ARG001
    query = {"authorization_endpoint": "https://login.example/common/oauth2/v2.0/authorize"}
    return world.http.get(f"{LOGIN}/common/discovery/instance", params=query)


@row(
    "application_not_found", "json", 400, "unauthorized_client", 700016,
    f"Application with identifier '{NOBODY}' was not found in the directory 'Contoso (PRACTICE)'. This can happen if "
    "the application has not been installed by the administrator of the tenant or consented to by any user in the "
    "tenant. You may have sent your authentication request to the wrong tenant.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return world.client_credentials(app, client_id=NOBODY)


@row(
    "application_not_found", "json", 400, "unauthorized_client", 700016,
    "Application with identifier '{client}' was not found in the directory 'Wingtip (PRACTICE)'. This can happen if "
    "the application has not been installed by the administrator of the tenant or consented to by any user in the "
    "tenant. You may have sent your authentication request to the wrong tenant.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return world.client_credentials(app, tenant=world.directory("wingtip"))


@row(
    "not_an_application_id", "json", 400, "unauthorized_client", 700038,
    f"{NIL} is not a valid application identifier.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return world.client_credentials(app, client_id=NIL)


@row("application_disabled", "json", 401, "unauthorized_client", 7000112, "Application '{client}'({name}) is disabled.")
def _(world: World, app: App) -> httpx.Response:
    world.disable_application(app)
    return world.client_credentials(app)


@row("application_disabled", "page", 400, "", 7000112, "Application '{client}'({name}) is disabled.")
def _(world: World, app: App) -> httpx.Response:
    world.change(app, signInAudience="AzureADMultipleOrgs")
    world.disable_application(app)
    browser = world.browser()
    page = page_of(browser.open(app.asks(), "common"))
    return browser.press(page, "account", upn("robin"))


@row("application_disabled", "json", 401, "unauthorized_client", 7000112, "Application '{client}'({name}) is disabled.")
def _(world: World, app: App) -> httpx.Response:
    world.change(app, signInAudience="AzureADMultipleOrgs")
    refresh_token = world.tokens(app)["refresh_token"]
    world.disable_application(app)
    return world.refresh(app, refresh_token, tenant="organizations")


@row(
    "client_without_principal", "json", 401, "invalid_client", 7000229,  # recorded 2025-09-18: microsoft/teams.ts docs
    "The client application <any> is missing service principal in the tenant {tenant}. See instructions here: "
    "https://go.microsoft.com/fwlink/?linkid=2225119",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:  # noqa: ARG001
    return world.client_credentials(world.register(principal=False), f"{GRAPH}/.default")


@row(
    "not_a_tenant", "json", 400, "invalid_request", 900023,  # recorded 2023-12-11: MSAL.NET's MockHelpers
    "Specified tenant identifier 'invalid_tenant' is neither a valid DNS name, nor a valid external domain.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return world.client_credentials(app, tenant="invalid_tenant")


# Seen on the page "Sorry, but we're having trouble signing you in."
@row(
    "post_only", "page", 400, "", 900561,
    "The endpoint only accepts POST requests. Received a GET request.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:  # noqa: ARG001
    return world.http.get(f"{LOGIN}/{world.tenant.id}/oauth2/v2.0/token")


# How the client proves who it is


@row(
    "invalid_secret", "json", 401, "invalid_client", 7000215,
    "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the "
    "client secret ID, for a secret added to app '{client}'.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    listed = world.graph("GET", f"/applications/{app.object_id}").json()["passwordCredentials"]
    return world.client_credentials(app, client_secret=listed[0]["keyId"])  # the secret's id, as many do


@row(
    "expired_secret", "json", 401, "invalid_client", 7000222,
    "The provided client secret keys for app '{client}' are expired. Visit the Azure portal to create new keys for "
    "your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: "
    "https://aka.ms/certCreds.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    world.tenant.sql("UPDATE secrets SET ends = 1 WHERE application_id = ?", app.object_id)
    return world.client_credentials(app)


@row(
    "secret_required", "json", 401, "invalid_client", 7000218,
    "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return redeemed(world, app, client_secret=None)


@row(
    "credential_required_for_client_credentials", "json", 401, "invalid_client", 7000216,
    "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return world.client_credentials(app, client_secret=None)


@row(
    "public_client_with_secret", "json", 401, "invalid_client", 700025,
    "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    world.change(app, publicClient={"redirectUris": ["http://localhost/native"]})
    code = world.code(app, redirect_uri="http://localhost:7000/native")
    return world.redeem(app, code, redirect_uri="http://localhost:7000/native")


@row(
    "pkce_required_cross_origin", "json", 400, "invalid_request", 9002325,
    "Proof Key for Code Exchange is required for cross-origin authorization code redemption.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:  # noqa: ARG001
    return redeemed(world, spa(world), headers={"Origin": "https://page.example"})


@row(
    "cross_origin_not_permitted", "json", 400, "invalid_request", 9002326,
    "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type. Request origin: "
    "'https://page.example'.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return redeemed(world, app, headers={"Origin": "https://page.example"})


@row(
    "cross_origin_required", "json", 400, "invalid_request", 9002327,
    "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:  # noqa: ARG001
    return redeemed(world, spa(world))


# What has been used, has expired, or belongs to someone else


@row(
    "code_redeemed", "json", 400, "invalid_grant", 54005,
    "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh "
    "token.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    code = world.code(app)
    assert world.redeem(app, code).status_code == 200
    return world.redeem(app, code)


@row(
    "grant_expired", "json", 400, "invalid_grant", 70008,
    "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive "
    "authorization request for this user and resource.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    code = world.code(app)
    shift(world, "authorization_codes", "issued", code, 601)
    return world.redeem(app, code)


@row(
    "refresh_token_idle", "json", 400, "invalid_grant", 700082,
    "The refresh token has expired due to inactivity. The token was issued on <any> and was inactive for 90.00:00:00.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    refresh_token = world.tokens(app)["refresh_token"]
    shift(world, "refresh_tokens", "last_used", refresh_token, 90 * DAY + 60)
    return world.refresh(app, refresh_token)


@row(
    "spa_refresh_token_expired", "json", 400, "invalid_grant", 700084,
    "The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime of "
    "1.00:00:00, which cannot be extended. It is now expired and a new sign in request must be sent by the SPA to the "
    "sign in page. The token was issued on <any>.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:  # noqa: ARG001
    page, origin = spa(world), {"Origin": "https://page.example"}
    code = world.code(page, code_challenge="x" * 43)
    first = world.redeem(page, code, code_verifier="x" * 43, headers=origin).json()["refresh_token"]
    shift(world, "refresh_tokens", "issued", first, DAY - 60)
    second = world.refresh(page, first, headers=origin).json()["refresh_token"]
    shift(world, "refresh_tokens", "issued", second, 120)  # the second one has only what was left of the first
    return world.refresh(page, second, headers=origin)


# Seen when a refresh token is shown by another client: ROADrecon's and AzureHound's notes
@row("issued_to_another_client", "json", 400, "invalid_grant", 70000, "Provided grant is invalid or malformed.")
def _(world: World, app: App) -> httpx.Response:
    return world.redeem(app, world.code(world.register()))


# Seen when a refresh token is shown by another client: ROADrecon's and AzureHound's notes
@row("issued_to_another_client", "json", 400, "invalid_grant", 70000, "Provided grant is invalid or malformed.")
def _(world: World, app: App) -> httpx.Response:
    return world.refresh(app, world.tokens(world.register())["refresh_token"])


@row(
    "code_of_another_tenant", "json", 400, "invalid_grant", 700005,
    "Provided Authorization Code is intended to use against other tenant, thus rejected.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    world.change(app, signInAudience="AzureADMultipleOrgs")
    return redeemed(world, app, tenant=world.directory("wingtip"))


@row(
    "reply_address_differs", "json", 400, "invalid_grant", 500112,  # the text: recorded with its older code, 50011
    "The reply address 'http://localhost:8000/other' does not match the reply address "
    "'http://localhost:8000/auth/callback' provided when requesting Authorization code.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return redeemed(world, app, redirect_uri="http://localhost:8000/other")


@row(
    "verifier_missing", "json", 400, "invalid_grant", 50148,
    "The code_verifier does not match the code_challenge supplied in the authorization request for PKCE.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return world.redeem(app, world.code(app, code_challenge="x" * 43))


@row(
    "verifier_mismatch", "json", 400, "invalid_grant", 501481,
    "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return world.redeem(app, world.code(app, code_challenge="x" * 43), code_verifier="y" * 43)


@row(
    "invalid_challenge", "redirect", 302, "invalid_request", 501491,  # the text: several logs; the error: [MEM]
    "Invalid size of Code_Challenge parameter.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return world.browser().open(app.asks(code_challenge="x" * 42))


# Who signs in, and what they consent to


@row("user_disabled", "page", 400, "", 50057, "The user account is disabled.")
def _(world: World, app: App) -> httpx.Response:
    browser = world.browser()
    return browser.press(page_of(browser.open(app.asks())), "account", upn("lee"))


@row("user_disabled", "json", 400, "invalid_grant", 50057, "The user account is disabled.")
def _(world: World, app: App) -> httpx.Response:
    other = world.directory("wingtip")
    world.change(app, signInAudience="AzureADMultipleOrgs")
    sam = "sam@wingtip.onmicrosoft.com"
    answer = world.browser().sign_in(app.asks(scope="openid offline_access"), sam, tenant=other)
    refresh_token = world.redeem(app, answer["code"], tenant=other).json()["refresh_token"]
    world.disable_account(sam)
    return world.refresh(app, refresh_token, tenant=other, scope="openid")


@row(
    "no_session", "redirect", 302, "login_required", 50058,
    "A silent sign-in request was sent but no user is signed in.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return world.browser().open(app.asks(prompt="none"))


@row(
    "consent_required", "json", 400, "invalid_grant", 65001,
    "The user or administrator has not consented to use the application with ID '{client}' named '{name}'. Send an "
    "interactive authorization request for this user and resource.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return world.refresh(app, world.tokens(app)["refresh_token"], scope=f"{GRAPH}/User.Read")


@row(
    "consent_required", "redirect", 302, "interaction_required", 65001,
    "The user or administrator has not consented to use the application with ID '{client}' named '{name}'. Send an "
    "interactive authorization request for this user and resource.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    browser = world.browser()
    browser.sign_in(world.register().asks())
    return browser.open(app.asks(prompt="none"))


# What is asked for


@row(
    "several_resources", "json", 400, "invalid_request", 28000,
    "Provided value for the input parameter scope is not valid because it contains more than one resource. Scope "
    f"{{uri}}/access {GRAPH}/User.Read is not valid.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    both = f"{app.scope} {GRAPH}/User.Read"
    return world.redeem(app, world.code(app, scope=both), scope=both)


@row(
    "scope_empty_at_redemption", "json", 400, "invalid_request", 28003,
    "Provided value for the input parameter scope cannot be empty when requesting an access token using the provided "
    "authorization code. Please specify a valid scope.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return world.redeem(app, world.code(app, scope=f"{app.scope} {GRAPH}/User.Read"))


@row(
    "scope_of_client_credentials", "json", 400, "invalid_scope", 1002012,
    "The provided value for scope {uri}/access is not valid. Client credential flows must have a scope value with "
    "/.default suffixed to the resource identifier (application ID URI).",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return world.client_credentials(app, app.scope)


@row(
    "resource_not_found", "json", 400, "invalid_resource", 500011,
    "The resource principal named api://unknown was not found in the tenant named {tenant}. This can happen "
    "if the application has not been installed by the administrator of the tenant or consented to by any user in the "
    "tenant. You might have sent your authentication request to the wrong tenant.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return world.client_credentials(app, "api://unknown/.default")


@row(
    "token_for_itself", "json", 400, "invalid_request", 90009,
    "Application '{client}'({name}) is requesting a token for itself. This scenario is supported only if resource is "
    "specified using the GUID based App Identifier.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return world.refresh(app, world.tokens(app)["refresh_token"], scope=None)


@pytest.mark.parametrize("case", ROWS, ids=[f"{row.function}-{row.told}-{row.code}" for row in ROWS])
def test_refused(world: World, case: Row) -> None:
    app = world.register(f"App of {case.function}")
    response = case.provoke(world, app)
    words = {"client": app.client_id, "name": f"App of {case.function}", "tenant": world.tenant.id, "uri": app.uri}
    number = f"AADSTS{case.code}" if case.code else "PRACTICE"  # a refusal of Entra's whose words are not known
    text = re.escape(f"{number}: {case.text.format(**words)}").replace("<any>", ".+")
    tail = rf" Trace ID: (?P<trace>{GUID}) Correlation ID: (?P<correlation>{GUID}) Timestamp: (?P<time>{TIME})"
    assert response.status_code == case.status
    if case.told == "page":
        page = page_of(response)
        assert page.kind == "error"
        assert re.fullmatch(text + tail, page.error)
        assert "location" not in response.headers
        return
    told: dict[str, Any] = response.json() if case.told == "json" else answer_of(response)
    found = re.fullmatch(text + tail, told["error_description"])
    assert found, told["error_description"]
    assert told["error"] == case.error
    uri = f"{LOGIN}/error?code={case.code}" if case.code in WITH_ERROR_URI else None
    assert told.get("error_uri") == uri
    if case.told == "json":
        members = ["error", "error_description", "error_codes", "timestamp", "trace_id", "correlation_id"]
        members += ["error_uri"] * (uri is not None) + ["suberror"] * (case.code in SUBERRORS)
        members += ["claims"] * (case.code in WITH_CLAIMS and case.function != "password_alone")
        assert list(told) == members
        assert told["error_codes"] == [case.code]
        assert told.get("suberror") == SUBERRORS.get(case.code)
        tail_members = (told["trace_id"], told["correlation_id"], told["timestamp"])
        assert (found["trace"], found["correlation"], found["time"]) == tail_members


def test_every_refusal_has_a_row() -> None:
    written = {
        name
        for name, function in inspect.getmembers(errors, inspect.isfunction)
        if function.__module__.startswith(errors.__name__ + ".")
    }
    assert {row.function for row in ROWS} == written


def test_the_refusals_of_the_token_endpoint_are_kept_by_nobody(world: World, app: App) -> None:
    correlation = str(uuid.uuid4())
    answer = world.client_credentials(app, client_secret="wrong", headers={"client-request-id": correlation})
    told, headers = answer.json(), answer.headers
    assert told["correlation_id"] == correlation
    assert headers["x-ms-request-id"] == told["trace_id"] != correlation
    assert headers["cache-control"] == "no-store, no-cache"
    assert (headers["pragma"], headers["expires"]) == ("no-cache", "-1")
    assert headers["p3p"] == 'CP="DSP CUR OTPi IND OTRi ONL FIN"'
    assert headers["strict-transport-security"].startswith("max-age=31536000")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-type"].startswith("application/json")


@pytest.mark.parametrize("given", ["not a guid", "x" * 65, "ünknown", ""])
def test_a_correlation_id_that_is_no_guid_is_not_repeated(world: World, app: App, given: str) -> None:
    answer = world.client_credentials(app, client_secret="wrong", **{"client-request-id": given})
    assert is_guid(answer.json()["correlation_id"])


def test_parameters_in_the_address_do_not_count(world: World) -> None:
    url = f"{LOGIN}/{world.tenant.id}/oauth2/v2.0/token"
    answer = world.http.post(url, params={"grant_type": "client_credentials", "client_id": AZURE_CLI})
    assert answer.json()["error_codes"] == [900144]
