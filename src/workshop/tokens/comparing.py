"""Two tokens side by side, claim by claim."""

from __future__ import annotations

from collections.abc import Mapping

from workshop.show.claims import Values, columns
from workshop.show.table import Table
from workshop.tokens.reading import Reading, read

FACTS = ("kind", "whose", "version", "for whom", "given to", "on behalf of", "valid")


def compare(
    a: object,
    b: object,
    *,
    names: tuple[str, str] = ("one", "the other"),
    only_different: bool = False,
    known: Mapping[str, str] | None = None,
) -> Table:
    """Return a table of two tokens: what each is, then every claim that one of them has.

    Args:
        a, b: as `read` takes them.
        names: the headings of their columns.
        only_different: leave out what is shown as the same in both.
        known: names for ids and other words; if given, nothing is shown that differs from run to run.
    """
    readings = [read(token, known=known) for token in (a, b)]
    facts = tuple((f"({fact})", *(_of(reading, fact) for reading in readings)) for fact in FACTS)
    values = Values(known)
    header = dict.fromkeys(name for reading in readings for name in reading.header)
    heads = columns(dict(zip(names, (r.header for r in readings), strict=True)), header, values)
    claims = sorted({name for reading in readings for name in reading.claims})
    rows = columns(dict(zip(names, (r.claims for r in readings), strict=True)), claims, values).rows
    every = (*facts, *(("header " + row[0], *row[1:]) for row in heads.rows), *rows)
    shown = tuple(row for row in every if row[1] != row[2]) if only_different else every
    return Table(("claim", *names), shown)


def _of(reading: Reading, fact: str) -> str:
    return reading.problem if reading.problem and fact == "kind" else reading.fact(fact)
