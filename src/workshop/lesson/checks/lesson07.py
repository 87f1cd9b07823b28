"""The checks of lesson 07, Break it and mend it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, urlsplit

from workshop.core.settings import Settings
from workshop.lesson.checks.exercise import Exercise, NotStarted, Verdict
from workshop.lesson.checks.learner_code import is_unstarted, outcome, shown
from workshop.servers import places

SIGN_IN = "https://login.microsoftonline.com/contoso.example/oauth2/v2.0/authorize"
# Addresses as browsers show them, and the redirect URI that each asks for.
ADDRESSES = (
    (
        f"{SIGN_IN}?client_id=11&redirect_uri=http%3A%2F%2Flocalhost%3A8000%2Fauth%2Fcallback&state=s",
        "http://localhost:8000/auth/callback",
    ),
    (
        f"{SIGN_IN}?redirect_uri=https%3A%2F%2Fexpenses.example%2Fauth%2Fcallback&client_id=22",
        "https://expenses.example/auth/callback",
    ),
    (f"{SIGN_IN}?scope=openid+api%3A%2F%2F33%2Fread&redirect_uri=http://127.0.0.1:33418/", "http://127.0.0.1:33418/"),
    (
        f"{SIGN_IN}?client_id=44&redirect_uri=https%3A%2F%2Fa.example%2Fback%3Ffor%3Dme%26so%3Don",
        "https://a.example/back?for=me&so=on",
    ),
)

STORAGE = "ENTRA_PROXY_STORAGE"
SIGNING_KEY = "ENTRA_PROXY_JWT_SIGNING_KEY"
SHORTEST = 32

MYSTERY = ("host-not-allowed", "resource-not-supported", "graphs-token")
"""What `room.mystery(10, level=2)` draws; tests/test_lesson_07.py holds that."""

PLACES = (
    "the answer's status, 421, is about a name that the server was called by",
    "the words of Entra's refusal name the parameter",
    "the token says whose it is",
)


def missing_redirect(answer: object, _settings: Settings) -> Verdict:
    """Call the learner's function with several addresses."""
    if not callable(answer):
        return Verdict(False, f"{shown(answer)} is not a function. Give the name without parentheses.")
    for address, wanted in ADDRESSES:
        returned = outcome(answer, address)
        if returned != wanted:
            return Verdict(False, f"In {address} the redirect URI is {wanted}. Your function said {shown(returned)}.")
    return Verdict(True, "Whatever the address, you find where the client wants to be sent back to.")


def lasting_clients(answer: object, _settings: Settings) -> Verdict:
    """Hold the two settings against what a restart and a new secret demand. Source: servers/settings.py."""
    if not isinstance(answer, Mapping):
        return Verdict(False, f"{shown(answer)} is no dictionary of settings.")
    if is_unstarted(dict(answer)):
        raise NotStarted
    for name in (STORAGE, SIGNING_KEY):
        value = answer.get(name)
        if not isinstance(value, str) or not value.strip():
            return Verdict(False, f"{name} needs a value: a text in quotes.")
    storage, key = str(answer[STORAGE]).strip(), str(answer[SIGNING_KEY])
    if storage.lower() == "memory":
        return Verdict(False, f"{STORAGE}: what is in memory ends with the process.")
    try:
        places.store(storage)
    except ValueError as error:
        return Verdict(False, f"{STORAGE} should be {error}.")
    if len(key) < SHORTEST:
        return Verdict(False, f"{SIGNING_KEY} has {len(key)} characters. It should have {SHORTEST} or more.")
    if set(answer) != {STORAGE, SIGNING_KEY}:
        return Verdict(False, "Two settings are enough. Which of yours has to do with what is kept?")
    return Verdict(True, "The clients are kept in files, and the key to them is no longer made of the secret.")


def three_mysteries(answer: object, _settings: Settings) -> Verdict:
    """Hold the three names against what is drawn from the lesson's seed."""
    if not isinstance(answer, list | tuple):
        return Verdict(False, f"{shown(answer)} is not a list of three names.")
    if is_unstarted(list(answer)):
        raise NotStarted
    if len(answer) != len(MYSTERY):
        return Verdict(False, f"There are three cases, and your list has {len(answer)}.")
    for number, (named, right, place) in enumerate(zip(answer, MYSTERY, PLACES, strict=True), 1):
        if not isinstance(named, str) or named.strip().lower() != right:
            return Verdict(False, f"Case {number} is not {shown(named)}. Look again: {place}.")
    return Verdict(True, "All three are found, by nothing but what a user has.")


def own_missing_redirect() -> Callable[[str], str]:
    """Return the workshop's own function."""

    def missing(address: str) -> str:
        return parse_qs(urlsplit(address).query)["redirect_uri"][0]

    return missing


EXERCISES = (
    Exercise(
        "missing-redirect",
        "Find the redirect URI that is missing",
        4,
        missing_redirect,
        (
            "Behind the ? of the address stand its parameters. One of them is redirect_uri.",
            "urlsplit(address).query is what stands behind the ?. parse_qs makes a dictionary of lists of it.",
            'return parse_qs(urlsplit(address).query)["redirect_uri"][0]',
        ),
        own_missing_redirect,
    ),
    Exercise(
        "lasting-clients",
        "Let the clients outlive a restart",
        3,
        lasting_clients,
        (
            "One setting says where the clients are kept, the other what they are encrypted with.",
            f"{STORAGE} takes a folder, such as ./clients. {SIGNING_KEY} takes any long text that stays the same.",
            f'lasting = {{"{STORAGE}": "./clients", "{SIGNING_KEY}": "a long text of at least 32 characters"}}',
        ),
        lambda: {STORAGE: "./clients", SIGNING_KEY: "the workshop's own key, for practice only"},
    ),
    Exercise(
        "three-mysteries",
        "Name the three",
        6,
        three_mysteries,
        (
            "Each case has four names below it. Which one fits what you see, and only that?",
            "Case 1 was answered by the server, case 2 by Entra. For case 3 read the token: for whom is it?",
            f"{MYSTERY[0]}, {MYSTERY[1]}, {MYSTERY[2]}.",
        ),
        lambda: list(MYSTERY),
    ),
)
