"""The claims of tokens side by side: what differs from run to run is shown as a name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from workshop.show.table import Table
from workshop.trace.masking import GUID, LEFT_OUT, mask_text
from workshop.trace.symbols import Symbols

TIMES = frozenset({"auth_time", "exp", "iat", "nbf"})
OPAQUE = frozenset({"aio", "jti", "rh", "sid", "sub", "uti", "xms_ftd"})
TELLING = ("iss", "aud", "client_id", "azp", "scope", "scp", "oid", "name", "upstream_claims")


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
    names = {word: name for word, name in (known or {}).items() if GUID.fullmatch(word)}
    words = {word: name for word, name in (known or {}).items() if word not in names}
    symbols = Symbols(names)

    def shown(name: str, value: object) -> str:
        if value is None:
            return ""
        if name in TIMES:
            return "{time}"
        if name in OPAQUE:
            return LEFT_OUT
        if isinstance(value, Mapping):
            return "holds " + ", ".join(value)
        text = " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        for word, instead in words.items():
            text = text.replace(word, instead)
        return symbols.text(mask_text(text)).replace("{guid}", "{id}")

    rows = tuple((name, *(shown(name, claims.get(name)) for claims in tokens.values())) for name in only)
    return Table(("claim", *tokens), rows)
