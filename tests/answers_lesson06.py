"""Answers to the exercises of lesson 06: right ones, wrong ones, and ones that are begun in part."""

from __future__ import annotations

from typing import Any

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LEAST = {
    "read my profile": "User.Read",
    "list the names of my groups": "GroupMember.Read.All",
    "read my files": "Files.Read",
    "send mail in my name": "Mail.Send",
}

Answers = list[tuple[str, object]]
Groups = list[dict[str, str]]


def form(assertion: Any, scope: Any, **changes: Any) -> dict[str, Any]:
    plain = {"grant_type": GRANT, "requested_token_use": "on_behalf_of", "assertion": assertion, "scope": scope}
    return {name: value for name, value in (plain | changes).items() if value is not None}


def by_id(groups: Groups, approvers: str) -> bool:
    return approvers in [group["id"] for group in groups]


def by_name(groups: Groups, _approvers: str) -> bool:
    return any(group["name"] == "Expense approvers" for group in groups)


def by_first(groups: Groups, approvers: str) -> bool:
    return bool(groups) and groups[0]["id"] == approvers


def least(**changes: object) -> dict[str, object]:
    return LEAST | {name.replace("_", " "): value for name, value in changes.items()}


RIGHT: Answers = [
    ("exchange-request", form),
    ("exchange-request", lambda assertion, scope: form(assertion, scope, client_info="1")),
    ("least-permission", LEAST),
    ("least-permission", {tool: f"https://graph.microsoft.com/{name}" for tool, name in LEAST.items()}),
    ("group-gate", by_id),
    ("group-gate", lambda groups, approvers: any(one["id"] == approvers for one in groups)),
]

WRONG: Answers = [
    ("exchange-request", form("the-token", "the-scope")),
    ("exchange-request", lambda _assertion, _scope: "on_behalf_of"),
    ("exchange-request", lambda assertion, scope: form(assertion, scope, grant_type="on_behalf_of")),
    ("exchange-request", lambda assertion, scope: form(assertion, scope, requested_token_use=None)),
    ("exchange-request", lambda assertion, scope: form(scope, assertion)),
    ("exchange-request", lambda _assertion, scope: form("the-token-of-robin", scope)),
    ("exchange-request", lambda assertion, _scope: form(assertion, ".default")),
    ("least-permission", "User.Read"),
    ("least-permission", {"read my profile": "User.Read"}),
    ("least-permission", least(read_my_profile=".default")),
    ("least-permission", least(read_my_files="https://graph.microsoft.com/.default")),
    ("least-permission", least(read_my_files="Files.ReadWrite.All")),
    ("least-permission", least(list_the_names_of_my_groups="User.Read")),
    ("least-permission", least(send_mail_in_my_name="Mail.ReadWrite")),
    ("least-permission", least(send_mail_in_my_name=["Mail.Send"])),
    ("group-gate", True),
    ("group-gate", by_name),
    ("group-gate", by_first),
    ("group-gate", lambda _groups, _approvers: True),
    ("group-gate", lambda _groups, _approvers: False),
    ("group-gate", lambda groups, approvers: print(groups, approvers)),
]

BEGUN: Answers = [
    ("exchange-request", lambda assertion, scope: form(assertion, scope, grant_type=...)),
    ("least-permission", least(read_my_profile=...)),
    ("least-permission", dict.fromkeys(LEAST, ...)),
    ("group-gate", lambda _groups, _approvers: ...),
]
