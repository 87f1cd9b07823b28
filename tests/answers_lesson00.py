"""Answers to the exercises of lesson 00: right ones, wrong ones, and ones that are begun in part."""

from __future__ import annotations

PEOPLE = {
    "sam@contoso.onmicrosoft.com": "Sam Okafor",
    "avery@contoso.onmicrosoft.com": "Avery Lang",
}

Answers = list[tuple[str, object]]


async def right(account: str) -> dict[str, str]:
    return {"username": account, "name": PEOPLE[account]}


def right_without_await(account: str) -> dict[str, str]:
    return {"username": account, "name": PEOPLE[account]}


async def always_robin(_account: str) -> dict[str, str]:
    return {"username": "robin@contoso.onmicrosoft.com", "name": "Robin Marsh"}


async def always_sam(_account: str) -> dict[str, str]:
    return {"username": "sam@contoso.onmicrosoft.com", "name": "Sam Okafor"}


async def not_begun(_account: str) -> object:
    return ...


async def forgets_to_return(account: str) -> None:
    await right(account)


async def crashes(account: str) -> str:
    return nowhere[account]  # type: ignore[name-defined, no-any-return] # noqa: F821


RIGHT: Answers = [("which-tenant", "practice"), ("which-tenant", " PRACTICE "),
            ("sign-in-host", "login.microsoftonline.com"),
            ("sign-in-host", "https://login.microsoftonline.com/"), ("sign-in-as", right),
            ("sign-in-as", right_without_await)]  # fmt: skip
WRONG: Answers = [("which-tenant", "own"), ("which-tenant", ""), ("which-tenant", None),
            ("which-tenant", b"practice"),
            ("sign-in-host", "localhost:8000"), ("sign-in-host", "graph.microsoft.com"), ("sign-in-host", 401),
            ("sign-in-host", "evil.example/login.microsoftonline.com"),
            ("sign-in-as", always_robin), ("sign-in-as", always_sam), ("sign-in-as", forgets_to_return),
            ("sign-in-as", {"username": "sam@contoso.onmicrosoft.com", "name": "Sam Okafor"}),
            ("sign-in-as", "Sam Okafor")]  # fmt: skip
BEGUN: Answers = [("sign-in-as", not_begun)]
