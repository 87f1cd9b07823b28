"""The claims of tokens: one by one, and those of several tokens side by side."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TypeGuard

from workshop.show.escaping import one_line
from workshop.show.masking import LEFT_OUT, mask_text, mask_tokens
from workshop.show.symbols import Symbols
from workshop.show.table import Table

TIMES = frozenset({"auth_time", "exp", "iat", "nbf"})
OPAQUE = frozenset({"aio", "jti", "kid", "nonce", "rh", "sid", "sub", "uti", "x5t", "xms_ftd"})
TELLING = ("iss", "aud", "client_id", "azp", "scope", "scp", "oid", "name", "upstream_claims")
LONGEST = 600


class Values:
    """Shows the values of claims as text in one line, without control characters and without a token.

    Args:
        known: names for ids, and for other words that differ from machine to machine. If it is given, nothing is
            shown that differs from run to run: any other id is {id}, a time is {time}, a random value an ellipsis.
    """

    def __init__(self, known: Mapping[str, str] | None = None) -> None:
        self.symbolic = known is not None
        self._symbols = Symbols(known)

    def shown(self, name: str, value: object) -> str:
        """Return the value of the claim `name`; nothing for None."""
        if value is None:
            return ""
        if self.symbolic and name in TIMES:
            return "{time}" if is_time(value) else self.text(str(value))
        if self.symbolic and name in OPAQUE:
            return LEFT_OUT
        if name in TIMES and is_time(value):
            return f"{value} = {moment(value)}"
        if isinstance(value, Mapping):
            return self.text("holds " + ", ".join(map(str, value)))
        if isinstance(value, list | tuple):
            return self.text(" ".join(item if isinstance(item, str) else _json(item) for item in value))
        return self.text(value if isinstance(value, str) else _json(value))

    def text(self, text: str) -> str:
        """Return free text: with names in place of what differs from run to run, if there are names."""
        if not self.symbolic:
            return printable(mask_tokens(text))
        return printable(self._symbols.text(mask_text(text)).replace("{guid}", "{id}"))


def side_by_side(
    tokens: Mapping[str, Mapping[str, object]],
    only: Iterable[str] = TELLING,
    known: Mapping[str, str] | None = None,
) -> Table:
    """Return a table with one column for each token and one row for each claim.

    Args:
        tokens: the claims of each, by the heading of its column.
        only: the claims to show, in this order; if not given, those that tell one token from another.
        known: names for ids, and for other words that differ from machine to machine; any other id is {id}.
    """
    return columns(tokens, only, Values(known or {}))


def columns(tokens: Mapping[str, Mapping[str, object]], only: Iterable[str], values: Values) -> Table:
    """Return that table with the values as `values` shows them."""
    rows = tuple((name, *(values.shown(name, claims.get(name)) for claims in tokens.values())) for name in only)
    return Table(("claim", *tokens), rows)


def is_time(value: object) -> TypeGuard[float]:
    """Say whether a value can be a time: seconds since 1970 that a calendar has."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return 0 <= value < 253_402_300_800


def moment(seconds: float) -> str:
    """Return a time as a date in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def printable(text: str) -> str:
    """Return text in one line that no terminal obeys, cut where it is very long."""
    cut = text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text)} characters)"
    return one_line(cut)


def _json(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        return "(nested too deeply to be shown)"
