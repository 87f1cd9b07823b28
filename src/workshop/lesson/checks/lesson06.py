"""The checks of lesson 06, On behalf of the user."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from workshop.core.settings import Settings
from workshop.lesson.checks.exercise import Exercise, NotStarted, Verdict
from workshop.lesson.checks.learner_code import is_unstarted, outcome, shown

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
USE = "on_behalf_of"
GRAPH = "https://graph.microsoft.com/"

# What a tool's user brings, and the scope that the tool needs.
ASKED = (("the-token-of-robin", f"{GRAPH}User.Read"), ("the-token-of-sam", f"{GRAPH}Files.Read"))

LEAST = {
    "read my profile": "User.Read",
    "list the names of my groups": "GroupMember.Read.All",
    "read my files": "Files.Read",
    "send mail in my name": "Mail.Send",
}
TOO_MUCH = {
    "read my profile": {"User.ReadWrite", "User.Read.All", "User.ReadWrite.All", "Directory.Read.All"},
    "list the names of my groups": {"Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All"},
    "read my files": {"Files.ReadWrite", "Files.Read.All", "Files.ReadWrite.All", "Sites.Read.All"},
    "send mail in my name": {"Mail.ReadWrite", "Mail.Read"},
}

APPROVERS = "11111111-2222-4333-8444-555555555555"
OTHER = "99999999-2222-4333-8444-555555555555"
# Groups as list_my_groups tells them, and whether their member may approve.
MEMBERS = (
    ("the approvers' group", ({"id": OTHER, "name": "Finance"}, {"id": APPROVERS, "name": "Expense approvers"}), True),
    ("the approvers' group under a new name", ({"id": APPROVERS, "name": "Approvers of expenses"},), True),
    ("another group", ({"id": OTHER, "name": "Engineering"},), False),
    ("another group that somebody named Expense approvers", ({"id": OTHER, "name": "Expense approvers"},), False),
    ("no group", (), False),
)


def exchange_request(answer: object, _settings: Settings) -> Verdict:
    """Call the learner's function with two users' tokens. Source: Entra's page on the on-behalf-of flow."""
    if not callable(answer):
        return Verdict(False, f"{shown(answer)} is not a function. Give the name without parentheses.")
    for assertion, scope in ASKED:
        form = outcome(answer, assertion, scope)
        if not isinstance(form, Mapping):
            return Verdict(False, f"Your function returned {shown(form)}, not a dictionary.")
        wanted = {"grant_type": GRANT, "requested_token_use": USE, "assertion": assertion, "scope": scope}
        for name, value in wanted.items():
            if name not in form:
                return Verdict(False, f"The request lacks {name}.")
            if form[name] != value:
                return Verdict(False, f"{name} is {shown(form[name])}. It should be {_meant(name)}.")
    return Verdict(True, "The request names the user's token, what it is for, and one scope.")


def _meant(name: str) -> str:
    return {
        "grant_type": f"{GRANT}, which says that a token is shown",
        "requested_token_use": f"{USE}, which says what is wanted for it",
        "assertion": "the user's token, the function's first argument",
        "scope": "the scope, the function's second argument",
    }[name]


def least_permission(answer: object, _settings: Settings) -> Verdict:
    """Ask for the one permission that each tool needs."""
    if not isinstance(answer, Mapping) or set(answer) != set(LEAST):
        return Verdict(False, f"{shown(answer)} does not hold the four tools.")
    if is_unstarted(dict(answer)):
        raise NotStarted
    for tool, least in LEAST.items():
        permission = answer[tool]
        if not isinstance(permission, str):
            return Verdict(False, f"For “{tool}” stands {shown(permission)}. Make it one text, in quotes.")
        plain = permission.strip().removeprefix(GRAPH)
        if plain == ".default":
            return Verdict(False, f"“{tool}”: .default asks for whatever was consented to. Name one permission.")
        if plain in TOO_MUCH[tool]:
            return Verdict(False, f"“{tool}”: {plain} is not the least that is enough, or not enough.")
        if plain != least:
            return Verdict(False, f"“{tool}”: {shown(plain)} does not do that.")
    return Verdict(True, "Each tool asks for what it needs and no more.")


def group_gate(answer: object, _settings: Settings) -> Verdict:
    """Call the learner's function with the groups of several people."""
    if not callable(answer):
        return Verdict(False, f"{shown(answer)} is not a function. Give the name without parentheses.")
    for what, groups, may in MEMBERS:
        returned = outcome(answer, [dict(group) for group in groups], APPROVERS)
        if returned is not may:
            right = "may approve" if may else "may not approve"
            return Verdict(False, f"A member of {what} {right}. Your function said {shown(returned)}.")
    return Verdict(True, "The id decides: a group of the same name opens nothing.")


def own_exchange_request() -> Callable[[str, str], dict[str, str]]:
    """Return the workshop's own request."""

    def form(assertion: str, scope: str) -> dict[str, str]:
        return {"grant_type": GRANT, "requested_token_use": USE, "assertion": assertion, "scope": scope}

    return form


def own_group_gate() -> Callable[[Sequence[Mapping[str, str]], str], bool]:
    """Return the workshop's own gate."""

    def may_approve(groups: Sequence[Mapping[str, str]], approvers: str) -> bool:
        return any(group["id"] == approvers for group in groups)

    return may_approve


EXERCISES = (
    Exercise(
        "exchange-request",
        "Write the exchange",
        5,
        exchange_request,
        (
            "Two of the four values are the function's arguments. The other two stand in the table above.",
            'The user\'s token is the assertion. requested_token_use is "on_behalf_of".',
            f'"grant_type": "{GRANT}", "requested_token_use": "on_behalf_of", "assertion": assertion.',
        ),
        own_exchange_request,
    ),
    Exercise(
        "least-permission",
        "Give each tool the least",
        4,
        least_permission,
        (
            "Every name on the list says what it is about, what it allows, and of whom.",
            "Reading needs no Write, and your own profile and files need no All. Sending is not reading.",
            "User.Read, GroupMember.Read.All, Files.Read, Mail.Send.",
        ),
        lambda: dict(LEAST),
    ),
    Exercise(
        "group-gate",
        "Open the gate for members",
        4,
        group_gate,
        (
            "Each group is a dictionary with id and name. Which of the two can nobody else choose?",
            'Compare group["id"] with approvers, for each group. `any(...)` tells whether one fits.',
            'return any(group["id"] == approvers for group in groups)',
        ),
        own_group_gate,
    ),
)
