"""Hops with names in place of their ids, ports and times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from workshop.show.masking import GUID
from workshop.show.symbols import Symbols
from workshop.trace.hop import Hop, Pairs


def symbols_of(hops: Sequence[Hop], known: Mapping[str, str] | None = None) -> Symbols:
    """Return names for the ids in `hops`: tenants and clients by what they are, any other one by a number.

    Args:
        known: names for ids, and for other words that differ from machine to machine.
    """
    symbols = Symbols(known)
    for hop in hops:
        for name, guid in _telling(hop):
            symbols.name(guid, name)
    for hop in hops:
        for text in _texts(hop):
            for guid in GUID.findall(text):
                symbols.name(guid, "guid")
    return symbols


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
