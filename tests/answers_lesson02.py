"""Answers to the exercises of lesson 02, right and wrong."""

from __future__ import annotations

import re

from workshop.lesson.checks.lesson02 import RETURN_ADDRESS


def cut_twice(challenge: str) -> str:
    return challenge.split('resource_metadata="')[1].split('"')[0]


async def searched(challenge: str) -> str:
    found = re.search(r'resource_metadata="([^"]+)"', challenge)
    return found[1] if found else ""


def always_the_same(_challenge: str) -> str:
    return "http://localhost:8000/.well-known/oauth-protected-resource/mcp"


def the_second_in_quotes(challenge: str) -> str:
    return challenge.split('"')[3]


def with_a_quote(challenge: str) -> str:
    return challenge.partition("resource_metadata=")[2]


def the_whole_header(challenge: str) -> str:
    return challenge


def forgets_to_return(challenge: str) -> None:
    cut_twice(challenge)


def not_begun(_challenge: str) -> object:
    return ...


REQUEST: dict[str, object] = {"client_name": "My client", "redirect_uris": [RETURN_ADDRESS]}

RIGHT = [
    ("metadata-url", cut_twice),
    ("metadata-url", searched),
    ("registration-request", REQUEST),
    ("registration-request", REQUEST | {"client_name": "Another", "token_endpoint_auth_method": "none"}),
]
WRONG = [
    ("metadata-url", always_the_same),
    ("metadata-url", the_second_in_quotes),
    ("metadata-url", with_a_quote),
    ("metadata-url", the_whole_header),
    ("metadata-url", forgets_to_return),
    ("metadata-url", "http://localhost:8000/.well-known/oauth-protected-resource/mcp"),
    ("registration-request", {"client_name": "My client"}),
    ("registration-request", {"client_name": "My client", "redirect_uri": [RETURN_ADDRESS]}),
    ("registration-request", {"redirect_uris": [RETURN_ADDRESS]}),
    ("registration-request", REQUEST | {"client_name": " "}),
    ("registration-request", REQUEST | {"redirect_uris": RETURN_ADDRESS}),
    ("registration-request", REQUEST | {"redirect_uris": []}),
    ("registration-request", REQUEST | {"redirect_uris": [RETURN_ADDRESS, "https://attacker.example"]}),
    ("registration-request", REQUEST | {"redirect_uris": ["https://attacker.example"]}),
    ("registration-request", "My client"),
]
BEGUN = [
    ("metadata-url", not_begun),
    ("registration-request", REQUEST | {"redirect_uris": ...}),
    ("registration-request", REQUEST | {"redirect_uris": [...]}),
]

# These are code: they need the practice tenant and stand in a notebook. `careless` is what the lesson calls so.
RIGHT_IN_TENANT = {
    "the page": "replace(careless, consent=True)",
    "the page, once": 'replace(careless, consent="remember")',
    "a list": 'replace(careless, allowed_client_redirect_uris=("http://localhost:*",))',
    "both": 'replace(load(), allowed_client_redirect_uris=("http://localhost:*",))',
}
WRONG_IN_TENANT = {
    "unchanged": "careless",
    "somebody else asks": 'replace(careless, consent="external")',
    "a list with the attacker": 'replace(careless, allowed_client_redirect_uris=("http://localhost:*", "http://127.0.0.1:*"))',
    "nobody gets in": "replace(careless, allowed_client_redirect_uris=())",
    "no settings": '{"consent": True}',
    "no server": "replace(careless, consent=True, required_scopes=())",
}
BEGUN_IN_TENANT = {"the whole": "...", "the value": "replace(careless, consent=...)"}
IN_TENANT = "stop-the-attack"
