"""The checks of lesson 05, Read the token."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

from workshop.core.settings import Settings
from workshop.lesson.checks.exercise import Exercise, Verdict
from workshop.lesson.checks.learner_code import outcome, shown

TENANT = "11111111-2222-4333-8444-555555555555"
OTHER_TENANT = "99999999-2222-4333-8444-555555555555"
CLIENT = "aaaaaaaa-1111-4222-8333-bbbbbbbbbbbb"
STRANGER = "cccccccc-1111-4222-8333-dddddddddddd"
PERSON = "eeeeeeee-1111-4222-8333-ffffffffffff"
NOW = 1_800_000_000

# Claims of three tokens: their lengths and letters need every kind of padding, and all signs of base64url.
OPENED: tuple[dict[str, Any], ...] = (
    {"name": "Robin Marsh"},
    {"name": "Zoë Ünal"},
    {"name": "Sam?>~Okafor", "roles": ["Approver", "Reader"]},
    {"name": "佐藤 ÿÿÿ", "oid": PERSON},
)

# What the tokens of two versions say: (which, claims, the client).
GIVEN_TO = (
    ("version 2.0", {"aud": CLIENT, "azp": STRANGER, "azpacr": "0", "ver": "2.0"}, STRANGER),
    ("version 1.0", {"aud": f"api://{CLIENT}", "appid": STRANGER, "appidacr": "0", "ver": "1.0"}, STRANGER),
    ("version 2.0", {"aud": CLIENT, "azp": CLIENT, "azpacr": "1", "ver": "2.0"}, CLIENT),
    ("version 1.0", {"aud": CLIENT, "appid": CLIENT, "appidacr": "1", "ver": "1.0"}, CLIENT),
)

GOOD: dict[str, Any] = {
    "aud": CLIENT, "azp": CLIENT, "exp": NOW + 3_600, "iat": NOW - 300, "nbf": NOW - 300, "oid": PERSON,
    "scp": "mcp-access", "sub": "a-name-for-this-app-only", "tid": TENANT, "ver": "2.0",
}  # fmt: skip

# What is changed in a good token, None for left out; and whether it is to be let in.
CHANGED: tuple[tuple[str, dict[str, Any], bool], ...] = (
    ("a good token", {}, True),
    ("the good token of another user", {"oid": STRANGER, "sub": "another-name"}, True),
    ("a good token given to the second client", {"azp": "second-client"}, True),
    ("a token without exp", {"exp": None}, False),
    ("a token without nbf", {"nbf": None}, False),
    ("a token of another tenant", {"tid": OTHER_TENANT}, False),
    ("a token without tid", {"tid": None}, False),
    ("a token given to another client", {"azp": STRANGER}, False),
    ("a token without azp", {"azp": None}, False),
    ("an app's own token, sub equal to oid,", {"sub": PERSON}, False),
)
CLIENTS = (CLIENT, "second-client")


def open_a_token(answer: object, _settings: Settings) -> Verdict:
    """Call the learner's function with tokens whose claims are known."""
    if not callable(answer):
        return _no_function(answer)
    for claims in OPENED:
        returned = outcome(answer, _token(claims))
        if isinstance(returned, str | bytes):
            return Verdict(False, "It returned text. json.loads makes a dictionary of it.")
        if returned == {"alg": "RS256", "typ": "JWT"}:
            return Verdict(False, "That is the header. The claims stand in the part after it.")
        if returned != claims:
            return Verdict(False, f"The claims of one token are {shown(claims)}. Your function said {shown(returned)}.")
    return Verdict(True, "No key was needed: whoever holds a token can read it.")


def name_the_client(answer: object, _settings: Settings) -> Verdict:
    """Call the learner's function with the claims of tokens of both versions."""
    if not callable(answer):
        return _no_function(answer)
    for which, claims, client in GIVEN_TO:
        returned = outcome(answer, dict(claims))
        if returned != client:
            return Verdict(False, f"A token of {which} was given to {client}. Your function said {shown(returned)}.")
    return Verdict(True, "You find the client in tokens of both versions.")


def check_the_rest(answer: object, _settings: Settings) -> Verdict:
    """Call the learner's function with claims that are good, and with each thing wrong in turn."""
    if not callable(answer):
        return _no_function(answer)
    for which, changes, good in CHANGED:
        claims = {name: value for name, value in (GOOD | changes).items() if value is not None}
        if bool(outcome(answer, claims, TENANT, CLIENTS)) != good:
            return Verdict(False, f"Your function {'turned' if good else 'let'} {which} {'away' if good else 'in'}.")
    return Verdict(True, "Good tokens come in, and none of the seven others does.")


def _no_function(answer: object) -> Verdict:
    return Verdict(False, f"{shown(answer)} is not a function. Give the name without parentheses.")


def _token(claims: Mapping[str, Any]) -> str:
    parts = ({"alg": "RS256", "typ": "JWT"}, claims)
    raw = [json.dumps(part, ensure_ascii=False).encode() for part in parts]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (*raw, b"no signature"))


def own_open_a_token() -> Callable[[str], dict[str, Any]]:
    """Return the workshop's own way to open a token."""

    def claims_of(token: str) -> dict[str, Any]:
        middle = token.split(".")[1]
        return dict(json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4))))

    return claims_of


def own_name_the_client() -> Callable[[Mapping[str, Any]], object]:
    """Return the workshop's own way to find the client."""
    return lambda claims: claims["azp"] if "azp" in claims else claims.get("appid")


def own_check_the_rest() -> Callable[[Mapping[str, Any], str, Collection[str]], bool]:
    """Return the workshop's own checks, as short as the exercise wants them."""

    def allowed(claims: Mapping[str, Any], tenant_id: str, clients: Collection[str]) -> bool:
        timed = "exp" in claims and "nbf" in claims
        ours = claims.get("tid") == tenant_id and claims.get("azp") in clients
        return timed and ours and claims.get("sub") != claims.get("oid")

    return allowed


EXERCISES = (
    Exercise(
        "open-a-token",
        "Open a token by hand",
        5,
        open_a_token,
        (
            "Take the part between the dots, decode it with base64.urlsafe_b64decode, and read it as JSON.",
            "Base64 wants a length that can be divided by four. Add as many = as are missing; too many do no harm.",
            'return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))',
        ),
        own_open_a_token,
    ),
    Exercise(
        "name-the-client",
        "Name the client in both versions",
        3,
        name_the_client,
        (
            "Find the two names in the table above: one row has a value in one column only, another in the other.",
            "Version 2.0 says azp, version 1.0 says appid.",
            'return claims["azp"] if "azp" in claims else claims["appid"]',
        ),
        own_name_the_client,
    ),
    Exercise(
        "check-the-rest",
        "Write the missing checks",
        5,
        check_the_rest,
        (
            "Write one condition for each row that says LET IN, and return whether all of them hold.",
            "claims.get(name) gives None for a claim that is missing. A missing exp or azp is no reason to let it in.",
            'Two of five: `claims.get("azp") in clients and "nbf" in claims and ...`',
        ),
        own_check_the_rest,
    ),
)
