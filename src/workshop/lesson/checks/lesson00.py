"""The checks of lesson 00, Start here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from workshop.core.settings import Settings
from workshop.lesson.checks.exercise import Exercise, Verdict
from workshop.lesson.checks.learner_code import outcome, shown

SIGN_IN_HOST = "login.microsoftonline.com"
PRACTICE_NAMES = {
    "sam@contoso.onmicrosoft.com": "Sam Okafor",
    "avery@contoso.onmicrosoft.com": "Avery Lang",
}


class HasAccount(Protocol):
    """A browser that signs in with one account."""

    account: str


def which_tenant(answer: object, settings: Settings) -> Verdict:
    """Ask for the word that says which tenant this is."""
    if not isinstance(answer, str):
        return Verdict(False, f"{shown(answer)} is not text. Put the word in quotes.")
    if answer.strip().lower() != settings.mode:
        return Verdict(False, f"{shown(answer)} is not the word in the banner.")
    return Verdict(True, f"You are in the {settings.mode} tenant. This is what a passed check looks like.")


def sign_in_host(answer: object, _settings: Settings) -> Verdict:
    """Ask for the host name that showed the sign-in page."""
    if not isinstance(answer, str):
        return Verdict(False, f"{shown(answer)} is not text. Put the host name in quotes.")
    host = answer.strip().lower().removeprefix("https://").rstrip("/")
    if host in ("localhost", "127.0.0.1") or host.startswith(("localhost:", "127.0.0.1:")):
        return Verdict(False, "That is your MCP server. It sends the browser on to another host.")
    if host != SIGN_IN_HOST:
        return Verdict(False, f"{shown(answer)} is not the host that asked which account to use.")
    return Verdict(True, "Entra ID signed you in, not the MCP server. The server only learns who you are.")


def sign_in_as(answer: object, settings: Settings) -> Verdict:
    """Call the learner's function for two people and compare what the tool said with the directory."""
    if not callable(answer):
        return Verdict(False, f"{shown(answer)} is not a function. Give the name without parentheses.")
    if settings.mode == "own":
        return _signed_in_to(outcome(answer, ""), settings.require("AZURE_TENANT_ID"))
    for account, name in PRACTICE_NAMES.items():
        data = outcome(answer, account)
        if not isinstance(data, Mapping):
            return _no_data(data)
        if data.get("username") != account or data.get("name") != name:
            who = shown(data.get("name"))
            return Verdict(False, f"Asked to sign in as {account}, your function came back with {who}.")
    return Verdict(True, "The same tool told Sam and Avery apart. Nobody sent it a name: it read the token.")


def _no_data(value: object) -> Verdict:
    return Verdict(False, f"Your function returned {shown(value)}. Return the result's data: `result.data`.")


def _signed_in_to(data: object, tenant_id: str) -> Verdict:
    if not isinstance(data, Mapping):
        return _no_data(data)
    if data.get("tenant_id") != tenant_id or not data.get("name"):
        return Verdict(False, "The tool did not name a user of your tenant.")
    return Verdict(True, "The tool named a user of your tenant. Nobody sent it a name: it read the token.")


def own_sign_in_as(url: str, agent: HasAccount) -> Callable[[str], Awaitable[object]]:
    """Return the workshop's own answer to the last exercise.

    Args:
        url: of the MCP server.
        agent: the browser of this notebook.
    """

    async def sign_in(account: str) -> object:
        from fastmcp import Client

        agent.account = account
        async with Client(url, auth="oauth") as client:
            return (await client.call_tool("get_user_info")).data

    return sign_in


EXERCISES = (
    Exercise(
        "which-tenant",
        "Say which tenant you are in",
        1,
        which_tenant,
        (
            "The banner of the start cell says it in capital letters.",
            "The answer is one word, practice or own, in quotes.",
            'Write tenant = "practice" if the banner says PRACTICE TENANT, else tenant = "own".',
        ),
        lambda: "practice",
    ),
    Exercise(
        "sign-in-host",
        "Name the host that signs people in",
        2,
        sign_in_host,
        (
            "Look in the diagram for the hop that leads from the MCP server's consent page to Entra.",
            "It is the hop POST /consent of the MCP server. Read the host name behind Location.",
            "It begins with login and ends with .com. Leave out https:// and everything behind the name.",
        ),
        lambda: SIGN_IN_HOST,
    ),
    Exercise(
        "sign-in-as",
        "Sign in as someone else",
        5,
        sign_in_as,
        (
            "Choose the account (lesson.agent.account = account), then call the tool as before.",
            "Open the client inside the function: each new client signs in afresh. Return result.data.",
            (
                "Four lines: `lesson.agent.account = account`, the two lines of your first call "
                "(`async with Client(...)`, `result = await client.call_tool(...)`), `return result.data`."
            ),
        ),
        own_sign_in_as,
    ),
)
