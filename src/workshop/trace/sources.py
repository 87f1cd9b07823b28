"""What others recorded: the practice tenant's log, and the log lines of the HTTP library."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import urlsplit

from workshop.show.masking import mask_text, mask_url
from workshop.trace import bus, taps
from workshop.trace.asgi import sender
from workshop.trace.carried import masked
from workshop.trace.hop import Hop, Sighting, now

LET_GO = "let go"
"""The flow of a connection that came to nothing: no request was made in it."""

_LINE = re.compile(r'HTTP Request: (\w+) (\S+) "\S+ (\d{3})')


class Tenant(Protocol):
    """The part of a running practice tenant that is asked for its log."""

    @property
    def tenant_id(self) -> str:
        """The default directory."""

    @property
    def holder(self) -> str:
        """The label of what this process sends."""

    def last_exchange(self) -> int:
        """Return the number of the last exchange."""

    def exchanges(self, after: int = 0, wait: float = 0, holder: str | None = None) -> Sequence[Any]:
        """Return the exchanges after number `after`."""


def of_tenant(tenant: Tenant, after: int) -> list[Sighting]:
    """Return what this process, or a browser that carries no label, asked the tenant after number `after`."""
    exchanges = tenant.exchanges(after=after)
    return [
        _sighting(exchange)
        for exchange in exchanges
        if _is_ours(exchange, tenant.holder) and exchange["flow"] != LET_GO
    ]


def hear_library() -> None:
    """Publish the outgoing requests that httpx2 logs. They are all that is known of a tenant of one's own."""
    taps.install("httpx2", logging.INFO, _take)


def _is_ours(exchange: Mapping[str, Any], holder: str) -> bool:
    unlabelled_browser = not exchange["holder"] and exchange["user_agent"].startswith("Mozilla/")
    return exchange["holder"] == holder or unlabelled_browser


def _sighting(exchange: Mapping[str, Any]) -> Sighting:
    user_agent = str(exchange["user_agent"])
    hop = Hop(
        at=float(exchange["at"]),
        source=sender(user_agent),
        target="Entra",
        method=str(exchange["method"]),
        url=mask_url(f"https://{exchange['host']}{exchange['path']}"),
        sent=masked(_pairs(exchange["sent"])),
        status=int(exchange["status"]),
        received=masked(_pairs(exchange["received"])),
        note=mask_text(str(exchange["reason"])),
        sent_marks=tuple(_pairs(exchange["sent_marks"])),
        received_marks=tuple(_pairs(exchange["received_marks"])),
    )
    return Sighting(hop, "tenant", user_agent)


def _pairs(raw: Sequence[Sequence[Any]]) -> list[tuple[str, str]]:
    return [(str(name), str(value)) for name, value in raw]


def _take(record: logging.LogRecord) -> bool:
    logged = _LINE.match(record.getMessage())
    if logged and not _is_loopback(logged[2]):
        hop = Hop(now(), "MCP server", "Entra", logged[1], mask_url(logged[2]), (), int(logged[3]), ())
        bus.publish(Sighting(hop, "library"))
    return False


def _is_loopback(url: str) -> bool:
    return urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1")
