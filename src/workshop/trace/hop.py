"""One recorded request with its answer."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

Participant = Literal["MCP client", "Browser", "MCP server", "Entra"]
PARTICIPANTS: tuple[Participant, ...] = ("MCP client", "Browser", "MCP server", "Entra")

Pairs = tuple[tuple[str, str], ...]

# time.time() moves in steps of 15 ms on older Windows: too coarse to order hops.
_EPOCH = time.time() - time.perf_counter()


def now() -> float:
    """Return the unix time in seconds, finely enough to order hops."""
    return _EPOCH + time.perf_counter()


@dataclass(frozen=True)
class Hop:
    """One HTTP request with its answer, secrets masked.

    Attributes:
        at: unix time in seconds when the request was sent.
        source: who sent it.
        target: who answered it.
        method: the HTTP method.
        url: scheme, host and path, without the query.
        sent: names and values of the query, the form or the JSON-RPC call.
        status: the HTTP status of the answer, 0 if none came.
        received: what the answer carried: the Location's parameters, JSON members, WWW-Authenticate.
        note: why it was refused, or what is special about it.
        seconds: how long the answer took.
        sent_marks: name and mark of each secret in the request: by these two are told apart.
        received_marks: the same of the answer.
    """

    at: float
    source: Participant
    target: Participant
    method: str
    url: str
    sent: Pairs
    status: int
    received: Pairs
    note: str = ""
    seconds: float = 0.0
    sent_marks: Pairs = ()
    received_marks: Pairs = ()


@dataclass(frozen=True)
class Sighting:
    """A hop as one observer saw it: one hop may be seen by the browser and by the server it went to.

    Attributes:
        hop: what was seen.
        seen_by: who saw it.
        user_agent: the User-Agent header of the request.
    """

    hop: Hop
    seen_by: Literal["server", "browser", "tenant", "library"]
    user_agent: str = ""
