"""The checks of lesson 03, Ask for the right scopes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from workshop.core.settings import Settings
from workshop.core.well_known import GRAPH_APP_ID
from workshop.lesson.checks.exercise import Exercise, NotStarted, Verdict
from workshop.lesson.checks.learner_code import is_unstarted, outcome, shown

SCOPE = "mcp-access"
OPENID = frozenset({"openid", "profile", "email", "offline_access"})
GRAPH = ("https://graph.microsoft.com/", f"{GRAPH_APP_ID}/")
WANTED = frozenset({"openid", "profile", "User.Read"})
ARGUMENTS = ("required_scopes", "additional_authorize_scopes")

TENANT = "11111111-2222-4333-8444-555555555555"
# Claims of tokens as they are found in the field: (whose, claims).
TOKENS = (
    ("Entra", {"iss": f"https://login.microsoftonline.com/{TENANT}/v2.0", "scp": SCOPE, "tid": TENANT, "ver": "2.0"}),
    (
        "FastMCP",
        {
            "iss": "http://localhost:8000/",
            "aud": "http://localhost:8000/mcp",
            "scope": SCOPE,
            "upstream_claims": {"tid": TENANT, "name": "Robin Marsh"},
        },
    ),
    (
        "FastMCP",
        {"iss": "https://mcp.contoso.com/", "aud": "https://mcp.contoso.com/mcp", "scope": f"{SCOPE} openid"},
    ),
)


def scopes_in_place(answer: object, _settings: Settings) -> Verdict:
    """Ask for the two lists of scopes; every list has exactly one right content, whatever its order."""
    if not isinstance(answer, Mapping) or set(answer) != set(ARGUMENTS):
        return Verdict(False, f"{shown(answer)} does not hold the two lists.")
    lists = {}
    for name in ARGUMENTS:
        value = answer[name]
        if is_unstarted(value):
            raise NotStarted
        if (
            isinstance(value, str)
            or not isinstance(value, Sequence)
            or not all(isinstance(scope, str) for scope in value)
        ):
            return Verdict(False, f"{name} is {shown(value)}. Make it a list of texts: square brackets, and quotes.")
        lists[name] = list(value)
    wrong = _wrong_required(lists[ARGUMENTS[0]]) or _wrong_additional(lists[ARGUMENTS[1]])
    if wrong:
        return Verdict(False, wrong)
    return Verdict(True, "Only your own scope is required, under its short name. The rest is asked for at sign-in.")


def _wrong_required(scopes: Sequence[str]) -> str:
    for scope in scopes:
        if scope in OPENID:
            return f"No access token lists {scope} in its scp, so it can't be required."
        if scope.endswith("User.Read"):
            return f"{scope} belongs to Microsoft Graph. A token for your server never holds it."
        if "/" in scope:
            return f"{shown(scope)} has a prefix. The token's scp has the short name, so nobody would be let in."
        if scope != SCOPE:
            return f"The registration has no scope {shown(scope)}."
    return "" if scopes else f"An empty list requires nothing: {SCOPE} is missing from required_scopes."


def _wrong_additional(scopes: Sequence[str]) -> str:
    for scope in scopes:
        if scope.rpartition("/")[2] == SCOPE:
            return f"{SCOPE} is asked for already, because it is required."
        if scope.startswith("api://"):
            return f"{shown(scope)} asks your own app for it. Leave the prefix out."
    plain = {scope.removeprefix(GRAPH[0]).removeprefix(GRAPH[1]) for scope in scopes}
    missing = sorted(WANTED - plain, key=str.lower)
    unknown = sorted(plain - WANTED - OPENID)
    if unknown:
        return f"{shown(unknown[0])} was not on the list."
    return f"{missing[0]} is missing from additional_authorize_scopes." if missing else ""


def whose_token(answer: object, _settings: Settings) -> Verdict:
    """Call the learner's function with the claims of tokens whose issuer is known."""
    if not callable(answer):
        return Verdict(False, f"{shown(answer)} is not a function. Give the name without parentheses.")
    for whose, claims in TOKENS:
        returned = outcome(answer, dict(claims))
        if returned != whose:
            return Verdict(
                False, f"The token with iss {claims['iss']} is {whose}'s. Your function said {shown(returned)}."
            )
    return Verdict(True, "You know which token you hold, and who can say what it means.")


def optional_claims(answer: object, _settings: Settings) -> Verdict:
    """Ask for the `optionalClaims` that put `email` into access tokens, as Microsoft Graph takes them."""
    if not isinstance(answer, Mapping):
        return Verdict(False, f"{shown(answer)} is not a dictionary. It begins with a curly bracket.")
    if any(is_unstarted(value) for value in answer.values()):
        raise NotStarted
    if "accessToken" not in answer:
        kinds = ", ".join(map(str, answer)) or "nothing"
        return Verdict(False, f"It says {shown(kinds)}. FastMCP reads the access token: use accessToken.")
    claims = answer["accessToken"]
    if not isinstance(claims, list):
        return Verdict(False, "accessToken holds a list of claims: square brackets.")
    names = [claim.get("name") for claim in claims if isinstance(claim, Mapping)]
    if len(names) < len(claims):
        return Verdict(False, 'Each claim is a dictionary with its name, such as {"name": "upn"}.')
    if "email" not in names:
        return Verdict(False, f"The claims in the list are {shown(names)}. The one you want is email.")
    return Verdict(True, "Whoever asks for a token for your app now gets the address in it, if the account has one.")


def own_scopes() -> dict[str, list[str]]:
    """Return the workshop's own two lists."""
    return {ARGUMENTS[0]: [SCOPE], ARGUMENTS[1]: ["openid", "profile", "User.Read"]}


def own_whose_token() -> Callable[[Mapping[str, object]], str]:
    """Return the workshop's own way to tell tokens apart."""

    def whose(claims: Mapping[str, object]) -> str:
        return "Entra" if "scp" in claims else "FastMCP"

    return whose


EXERCISES = (
    Exercise(
        "scopes-in-place",
        "Put each scope in its place",
        5,
        scopes_in_place,
        (
            "Ask of each scope: will Entra write it into the scp of a token for your own app?",
            "Only mcp-access is your app's own. The other three are asked for at sign-in and not looked for.",
            'required = ["mcp-access"], and in the other list "openid", "profile" and "User.Read".',
        ),
        own_scopes,
    ),
    Exercise(
        "whose-token",
        "Tell whose token it is",
        4,
        whose_token,
        (
            "Compare the two columns of the table: which claim has only one of them?",
            'Entra names scopes in scp, FastMCP in scope. `"scp" in claims` is true or false.',
            'return "Entra" if "scp" in claims else "FastMCP"',
        ),
        own_whose_token,
    ),
    Exercise(
        "optional-claims",
        "Ask for the email claim",
        4,
        optional_claims,
        (
            "The table above has the name of the claim. The text says into which of the three lists it goes.",
            'The form is {"accessToken": [...]}. In the list stands one dictionary with the claim\'s name.',
            '{"accessToken": [{"name": "email"}]}',
        ),
        lambda: {"accessToken": [{"name": "email"}]},
    ),
)
