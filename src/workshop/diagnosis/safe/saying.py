"""Checks of what the server says: its addresses, and what it tells a stranger who sends it nonsense."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from workshop.diagnosis.safe.check import Seen
from workshop.diagnosis.safe.site import LOOPBACK_URI, NotTried, Site
from workshop.diagnosis.walk.door import HEADERS
from workshop.diagnosis.walk.route import LOOPBACK, split, worded

MOST_LOOKED_AT = 100_000
"""Characters of an answer."""
ODD_CLIENT = "https://127.0.0.1:1%5C.example.com/x"
_INSIDES = re.compile(
    r"Traceback \(most recent call last\)|File \"[^\"\n]{1,200}\", line \d|\n\s{1,8}at [^\n]{1,200}:\d{1,6}:\d"
    r"|\bat [\w.$]{1,200}\(\w{1,80}\.java:\d|\bSystem\.\w{1,80}Exception\b|<title>[^<]{0,80}(?:Traceback|Debugger)"
)


def https(site: Site) -> Seen:
    """Read every address in the metadata."""
    sent = "GET of both metadata documents"
    documents = {"protected resource": site.resource}
    with suppress(NotTried):
        documents["authorization server"] = site.server
    if not any(documents.values()):
        raise NotTried("the server publishes no metadata")
    far = site.named.host not in LOOPBACK
    plain = [
        f"{member} {value}"
        for document in documents.values()
        for member, value in _texts(document)
        if value.lower().startswith("http://") and (far or split(value).hostname not in LOOPBACK)
    ]
    if plain:
        return Seen("wrong", sent, "; ".join(plain[:5]))
    count = sum(value.lower().startswith("http") for one in documents.values() for _, value in _texts(one))
    return Seen("well", sent, f"{count} addresses, all of them https{'' if far else ' or of this machine'}")


def _texts(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for member, value in document.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str):
                yield member, one


def nonsense(site: Site) -> Seen:
    """Send requests that are malformed, each in another place."""
    sent, bad = [], []
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", site.url, {"content": b'{"jsonrpc": [', "headers": [*HEADERS.items()]}),
    ]
    with suppress(NotTried):
        registration, token = (worded(site.server.get(f"{name}_endpoint")) for name in ("registration", "token"))
        query = f"client_id={ODD_CLIENT}&redirect_uri={LOOPBACK_URI}&response_type=code&state=x&code_challenge=x"
        authorize = site.endpoint("authorization_endpoint")
        calls += [("GET", f"{authorize}?{query}", {}), ("GET", f"{authorize}?client_id=%00&redirect_uri=%ff", {})]
        calls += [("POST", registration, {"content": b"["})] * bool(registration)
        calls += [("POST", token, {"data": {"grant_type": "\x00", "code": "x" * 3000}})] * bool(token)
    for method, url, options in calls:
        if not site.is_home(url):
            continue
        sent.append(f"{method} {split(url).path}{'?' if split(url).query else ''}{split(url).query[:48]}")
        answer = site.call(method, url, **options)
        if answer.status_code >= 500:
            bad.append(f"{sent[-1]} is answered {answer.status_code} {answer.line[:60]}".rstrip())
        if (found := _INSIDES.search(answer.text[:MOST_LOOKED_AT])) is not None:
            bad.append(f"{sent[-1]} is told of the server's inside: {' '.join(found[0].split())[:60]}")
    said = f"malformed requests: {', '.join(sent)}"
    return Seen("wrong", said, "; ".join(bad)) if bad else Seen("well", said, "refused in a few words each")
