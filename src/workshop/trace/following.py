"""Which secret travels where: the same value at every step that carries it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from workshop.show.table import Table
from workshop.trace.hop import Hop


def follow(hops: Sequence[Hop], names: Sequence[str]) -> Table:
    """Return a row for each secret of these names: its letter, and the steps that carry it.

    The same value has the same letter; a verifier has that of its challenge.

    Args:
        hops: in order; they are numbered as in the diagram.
        names: such as `code_challenge`.
    """
    steps_by_mark: dict[str, dict[str, list[str]]] = {}
    for number, hop in enumerate(hops, 1):
        for name, mark, way in _carried(hop):
            if name in names:
                steps = steps_by_mark.setdefault(mark, {}).setdefault(name, [])
                steps.append(f"{number} {way}")
    rows = [
        (f"{name} {_letter(index)}", "\n".join(steps))
        for index, named in enumerate(steps_by_mark.values())
        for name, steps in named.items()
    ]
    return Table(("secret", "step"), tuple(rows))


def _carried(hop: Hop) -> Iterable[tuple[str, str, str]]:
    """Yield name, mark and way of each secret in the request and then in the answer."""
    for name, mark in hop.sent_marks:
        yield name, mark, f"{hop.source} → {hop.target}"
    for name, mark in hop.received_marks:
        yield name, mark, f"{hop.target} → {hop.source}"


def _letter(index: int) -> str:
    return chr(ord("A") + index) if index < 26 else f"Z{index - 25}"
