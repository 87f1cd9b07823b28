"""Who is connected, and who is let go: one who stalls for too long, or the longest idle where there is no room.

A busy machine makes honest clients stall, so the patience is long, and it is counted only while this process runs: one
that was stopped itself, or slept with its laptop, blames nobody.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from weakref import ref

from practice_tenant.server.http.door import HttpConnection, Stage
from practice_tenant.server.requestlog import RequestLog

PATIENCE_SECONDS = 300.0
MOST_OPEN = 1_500
LONGEST_TURN = 2.0
NO_DEADLINE = 30 * 86_400
"""Seconds for what has a deadline in asyncio and needs none here."""

HEAD, HANDSHAKE, BODY = "in the request head", "in the TLS handshake", "in the request body"
BETWEEN, ANSWERED = "between requests", "while it is answered"
STEPS: dict[Stage, str] = {"head": HEAD, "body": BODY, "between": BETWEEN, "answered": ANSWERED}


@dataclass(frozen=True)
class Bounds:
    """What clients may use up.

    Args:
        patience: seconds that one may stall in the middle of what it sends.
        open: connections there may be.
    """

    patience: float = PATIENCE_SECONDS
    open: int = MOST_OPEN

    @property
    def half_open(self) -> int:
        """Return how many of them may not have got as far as HTTP."""
        return self.open // 2


@dataclass(eq=False)
class Connection:
    """One open connection: its door, and the label and the target that CONNECT told.

    Args:
        step: where the client is before it has got as far as HTTP.
        waited: seconds for which it has been where it is.
    """

    door: str
    transport: asyncio.Transport
    step: str = HEAD
    label: str = ""
    target: str = ""
    waited: float = 0.0
    _http: ref[HttpConnection] | None = None
    _seen: tuple[str, int] = ("", 0)

    def speak(self, http: HttpConnection) -> None:
        """Say what speaks HTTP with the client. It is not kept alive by this: with TLS it is 300 kB."""
        self._http = ref(http)

    @property
    def half_open(self) -> bool:
        """Whether the client has not got as far as HTTP."""
        return self._http is None

    @property
    def where(self) -> str:
        """Return where the client is in what it sends."""
        return self._place()[0]

    @property
    def peer(self) -> str:
        """Return the client's address."""
        name = self.transport.get_extra_info("peername")
        return f"{name[0]}:{name[1]}" if name else "unknown"

    def look(self, seconds: float) -> None:
        """Count another turn if nothing has changed since the last one."""
        place = self._place()
        self.waited = self.waited + seconds if place == self._seen else 0.0
        self._seen = place

    def _place(self) -> tuple[str, int]:
        """Return where the client is, and in which request."""
        if self._http is None:
            return self.step, 0
        http = self._http()
        return (STEPS[http.stage], http.begun) if http else (BETWEEN, 0)  # or it has just been closed


@dataclass
class Connections:
    """The open connections of all doors.

    Args:
        log: names those that were let go.
        clock: seconds, as the loop counts them.
    """

    bounds: Bounds
    log: RequestLog
    clock: Callable[[], float]
    _open: dict[Connection, None] = field(default_factory=dict)
    _gone: dict[tuple[str, ...], list[tuple[str, float]]] = field(default_factory=lambda: defaultdict(list))
    _looked: float = 0.0

    def admit(self, connection: Connection) -> None:
        """Keep an eye on a new connection, and make room for it if there is none."""
        self._open[connection] = None
        if len(self._open) <= self.bounds.half_open:
            return
        self._forget_closed()
        half_open = [connection for connection in self._open if connection.half_open]
        if len(half_open) > self.bounds.half_open:
            self._let_go(_longest_of_most(half_open), "let go for want of room")
        elif len(self._open) > self.bounds.open:
            may_go = (connection for connection in self._open if connection.where != ANSWERED)
            self._let_go(_longest_of_most(may_go), "let go for want of room")

    def patrol(self) -> None:
        """Let go who has stalled for too long, and tell the log; call it about once a second."""
        now = self.clock()
        seconds, self._looked = min(now - self._looked, LONGEST_TURN), now
        self._forget_closed()
        for connection in tuple(self._open):
            connection.look(seconds)
            may_wait = connection.where in (BETWEEN, ANSWERED)
            if connection.waited > self.bounds.patience and not may_wait:
                self._let_go(connection, "let go")
        self._tell()

    def _forget_closed(self) -> None:
        self._open = {connection: None for connection in self._open if not connection.transport.is_closing()}

    def _let_go(self, connection: Connection, how: str) -> None:
        named = (connection.door, connection.label, connection.target, connection.where, how)
        self._gone[named].append((connection.peer, connection.waited))
        del self._open[connection]
        connection.transport.abort()

    def _tell(self) -> None:
        """Tell the log; those who were let go at the same time for the same reason are one entry."""
        for (door, label, target, step, how), stalled in self._gone.items():
            (peer, seconds), others = stalled[0], len(stalled) - 1
            also = f"; so did {others} more" if others else ""
            self.log.add(
                at=self.log.now(),
                method="CONNECT" if door == "proxy" else "-",
                host=target or door,
                holder=label,
                reason=f"{peer} was {how}: it stalled for {seconds:.0f} s {step}{also}",
                **_WITHOUT_A_REQUEST,
            )
        self._gone.clear()


_WITHOUT_A_REQUEST: dict[str, Any] = {
    "path": "", "user_agent": "", "flow": "let go", "sent": (), "status": 408, "received": (),
}  # fmt: skip


def _longest_of_most(connections: Iterable[Connection]) -> Connection:
    """Return the one that has waited longest among those there are most of: whoever opens many makes the room."""
    alike: dict[tuple[str, str, str], list[Connection]] = defaultdict(list)
    for connection in connections:
        alike[connection.door, connection.label, connection.where].append(connection)
    most = max(alike.values(), key=lambda several: len(several))
    return max(most, key=lambda connection: connection.waited)
