"""The request log: the last exchanges, every secret replaced by its name before it is kept."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

KEPT = 2_000
LONGEST_VALUE = 300

SECRET_NAMES = frozenset(
    {
        "access_token",
        "assertion",
        "client_assertion",
        "client_info",
        "client_secret",
        "code",
        "code_challenge",
        "code_verifier",
        "ctx",
        "device_code",
        "flow",
        "id_token",
        "id_token_hint",
        "nonce",
        "password",
        "refresh_token",
        "secretText",
        "session_state",
        "state",
    }
)
_TOKEN = re.compile(r"eyJ[\w-]*\.[\w-]+\.[\w-]*")

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Exchange:
    """One request and its answer, as the log keeps it; ``at`` is in Unix seconds."""

    seq: int
    at: float
    holder: str
    host: str
    method: str
    path: str
    user_agent: str
    flow: str
    sent: Pairs
    status: int
    received: Pairs
    reason: str


class RequestLog:
    """Keep the last exchanges in memory; nothing of it is written to a file."""

    def __init__(self, now: Callable[[], float]) -> None:
        """Make an empty log; ``now`` gives the machine's time in Unix seconds, whatever a directory's clock says."""
        self.now = now
        self.exchanges: deque[Exchange] = deque(maxlen=KEPT)
        self.last = 0
        self.ended = False
        self._waiting: set[asyncio.Future[None]] = set()

    def add(self, **fields: Any) -> None:
        """Add an exchange that has just been answered; ``sent`` and ``received`` are masked here."""
        self.last += 1
        fields["sent"] = masked(fields["sent"])
        fields["received"] = masked(fields["received"])
        self.exchanges.append(Exchange(seq=self.last, **fields))
        self._wake()

    def end(self) -> None:
        """Let those who wait for an exchange go: there will be none."""
        self.ended = True
        self._wake()

    def _wake(self) -> None:
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    async def after(self, seq: int, wait: float, holder: str | None) -> list[dict[str, Any]]:
        """Return the exchanges after a sequence number, waiting for the first one at most ``wait`` seconds."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait
        while True:
            found = [e for e in self.exchanges if e.seq > seq and (holder is None or e.holder == holder)]
            left = deadline - loop.time()
            if found or left <= 0 or self.ended:
                return [asdict(exchange) for exchange in found]
            waiter: asyncio.Future[None] = loop.create_future()
            self._waiting.add(waiter)
            try:
                await asyncio.wait([waiter], timeout=left)
            finally:
                self._waiting.discard(waiter)


def masked(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the pairs with secret values replaced by ‹name› and tokens by ‹token›, wherever they stand."""
    return [(name[:100], f"‹{name}›" if name in SECRET_NAMES else _plain(value)) for name, value in pairs]


def _plain(value: str) -> str:
    shown = _TOKEN.sub("‹token›", value)
    return shown if len(shown) <= LONGEST_VALUE else shown[:LONGEST_VALUE] + "…"
