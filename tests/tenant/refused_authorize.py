"""What /authorize refuses, and the sign-in behind it: on a page, or by a redirect.

Where a row has no remark its text is in Microsoft's list of error codes,
https://learn.microsoft.com/entra/identity-platform/reference-error-codes. [REC] marks a recorded answer, with where it
was published; [MEM] a text for which neither was found.
"""

from __future__ import annotations

import httpx

from .browser import Browser, Page, page_of, upn
from .process import GRAPH, LOGIN
from .refusals import row
from .world import GRAPH_APP, App, World

MAIL_READ = "570282fd-fa5c-430d-a7fd-fc8dc98a9dca"
NORTHWIND = "robin@northwind.onmicrosoft.com"


def picker(world: World, app: App, **changes: str | None) -> tuple[Browser, Page]:
    browser = world.browser()
    return browser, page_of(browser.open(app.asks(**changes)))


def picked(world: World, app: App, name: str = "robin", **changes: str | None) -> httpx.Response:
    browser, page = picker(world, app, **changes)
    return browser.press(page, "account", upn(name))


def typed(world: World, app: App, name: str, tenant: str = "", **changes: str | None) -> httpx.Response:
    """Answer the account picker with a name that it does not offer."""
    browser = world.browser()
    page = page_of(browser.open(app.asks(**changes), tenant))
    return browser.http.post(LOGIN + page.action, data=dict(page.fields) | {"account": name})


# The client and its redirect URI


@row(
    "redirect_mismatch", "page", 400, "", 50011,  # [REC] anthropics/claude-code#47975
    "The redirect URI 'https://elsewhere.example/' specified in the request does not match the redirect URIs "
    "configured for the application '{client}'. Make sure the redirect URI sent in the request matches one added to "
    "your application in the Azure portal. Navigate to https://aka.ms/redirectUriMismatchError to learn more about "
    "how to fix this.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return world.browser().open(app.asks(redirect_uri="https://elsewhere.example/"))


# [REC] abraunegg/onedrive#1739, directus/directus#18324, hkamel/sonar-auth-aad#92: an address without its scheme
@row("redirect_not_absolute", "page", 400, "", 90102, "'redirect_uri' value must be a valid absolute URI.")
def _(world: World, app: App) -> httpx.Response:
    return world.browser().open(app.asks(redirect_uri="expenses.example/auth/callback"))


@row(
    "no_reply_address", "page", 400, "", 500113,  # [REC] OfficeDev/microsoft-teams-apps-groupactivities#10
    "No reply address is registered for the application.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    world.change(app, web={"redirectUris": []})
    return world.browser().open(app.asks())


# [REC] alexandrtovmach/react-microsoft-login#73 and many others since 2018; "such apps" is in none of them
NOT_MULTI_TENANT = (
    "Application '{client}'({name}) is not configured as a multi-tenant application. Usage of the /common endpoint is "
    "not supported for such applications created after '10/15/2018'. Use a tenant-specific endpoint or configure the "
    "application to be multi-tenant."
)


@row("not_multi_tenant", "json", 400, "invalid_request", 50194, NOT_MULTI_TENANT)  # [MEM] at the token endpoint
def _(world: World, app: App) -> httpx.Response:
    return world.client_credentials(app, tenant="common")


@row("not_multi_tenant", "page", 400, "", 50194, NOT_MULTI_TENANT)
def _(world: World, app: App) -> httpx.Response:
    return world.browser().open(app.asks(), "organizations")


@row(
    "work_accounts_only", "page", 400, "", 9002332,
    "Application '{client}'({name}) is configured for use by Microsoft Entra users only. Please do not use the "
    "/consumers endpoint to serve this request.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    world.change(app, signInAudience="AzureADMultipleOrgs")
    return world.browser().open(app.asks(), "consumers")


# The request


@row(
    "unsupported_response_type", "redirect", 302, "unsupported_response_type", 700054,
    "response_type 'id_token' is not enabled for the application.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return world.browser().open(app.asks(response_type="id_token"))


@row(
    "unsupported_response_type", "redirect", 302, "unsupported_response_type", 700051,  # [MEM]
    "response_type 'token' is not enabled for the application.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return world.browser().open(app.asks(response_type="id_token token"))


@row(
    "unsupported_response_type", "redirect", 302, "unsupported_response_type", 70005,  # [MEM]
    "The response type 'device' is not supported.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return world.browser().open(app.asks(response_type="device"))


@row(
    "unsupported_prompt", "page", 400, "", 90023, "Unsupported 'prompt' value.",  # [REC] opencloud-eu/desktop#871
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return world.browser().open(app.asks(prompt="consent select_account"))


# What is asked for


@row(
    "scope_not_found", "redirect", 302, "invalid_client", 650053,  # [REC] damienbod/AspNetCoreMicrosoftGraph#1
    "The application '{name}' asked for scope 'mcp.access' that doesn't exist on the resource "
    "'00000003-0000-0000-c000-000000000000'. Contact the app vendor.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return picked(world, app, scope="openid mcp.access")


INVALID_SCOPE = (
    "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' "
    "is not valid. The scope "
)


@row("invalid_scope", "json", 400, "invalid_scope", 70011, f"{INVALID_SCOPE}openid mcp/access is not valid.")
def _(world: World, app: App) -> httpx.Response:
    return world.redeem(app, world.code(app), scope="openid mcp/access")


@row("invalid_scope", "redirect", 302, "invalid_scope", 70011, f"{INVALID_SCOPE}openid mcp/access is not valid.")
def _(world: World, app: App) -> httpx.Response:
    return world.browser().open(app.asks(scope="openid mcp/access"))


@row(
    "default_with_others", "redirect", 302, "invalid_scope", 70011,  # [REC] AzureAD/…-library-for-js#1718
    f"{INVALID_SCOPE}openid {GRAPH}/.default {{uri}}/access is not valid. .default scope can't be combined with "
    "resource-specific scopes.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return world.browser().open(app.asks(scope=f"openid {GRAPH}/.default {app.uri}/access"))


@row(
    "resource_not_listed", "redirect", 302, "invalid_client", 650057,  # [REC] Azure/azure-cli#33887 (2026-08)
    "Invalid resource. The client has requested access to a resource which is not listed in the requested permissions "
    "in the client's application registration. Client app ID: <any>(Lister). Resource value from request: {uri}. "
    f"Resource app ID: {{client}}. List of valid resources from app registration: {GRAPH_APP}.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    listed = {"resourceAppId": GRAPH_APP, "resourceAccess": [{"id": MAIL_READ, "type": "Scope"}]}
    return picked(world, world.register("Lister", requiredResourceAccess=[listed]), scope=f"{app.uri}/.default")


@row(
    "resource_without_principal", "redirect", 302, "invalid_client", 650052,  # [REC] PostHog/posthog#43486 (2025-12)
    "The app is trying to access a service '{client}'({name}) that your organization '{tenant}' lacks a service "
    "principal for. Contact your IT Admin to review the configuration of your service subscriptions or consent to the "
    "application in order to create the required service principal.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    listed = [
        {"resourceAppId": GRAPH_APP, "resourceAccess": [{"id": MAIL_READ, "type": "Scope"}]},
        {"resourceAppId": app.client_id, "resourceAccess": []},
    ]
    world.tenant.sql("DELETE FROM service_principals WHERE id = ?", app.principal_id)
    return picked(world, world.register("Daring", requiredResourceAccess=listed), scope=f"{GRAPH}/.default")


# That it is refused: Azure-Samples/azure-finops-agent#52. The number and the words are not known.
@row(
    "permissions_unknown", "page", 400, "", 0,
    "The registration of '{client}'({name}) lists permissions that Microsoft Graph does not publish here: "
    "11111111-2222-4333-8444-555555555555 (Scope). <any>",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    access = [{"id": MAIL_READ, "type": "Scope"}, {"id": "11111111-2222-4333-8444-555555555555", "type": "Scope"}]
    listed = [{"resourceAppId": GRAPH_APP, "resourceAccess": access}]
    world.change(app, requiredResourceAccess=listed)
    return picked(world, app, scope=f"{GRAPH}/.default")


@row(
    "resource_mismatch", "redirect", 302, "invalid_target", 9010010,  # [REC] microsoft/vscode#321249 (2026-06)
    "The resource parameter provided in the request doesn't match with the requested scopes.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return world.browser().open(app.asks(scope=f"{GRAPH}/User.Read", resource="https://mcp.example.com/mcp"))


@row(
    "resource_parameter_not_supported", "redirect", 302, "invalid_request", 901002,
    "The 'resource' request parameter is not supported.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    lucerne = world.directory("lucerne")
    world.change(app, signInAudience="AzureADMultipleOrgs")
    with world.tenant.control() as control:
        assert control.patch(f"/directories/{lucerne}", json={"resource_parameter": "refused"}).status_code == 200
    return world.browser().open(app.asks(scope=f"{GRAPH}/User.Read", resource=GRAPH), lucerne)


# Who signs in


@row(
    "user_not_found", "page", 400, "", 50034,  # [REC] Azure HDInsight's troubleshooting guide
    "The user account nobody@contoso.onmicrosoft.com does not exist in the {tenant} directory. To sign into this "
    "application, the account must be added to the directory.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return typed(world, app, upn("nobody"))


@row(
    "user_of_another_directory", "page", 400, "", 50020,  # [REC] nextauthjs/next-auth#7447, firecrawl#2374 (2025-11)
    f"User account '{NORTHWIND}' from identity provider 'https://sts.windows.net/<any>/' does not exist in tenant "
    "'Contoso (PRACTICE)' and cannot access the application '{client}'({name}) in that tenant. The account needs to "
    "be added as an external user in the tenant first. Sign out and sign in again with a different Azure Active "
    "Directory user account.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    world.directory("northwind")
    return typed(world, app, NORTHWIND)


NOT_ASSIGNED = (  # [REC] nextauthjs/next-auth#5455, BookStackApp/BookStack#4063
    "Your administrator has configured the application {name} ('{client}') to block users unless they are specifically "
    "granted ('assigned') access to the application. The signed in user 'WHO' is blocked because they are not a direct "
    "member of a group with access, nor had access directly assigned by an administrator. Please contact your "
    "administrator to assign access to this application."
)


@row("not_assigned", "page", 400, "", 50105, NOT_ASSIGNED.replace("WHO", upn("robin")))
def _(world: World, app: App) -> httpx.Response:
    world.require_assignment(app)
    return picked(world, app)


# [REC] AzureAD/microsoft-authentication-library-for-js#1001: the error, and that an app does not see the address
@row("not_assigned", "redirect", 302, "interaction_required", 50105, NOT_ASSIGNED.replace("WHO", "{{EUII Hidden}}"))
def _(world: World, app: App) -> httpx.Response:
    browser = world.browser()
    assert "code" in browser.sign_in(world.register().asks())
    world.require_assignment(app)
    return browser.open(app.asks(prompt="none"))


# Consent


@row(
    "consent_declined", "redirect", 302, "access_denied", 65004,  # [REC] MicrosoftDocs/azure-docs#114009 (2023-08)
    "User declined to consent to access the app.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    browser, page = picker(world, app)
    return browser.press(page_of(browser.press(page, "account", upn("sam"))), "decision", "cancel")


@row(
    "admin_consent_required", "page", 200, "", 90094,  # [REC] pnp/cli-microsoft365#534, microsoft/elk-acs-kubernetes#30
    "The grant requires admin permission.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return picked(world, app, scope=f"{app.uri}/manage")


@row("admin_consent_required", "page", 200, "", 90094, "The grant requires admin permission.")
def _(world: World, app: App) -> httpx.Response:
    world.require_assignment(app)  # assignment forbids users to consent, also those who are assigned
    world.assign(app, world.user_id("robin"))
    return picked(world, app)


# Source: https://learn.microsoft.com/entra/identity/enterprise-apps/application-sign-in-unexpected-user-consent-error
@row(
    "user_consent_forbidden", "page", 200, "", 90093,
    "An administrator of Fourthcoffee (PRACTICE) set a policy that prevents you from granting {name} the permissions "
    "it's requesting. Contact an administrator of Fourthcoffee (PRACTICE), who can grant permissions to this app on "
    "your behalf.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    tenant = world.directory("fourthcoffee")
    world.change(app, signInAudience="AzureADMultipleOrgs")
    world.forbid_user_consent(tenant)
    return typed(world, app, "robin@fourthcoffee.onmicrosoft.com", tenant)


# [REC] the code: anthropics/claude-code#94804; the text: the failure reason in sign-in logs, as tools that read them
# have it (2024 to 2026). Without a forced page the directory lets its users in who have a grant.
@row(
    "admin_consent_may_be_asked_for", "page", 200, "", 90095,
    "Admin consent is required for the permissions requested by this application. An admin consent request may be sent "
    "to the admin.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    tenant = world.directory("fourthcoffee")
    world.change(app, signInAudience="AzureADMultipleOrgs")
    world.forbid_user_consent(tenant)
    return typed(world, app, "robin@fourthcoffee.onmicrosoft.com", tenant, prompt="consent")


# The token endpoint, when it turns out there


@row(  # [REC] of 2026-04: error and text; the resource goes by the name it was asked for
    "application_not_assigned", "json", 400, "invalid_grant", 501051,
    "Application '{client}'({name}) is not assigned to a role for the application 'api://{client}'({name}).",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    world.require_assignment(app)
    return world.client_credentials(app)


# [REC] nais.io, "user is not a direct member of a group with access"; an app is told {EUII Hidden} since 2024, as in
# recordings of 2026-03 and 2026-07, and was told {EmailHidden} before
@row("not_assigned", "json", 400, "invalid_grant", 50105, NOT_ASSIGNED.replace("WHO", "{{EUII Hidden}}"))
def _(world: World, app: App) -> httpx.Response:
    code = world.code(app)
    world.require_assignment(app)
    return world.redeem(app, code)


# Conditional Access


@row(
    "blocked_by_policy", "page", 400, "", 53003,
    "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    world.policy(app.client_id, "block")
    return picked(world, app)


@row("second_factor_denied", "page", 400, "", 500121, "Authentication failed during strong authentication request.")
def _(world: World, app: App) -> httpx.Response:
    world.policy(app.client_id)
    browser, page = picker(world, app)
    return browser.press(page_of(browser.press(page, "account", upn("robin"))), "decision", "deny")
