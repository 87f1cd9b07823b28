"""Answers to the exercises of lesson 03: right ones, wrong ones, and ones that are begun in part."""

from __future__ import annotations

from collections.abc import Mapping

REQUIRED, ADDITIONAL = ["mcp-access"], ["openid", "profile", "User.Read"]

Answers = list[tuple[str, object]]


def lists(required: object = REQUIRED, additional: object = ADDITIONAL) -> dict[str, object]:
    return {"required_scopes": required, "additional_authorize_scopes": additional}


def by_scope_claim(claims: Mapping[str, object]) -> str:
    return "Entra" if "scp" in claims else "FastMCP"


def by_issuer(claims: Mapping[str, object]) -> str:
    return "Entra" if str(claims["iss"]).startswith("https://login.microsoftonline.") else "FastMCP"


def by_address(claims: Mapping[str, object]) -> str:
    return "FastMCP" if str(claims["iss"]).startswith("http://localhost") else "Entra"


def by_tenant_anywhere(claims: Mapping[str, object]) -> str:
    return "Entra" if "tid" in str(claims) else "FastMCP"


RIGHT: Answers = [
    ("scopes-in-place", lists()),
    ("scopes-in-place", lists(("mcp-access",), ("User.Read", "profile", "openid"))),
    ("scopes-in-place", lists(additional=["openid", "profile", "https://graph.microsoft.com/User.Read"])),
    ("scopes-in-place", lists(additional=[*ADDITIONAL, "email", "offline_access"])),
    ("whose-token", by_scope_claim),
    ("whose-token", by_issuer),
    ("optional-claims", {"accessToken": [{"name": "email"}]}),
    ("optional-claims", {"idToken": [], "accessToken": [{"name": "upn"}, {"name": "email", "essential": False}]}),
]

WRONG: Answers = [
    ("scopes-in-place", ["mcp-access"]),
    ("scopes-in-place", {"required_scopes": ["mcp-access"]}),
    ("scopes-in-place", lists("mcp-access")),
    ("scopes-in-place", lists([])),
    ("scopes-in-place", lists([1])),
    ("scopes-in-place", lists(["api://00000000-0000-4000-8000-000000000000/mcp-access"])),
    ("scopes-in-place", lists(["mcp-access", "openid"])),
    ("scopes-in-place", lists(["mcp-access", "User.Read"])),
    ("scopes-in-place", lists(["mcp-access", "https://graph.microsoft.com/User.Read"])),
    ("scopes-in-place", lists(["MCP-Access"])),
    ("scopes-in-place", lists(["mcp-access", "expenses.read"])),
    ("scopes-in-place", lists(additional=[])),
    ("scopes-in-place", lists(additional=["openid", "User.Read"])),
    ("scopes-in-place", lists(additional=[*ADDITIONAL, "mcp-access"])),
    ("scopes-in-place", lists(additional=[*ADDITIONAL, "Mail.Read"])),
    ("scopes-in-place", lists(additional=["openid", "profile", "api://x/User.Read"])),
    ("whose-token", by_address),
    ("whose-token", by_tenant_anywhere),
    ("whose-token", "Entra"),
    ("whose-token", lambda _claims: "Entra"),
    ("whose-token", lambda _claims: "FastMCP"),
    ("optional-claims", "email"),
    ("optional-claims", {"idToken": [{"name": "email"}]}),
    ("optional-claims", {"email": True}),
    ("optional-claims", {"accessToken": {"name": "email"}}),
    ("optional-claims", {"accessToken": ["email"]}),
    ("optional-claims", {"accessToken": [{"name": "upn"}]}),
    ("optional-claims", {"accessToken": []}),
]

BEGUN: Answers = [
    ("scopes-in-place", lists(..., ...)),
    ("scopes-in-place", lists(REQUIRED, [..., "profile"])),
    ("whose-token", lambda _claims: ...),
    ("optional-claims", {"accessToken": ...}),
    ("optional-claims", {"accessToken": [...]}),
]
