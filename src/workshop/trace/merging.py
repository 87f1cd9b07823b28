"""From what several observers saw to one list of hops in the order they happened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from workshop.trace.hop import Hop, Sighting

_OWN_AGENT = "practice-browser/"


def merged(sightings: Iterable[Sighting]) -> tuple[Hop, ...]:
    """Return each hop once, the earliest first.

    What the workshop's user agent did is known from itself, so of the same hops seen by the server or the
    tenant only who answered and the reason of a refusal are kept. A request to Entra made while the MCP server
    handled one is the server's.
    """
    seen = list(sightings)
    windows = [
        (sighting.hop.at, sighting.hop.at + sighting.hop.seconds)
        for sighting in seen
        if sighting.seen_by == "server" and not _is_stream(sighting.hop)
    ]
    twice = [s.hop for s in seen if s.seen_by != "browser" and s.user_agent.startswith(_OWN_AGENT)]
    browsed = [_completed(s.hop, twice) for s in seen if s.seen_by == "browser"]
    others = [
        _attributed(sighting, windows)
        for sighting in seen
        if sighting.seen_by != "browser" and not sighting.user_agent.startswith(_OWN_AGENT) and not _is_noise(sighting)
    ]
    return tuple(sorted([*browsed, *others], key=lambda hop: hop.at))


def _completed(hop: Hop, twice: Sequence[Hop]) -> Hop:
    """Add what only the other end knows: who it is, and the reason of a refusal."""
    for other in twice:
        same = (other.method, other.url, other.status) == (hop.method, hop.url, hop.status)
        if same and hop.at <= other.at <= hop.at + hop.seconds:
            return replace(hop, target=other.target, note=hop.note or other.note)
    return hop


def _attributed(sighting: Sighting, windows: Sequence[tuple[float, float]]) -> Hop:
    hop = sighting.hop
    if sighting.seen_by != "tenant" or hop.source == "Browser":
        return hop
    by_server = any(begin <= hop.at <= end for begin, end in windows)
    return replace(hop, source="MCP server" if by_server else "MCP client")


def _is_noise(sighting: Sighting) -> bool:
    """Whether a hop differs from run to run, or only looks whether another one would work."""
    hop = sighting.hop
    if sighting.seen_by != "server":
        return False
    path = urlsplit(hop.url).path
    # FastMCP's client tries /authorize by itself before it opens the browser there.
    looks_ahead = hop.source == "MCP client" and hop.method == "GET" and path.endswith("/authorize")
    return looks_ahead or _is_stream(hop) or hop.method in ("DELETE", "OPTIONS", "HEAD")


def _is_stream(hop: Hop) -> bool:
    """Whether it is the open connection a client listens on, which lasts as long as the session."""
    return hop.source == "MCP client" and hop.method == "GET" and urlsplit(hop.url).path in ("/mcp", "/mcp/")
