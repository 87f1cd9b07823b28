"""The request log: the last exchanges, every secret replaced by its name before it is kept."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from practice_tenant.server.encoding import s256
from practice_tenant.server.faults import endpoint_of

KEPT = 2_000
LONGEST_VALUE = 300
SHORTEST_SECRET = 15

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
        "form_token",
        "id_token",
        "id_token_hint",
        "nonce",
        "password",
        "refresh_token",
        "secretText",
        "session_state",
        "state",
        "token",
    }
)
_HIDDEN_NAMES = frozenset(name.lower() for name in SECRET_NAMES)
# Long random values only: the mark of a short one could be found by trying.
_MARKED = frozenset(
    {"access_token", "assertion", "code", "code_challenge", "code_verifier", "id_token", "refresh_token"}
)
# Tokens, the tenant's client secrets, its codes and refresh tokens; also a part of one, cut off in an error's text.
_SECRET = re.compile(r"eyJ[\w.-]{12,}|practice\.[\w-]{12,}|1\.A[\w-]{12,}")

# What the log calls an endpoint where no flow is told apart.
_FLOWS: Mapping[str, str] = {
    "devicecode": "device_code",
    "discovery": "discovery",
    "keys": "keys",
    "graph": "graph",
    "management": "management",
    "managed_identity": "managed_identity",
}

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class LoggedExchange:
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
    sent_marks: Pairs
    status: int
    received: Pairs
    received_marks: Pairs
    reason: str


class RequestLog:
    """Keep the last exchanges in memory; nothing of it is written to a file."""

    def __init__(self, now: Callable[[], float]) -> None:
        """Make an empty log; ``now`` gives the machine's time in Unix seconds, whatever a directory's clock says."""
        self.now = now
        self.exchanges: deque[LoggedExchange] = deque(maxlen=KEPT)
        self.last = 0
        self.ended = False
        self._waiting: set[asyncio.Future[None]] = set()

    def add(self, **fields: Any) -> None:
        """Add an exchange that has just been answered; ``sent`` and ``received`` are masked here."""
        self.last += 1
        for name in ("sent", "received"):
            fields[f"{name}_marks"] = marks(fields[name])
            fields[name] = masked(fields[name])
        for name in ("path", "user_agent", "flow", "reason", "holder", "host"):
            fields[name] = plain(fields[name])
        self.exchanges.append(LoggedExchange(seq=self.last, **fields))
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
            exchanges = [e for e in self.exchanges if e.seq > seq and (holder is None or e.holder == holder)]
            left = deadline - loop.time()
            if exchanges or left <= 0 or self.ended:
                return [asdict(exchange) for exchange in exchanges]
            waiter: asyncio.Future[None] = loop.create_future()
            self._waiting.add(waiter)
            try:
                await asyncio.wait([waiter], timeout=left)
            finally:
                self._waiting.discard(waiter)


def masked(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the pairs with the values of secret names replaced by ‹name›, and secrets hidden wherever they stand."""
    return [(plain(name), _shown(name, value)) for name, value in pairs]


def _shown(name: str, value: str) -> str:
    lower = name.lower()
    if lower in _HIDDEN_NAMES:
        return f"‹{name}›"
    if lower == "authorization":
        return f"{value.partition(' ')[0][:20]} ‹credentials›"
    return plain(value)


def marks(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the name of each long random secret with a mark by which a reader tells it from others of that name.

    A verifier has the mark of the challenge made of it (RFC 7636 section 4.2).
    """
    marked = []
    for name, value in pairs:
        if name.lower() == "authorization":
            scheme, _, credentials = value.partition(" ")
            name, value = ("access_token", credentials) if scheme.lower() == "bearer" else ("", "")
        if name in _MARKED and value:
            value = s256(value) if name == "code_verifier" else value
            marked.append((name, hashlib.blake2b(value.encode("utf-8", "replace"), digest_size=6).hexdigest()))
    return marked


def plain(value: str) -> str:
    """Return a text without the tokens and secrets in it, and not too long."""
    if len(value) < SHORTEST_SECRET:
        return value
    shown = _SECRET.sub("‹hidden›", value)
    return shown if len(shown) <= LONGEST_VALUE else shown[:LONGEST_VALUE] + "…"


def flow_named(remarked: str, path: str) -> str:
    """Return the flow's name.

    Args:
        remarked: what the handler said.
        path: of the request.
    """
    return remarked or _FLOWS.get(endpoint_of(path), "")
