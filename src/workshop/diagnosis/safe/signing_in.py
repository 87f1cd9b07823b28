"""Checks of the sign-in: where it leads a browser to. Nobody signs in, and no address of an attacker is called."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from workshop.diagnosis.safe.check import Seen
from workshop.diagnosis.safe.site import FOREIGN, NotTried, Site
from workshop.diagnosis.walk.route import split
from workshop.diagnosis.web import BoundedAnswer

FOREIGN_URIS = (f"https://{FOREIGN}/x", "search-ms:query=x")
UNKNOWN_CLIENT = "11111111-2222-4333-8444-555555555555"
_FORM = re.compile(r"<form\b", re.IGNORECASE)


def open_redirect(site: Site) -> Seen:
    """Open the sign-in with redirect URIs that nobody registered."""
    clients = {"a client that is not registered": UNKNOWN_CLIENT}
    if site.app_id:
        clients["the app's own id"] = site.app_id
    without = ""
    try:
        clients["a registered client"] = site.client[0]
    except NotTried as reason:
        without = f" ({reason})"
    sent = f"the sign-in of {', '.join(clients)}, with redirect_uri {' and '.join(FOREIGN_URIS)}{without}"
    notes = []
    for who, client_id in clients.items():
        for uri in FOREIGN_URIS:
            for response_type in ("code", "token"):
                answer = site.authorize(client_id, uri, response_type=response_type)
                taken = _taken(site, answer, uri)
                if taken:
                    return Seen("wrong", sent, f"{who}, {uri}, response_type={response_type}: {taken}")
                if not 400 <= answer.status_code < 500 and "error=" not in answer.location:
                    notes.append(f"{who}: {answer.status_code}, and it can't be told whether the address counts")
    return Seen("note", sent, notes[0]) if notes else Seen("well", sent, "refused, without a redirect")


def exact_redirect(site: Site) -> Seen:
    """Open the sign-in of a registered client with addresses that only look like its own."""
    client_id, own = site.client
    parts = urlsplit(own)
    port = f":{parts.port}" if parts.port else ""
    tried = (
        f"http://{parts.hostname}{port}/another",
        f"http://{parts.hostname}.{FOREIGN}{parts.path}",
        f"http://{parts.hostname}{port}@{FOREIGN}{parts.path}",
        "https://insiders.vscode.dev/redirect",
    )
    sent = f"the sign-in of a client that registered {own}, with redirect_uri {', '.join(tried)}"
    for uri in tried:
        taken = _taken(site, site.authorize(client_id, uri), uri)
        if taken:
            return Seen("wrong", sent, f"{uri}: {taken}")
    return Seen("well", sent, "refused")


def without_pkce(site: Site) -> Seen:
    """Open the sign-in without a challenge."""
    sent = "the sign-in of a registered client, without code_challenge"
    client_id, own = site.client
    answer = site.authorize(client_id, own, code_challenge="", code_challenge_method="")
    if answer.is_redirect and split(answer.location).netloc == split(own).netloc and "error=" in answer.location:
        return Seen("well", sent, "it is sent back with an error")
    taken = _taken(site, answer, own)
    if taken:
        return Seen("wrong", sent, taken)
    return Seen("well", sent, f"{answer.status_code}: refused")


def _taken(site: Site, answer: BoundedAnswer, uri: str) -> str:
    """Say in words that a sign-in goes on with a redirect URI, "" if it does not."""
    if _leads_to(answer, uri):
        return f"{answer.status_code}, and the browser is sent there"
    if answer.status_code >= 400:
        return ""
    last = site.landed(answer)
    if _leads_to(last, uri):
        return "the browser is sent there"
    if last.is_redirect and "error=" in last.location:
        return ""  # to an address of its own, with an error
    if last.is_redirect:
        return f"the sign-in goes on at {split(last.location).netloc}"
    if last.is_success and _FORM.search(last.text) and _host(uri) in last.text:
        return "it is taken: the next page asks the user to allow it"
    return ""


def _leads_to(answer: BoundedAnswer, uri: str) -> bool:
    return answer.is_redirect and answer.location.lower().startswith(uri.lower())


def _host(uri: str) -> str:
    parts = urlsplit(uri)
    return parts.hostname or f"{parts.scheme}:"
