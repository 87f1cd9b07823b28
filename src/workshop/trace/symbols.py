"""Names in place of what differs from run to run: ids, ports, times."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from workshop.trace.hop import Hop, Pairs
from workshop.trace.masking import GUID

_PORT = re.compile(r"(localhost|127\.0\.0\.1|\[::1\]):\d+")

PUBLISHED = (
    "00000003-0000-0000-c000-000000000000",  # Microsoft Graph
    "04b07795-8ddb-461a-bbee-02f9e1bf7b46",  # Azure CLI
    "aebc6443-996d-45c2-90f0-388ff96faa56",  # Visual Studio Code
)
"""Ids that Microsoft publishes: they are the same in every tenant, and stay as they are."""

_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?")


class Symbols:
    """A name for each id, in the order in which they appear."""

    def __init__(self, known: Mapping[str, str] | None = None) -> None:
        """Begin with names for what is in `known`: ids, and other words that differ from machine to machine."""
        ids = {word.lower(): name for word, name in (known or {}).items() if GUID.fullmatch(word)}
        self._names = {guid: guid for guid in PUBLISHED} | ids
        self._words = {word: name for word, name in (known or {}).items() if not GUID.fullmatch(word)}

    def learn(self, hops: Sequence[Hop]) -> Symbols:
        """Name the ids in `hops`: tenants and clients by what they are, any other one by a number."""
        for hop in hops:
            for name, guid in _telling(hop):
                self._name(guid, name)
        for hop in hops:
            for text in _texts(hop):
                for guid in GUID.findall(text):
                    self._name(guid, "guid")
        return self

    def text(self, text: str) -> str:
        """Return `text` with names in place of ids, known words, ports and times."""
        for word, name in self._words.items():
            text = text.replace(word, name)
        text = GUID.sub(lambda found: self._names.get(found[0].lower(), "{guid}"), text)
        return _TIME.sub("{time}", _PORT.sub(r"\1:PORT", text))

    def _name(self, guid: str, name: str) -> None:
        if guid.lower() in self._names:
            return
        taken = set(self._names.values())
        numbers = range(1, len(taken) + 2)
        names = [f"{{{name}-{number}}}" for number in numbers]
        if name != "guid":
            names = [f"{{{name}}}", *names[1:]]
        self._names[guid.lower()] = next(candidate for candidate in names if candidate not in taken)


def symbolic(hops: Iterable[Hop], symbols: Symbols) -> tuple[Hop, ...]:
    """Return `hops` with names in place of ids, ports and times, and without their own times."""

    def pairs(raw: Pairs) -> Pairs:
        return tuple((name, symbols.text(value)) for name, value in raw)

    return tuple(
        replace(
            hop,
            at=0.0,
            seconds=0.0,
            url=symbols.text(hop.url),
            sent=pairs(hop.sent),
            received=pairs(hop.received),
            note=symbols.text(hop.note),
        )
        for hop in hops
    )


def _telling(hop: Hop) -> Iterable[tuple[str, str]]:
    """Yield ids whose place says what they are."""
    if hop.target == "Entra":
        first = urlsplit(hop.url).path.split("/")[1:2]
        if first and GUID.fullmatch(first[0]):
            yield "tenant", first[0]
    for name, value in (*hop.sent, *hop.received):
        if name == "client_id" and GUID.fullmatch(value):
            yield "client" if hop.target == "Entra" or _leads_to_entra(hop) else "mcp-client", value


def _leads_to_entra(hop: Hop) -> bool:
    """Whether the parameters stand in a redirect to Entra's authorize endpoint."""
    location = dict(hop.received).get("Location", "")
    return location.startswith("https://") and location.endswith("/authorize")


def _texts(hop: Hop) -> Iterable[str]:
    yield hop.url
    for _, value in (*hop.sent, *hop.received):
        yield value
    yield hop.note
