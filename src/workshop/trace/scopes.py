"""Where a scope was named in recorded traffic: advertised, asked for, granted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from workshop.show.table import Table
from workshop.trace.hop import Hop

# The rest of a sign-in carries the same parameters along: the consent page, the account picker, the callbacks.
_NAMES_SCOPES = re.compile(r"/\.well-known/|/(register|authorize|token)$")
_FROM_MACHINE = re.compile(r" Trace ID: .*", re.DOTALL)


def table(hops: Iterable[Hop]) -> Table:
    """Return one row for each request that named a scope, or was answered with one, each row once."""
    rows = dict.fromkeys(row for row in map(_row, hops) if row)
    return Table(("from", "to", "request", "scope sent", "scope answered"), tuple(rows))


def refusal(hops: Iterable[Hop]) -> str:
    """Return the reason of the first refusal, Entra's before the MCP server's; empty if nothing was refused.

    The 401 with which every first call is answered is none: it says where to sign in.
    """
    refused = [hop for hop in hops if hop.note and _is_refused(hop)]
    refused.sort(key=lambda hop: hop.target != "Entra")
    return _FROM_MACHINE.sub("", refused[0].note) if refused else ""


def _row(hop: Hop) -> tuple[str, ...] | None:
    path = urlsplit(hop.url).path
    challenged = "WWW-Authenticate" in dict(hop.received)
    if not (challenged or _NAMES_SCOPES.search(path)):
        return None
    sent, answered = dict(hop.sent).get("scope", ""), _answered(hop)
    return (hop.source, hop.target, f"{hop.method} {path}", sent, answered) if sent or answered else None


def _answered(hop: Hop) -> str:
    received = dict(hop.received)
    reason = _FROM_MACHINE.sub("", hop.note) if hop.note and _is_refused(hop) else ""
    # A redirect repeats in its Location what the next request is going to send.
    named = "" if "Location" in received else received.get("scope") or received.get("scopes_supported", "")
    return reason or named


def _is_refused(hop: Hop) -> bool:
    first_call = hop.status == 401 and hop.target == "MCP server" and "Authorization" not in dict(hop.sent)
    at_the_client = hop.target == "MCP client"
    return (hop.status >= 400 or "error" in dict(hop.received)) and not first_call and not at_the_client
