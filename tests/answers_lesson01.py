"""Answers to the exercises of lesson 01: right ones, wrong ones, and ones that are begun in part."""

from __future__ import annotations

from dataclasses import replace

from workshop.registration.declarations import PREAUTHORIZED, PROXY

CALLBACK = "http://localhost:8000/auth/callback"
MENDED = {
    "signInAudience": "AzureADMyOrg",
    "api": {"requestedAccessTokenVersion": 2},
    "web": {"redirectUris": [CALLBACK]},
}
SCOPE = "openid profile offline_access User.Read"
PRODUCTION = PROXY.named("Expenses").at("https://mcp.contoso.com")

Answers = list[tuple[str, object]]


def both(keep: object = "secretText", scope: object = SCOPE) -> dict[str, object]:
    return {"keep": keep, "scope": scope}


def without(name: str) -> dict[str, object]:
    return {one: value for one, value in MENDED.items() if one != name}


RIGHT: Answers = [
    ("three-settings", MENDED),
    ("three-settings", MENDED | {"web": {"redirectUris": ["https://mcp.contoso.com/auth/callback", CALLBACK]}}),
    ("three-settings", MENDED | {"isFallbackPublicClient": False}),
    ("secret-and-consent", both()),
    ("secret-and-consent", both(scope="User.Read  offline_access profile openid")),
    ("production", PRODUCTION),
    ("production", PROXY.at("https://mcp.contoso.com/").named("expense server")),
    ("production", replace(PRODUCTION, key="proxy-prod")),
]

WRONG: Answers = [
    ("three-settings", "AzureADMyOrg"),
    ("three-settings", without("web")),
    ("three-settings", without("api")),
    ("three-settings", without("signInAudience")),
    ("three-settings", MENDED | {"signInAudience": "AzureADandPersonalMicrosoftAccount"}),
    ("three-settings", MENDED | {"signInAudience": 1}),
    ("three-settings", MENDED | {"web": {"redirectUris": CALLBACK}}),
    ("three-settings", MENDED | {"web": {"redirectUris": []}}),
    ("three-settings", MENDED | {"web": {"redirectUris": [CALLBACK + "/"]}}),
    ("three-settings", MENDED | {"web": [CALLBACK]}),
    ("three-settings", MENDED | {"web": {"redirectUri": [CALLBACK]}}),
    ("three-settings", MENDED | {"api": {"requestedAccessTokenVersion": "2"}}),
    ("three-settings", MENDED | {"api": {"requestedAccessTokenVersion": True}}),
    ("three-settings", MENDED | {"api": {"requestedAccessTokenVersion": 1}}),
    ("three-settings", MENDED | {"api": {"requestedAccessTokenVersion": 2, "oauth2PermissionScopes": []}}),
    ("three-settings", MENDED | {"requestedAccessTokenVersion": 2}),
    ("three-settings", MENDED | {"requiredResourceAccess": []}),
    ("three-settings", MENDED | {"isFallbackPublicClient": True}),
    ("secret-and-consent", "secretText"),
    ("secret-and-consent", {"keep": "secretText"}),
    ("secret-and-consent", both(keep="keyId")),
    ("secret-and-consent", both(keep="hint")),
    ("secret-and-consent", both(scope="")),
    ("secret-and-consent", both(scope="openid profile User.Read")),
    ("secret-and-consent", both(scope=SCOPE + " Mail.Read")),
    ("secret-and-consent", both(scope=SCOPE.lower())),
    ("secret-and-consent", both(scope=SCOPE.split())),
    ("production", "https://mcp.contoso.com"),
    ("production", PROXY),
    ("production", PROXY.named("Expenses")),
    ("production", PROXY.at("https://mcp.contoso.com")),
    ("production", replace(PRODUCTION, key="proxy")),
    ("production", replace(PRODUCTION, display_name=PROXY.display_name)),
    ("production", PROXY.named("Expenses").at("https://mcp.contoso.com/mcp")),
    ("production", PROXY.named("Expenses").at("http://mcp.contoso.com")),
    ("production", replace(PRODUCTION, web_redirect_uris=(*PRODUCTION.web_redirect_uris, CALLBACK))),
    ("production", replace(PRODUCTION, token_version=1)),
    ("production", PREAUTHORIZED.named("Expenses").at("https://mcp.contoso.com")),
]

BEGUN: Answers = [
    ("three-settings", MENDED | {"web": {"redirectUris": ...}}),
    ("three-settings", MENDED | {"web": {"redirectUris": [...]}}),
    ("three-settings", MENDED | {"signInAudience": ...}),
    ("secret-and-consent", both(..., ...)),
    ("secret-and-consent", both(scope=...)),
]
