"""Checks of the registration of clients: what a stranger may store, and how much."""

from __future__ import annotations

from workshop.diagnosis.safe.check import Seen
from workshop.diagnosis.safe.site import FOREIGN, LOOPBACK_URI, Site
from workshop.diagnosis.walk.route import listed, worded
from workshop.diagnosis.web import BoundedAnswer, NoAnswer

BODY_BYTES = 200 * 1024
NAME_LENGTH = 5_000
URI_COUNT = 200
PLAIN = {"client_name": "workshop diagnose", "redirect_uris": [LOOPBACK_URI]}


def body(site: Site) -> Seen:
    """Register a small client in a body that blanks make long."""
    sent = f"a registration of {BODY_BYTES // 1024} KiB, nearly all of it blanks"
    try:
        answer = site.register(PLAIN, padding=BODY_BYTES)
    except NoAnswer as error:
        return Seen("note", sent, f"no answer ({error}): perhaps it hung up, which is a bound as well")
    if answer.is_success:
        return Seen("wrong", sent, f"{answer.status_code}: taken")
    return _refused(answer, sent)


def name(site: Site) -> Seen:
    """Register a client with a name that nobody reads to its end."""
    sent = f"a registration with a client_name of {NAME_LENGTH} characters"
    answer = site.register(PLAIN | {"client_name": "x" * NAME_LENGTH})
    if not answer.is_success:
        return _refused(answer, sent)
    stored = len(worded((answer.members() or {}).get("client_name")))
    if 0 < stored < NAME_LENGTH:
        return Seen("well", sent, f"{answer.status_code}: cut to {stored} characters")
    return Seen("wrong", sent, f"{answer.status_code}: taken")


def uris(site: Site) -> Seen:
    """Register a client with very many redirect URIs."""
    sent = f"a registration with {URI_COUNT} redirect URIs"
    answer = site.register(PLAIN | {"redirect_uris": [f"{LOOPBACK_URI}/{number}" for number in range(URI_COUNT)]})
    if not answer.is_success:
        return _refused(answer, sent)
    stored = len(listed((answer.members() or {}).get("redirect_uris")))
    if 0 < stored < URI_COUNT:
        return Seen("well", sent, f"{answer.status_code}: {stored} of them are taken")
    return Seen("wrong", sent, f"{answer.status_code}: taken")


def foreign(site: Site) -> Seen:
    """Register a client on a host that nobody here knows."""
    sent = f"a registration with the redirect URI https://{FOREIGN}/callback"
    answer = site.register(PLAIN | {"redirect_uris": [f"https://{FOREIGN}/callback"]})
    if answer.is_success:
        meaning = (
            "anybody may register an app on any host, and the page that asks the user is all that stands before it"
        )
        return Seen("note", sent, f"{answer.status_code}: taken: {meaning}")
    return _refused(answer, sent)


def _refused(answer: BoundedAnswer, sent: str) -> Seen:
    if answer.status_code == 429:
        return Seen("note", sent, "429: the server asks to wait, so it can't be told")
    if answer.status_code >= 500:
        return Seen("wrong", sent, f"{answer.status_code}: it fails")
    return Seen("well", sent, f"{answer.status_code} {answer.line}".strip())
