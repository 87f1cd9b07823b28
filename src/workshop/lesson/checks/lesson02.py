"""The checks of lesson 02, The OAuth proxy."""

from __future__ import annotations

import webbrowser
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import cast

from workshop.core.settings import Settings
from workshop.lesson.checks.exercise import Exercise, NotStarted, Verdict
from workshop.lesson.checks.learner_code import is_unstarted, outcome, shown
from workshop.servers.redirects import ANYWHERE
from workshop.servers.settings import ProxySettings
from workshop.signin import UserAgent

CHALLENGES = {
    'Bearer scope="mcp-access", resource_metadata="http://localhost:8000/.well-known/oauth-protected-resource/mcp"': (
        "http://localhost:8000/.well-known/oauth-protected-resource/mcp"
    ),
    'Bearer resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource", scope="files.read"': (
        "https://mcp.example.com/.well-known/oauth-protected-resource"
    ),
    'Bearer error="invalid_token", error_description="The token is old", resource_metadata="https://b.example/meta"': (
        "https://b.example/meta"
    ),
}
"""Answers of three servers, and the address in each. Order and further parameters are free (RFC 9728, section 5.1)."""

RETURN_ADDRESS = "http://localhost:5555/callback"
ATTACKERS_PLACE = "http://127.0.0.1:*"


def metadata_url(answer: object, _settings: Settings) -> Verdict:
    """Call the learner's function with the headers of several servers."""
    if not callable(answer):
        return Verdict(False, f"{shown(answer)} is not a function. Give the name without parentheses.")
    for challenge, url in CHALLENGES.items():
        returned = outcome(answer, challenge)
        if not isinstance(returned, str):
            return Verdict(False, f"Your function returned {shown(returned)}, which is not text.")
        if returned.strip() != url:
            return Verdict(False, f"For the header\n{challenge}\nyour function returned {shown(returned)}.")
    return Verdict(True, "It finds the address in the headers of three servers, wherever it stands.")


def registration_request(answer: object, _settings: Settings) -> Verdict:
    """Look at a registration request. Source: RFC 7591 section 2."""
    if not isinstance(answer, Mapping):
        return Verdict(False, f"{shown(answer)} is not a dictionary.")
    name, addresses = answer.get("client_name"), answer.get("redirect_uris")
    if is_unstarted(addresses):
        raise NotStarted
    if not isinstance(name, str) or not name.strip():
        return Verdict(False, "`client_name` should be a text of your choice: people will read it.")
    if isinstance(addresses, str):
        return Verdict(False, "`redirect_uris` is a list, even for one address: put it into brackets.")
    if not isinstance(addresses, list) or not addresses:
        return Verdict(False, f"`redirect_uris` is {shown(addresses)}. It should be a list with one address.")
    if addresses != [RETURN_ADDRESS]:
        return Verdict(False, f"`redirect_uris` holds {shown(addresses)}, not the one address {RETURN_ADDRESS}.")
    return Verdict(True, "A name and an address: that is all a client has to say of itself.")


def stop_the_attack(answer: object, settings: Settings) -> Verdict:
    """Run a server with the learner's settings and attack it."""
    if not isinstance(answer, ProxySettings):
        return Verdict(
            False, f"{shown(answer)} is not the settings of the server. `replace(careless, ...)` makes them."
        )
    if any(getattr(answer, field.name) is ... for field in fields(answer)):
        raise NotStarted
    victim = webbrowser.get() if settings.mode == "practice" else None
    return _attacked(answer, victim) if isinstance(victim, UserAgent) else _read(answer)


def _attacked(answer: ProxySettings, victim: UserAgent) -> Verdict:
    from workshop.attacks.rehearsal import Rehearsal, rehearse  # FastMCP: no start cell waits for it

    rehearsal = cast(Rehearsal, outcome(rehearse, answer, victim))
    if rehearsal.refused:
        return Verdict(False, f"An honest client can't sign in any more: {rehearsal.refused}")
    if rehearsal.stolen:
        return Verdict(False, f"Somebody {rehearsal.stolen}, and the attacker got in.")
    return Verdict(True, "Attacked for real, your server gave the attacker nothing. An honest client still got in.")


def _read(answer: ProxySettings) -> Verdict:
    listed = set(answer.allowed_client_redirect_uris)
    if answer.consent in (True, "remember") or (listed and not listed & {ANYWHERE, ATTACKERS_PLACE}):
        return Verdict(True, "These settings stop the attack. In your own tenant this check only reads them.")
    return Verdict(False, "Nobody is asked, and a client may have the browser sent to where the attacker waits.")


EXERCISES = (
    Exercise(
        "metadata-url",
        "Find the next address",
        4,
        metadata_url,
        (
            "The address stands in quotes behind `resource_metadata=`. Text has the methods `partition` and `split`.",
            'Cut twice: first at `resource_metadata="`, then, in what follows, at the next `"`.',
            """`return challenge.partition('resource_metadata="')[2].partition('"')[0]`""",
        ),
        lambda: lambda challenge: challenge.partition('resource_metadata="')[2].partition('"')[0],
    ),
    Exercise(
        "registration-request",
        "Write a registration request",
        3,
        registration_request,
        (
            "Both values stand in the text above. One of them is a list.",
            "`redirect_uris` is a list of addresses: put the one address into brackets.",
            f'`"client_name": "My client"` and `"redirect_uris": ["{RETURN_ADDRESS}"]`.',
        ),
        lambda: {"client_name": "The workshop's client", "redirect_uris": [RETURN_ADDRESS]},
    ),
    Exercise(
        "stop-the-attack",
        "Stop the attack",
        3,
        stop_the_attack,
        (
            "One setting of `careless` was changed to make it careless.",
            "`replace(careless, ...)` returns the same settings with another value: change `consent` back.",
            "`mended = replace(careless, consent=True)`",
        ),
        lambda careless: replace(careless, consent=True),
    ),
)
