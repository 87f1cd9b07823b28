"""A table of all that each hop carried: what must hold no secret, shown at its widest."""

from __future__ import annotations

import html
from dataclasses import dataclass

from workshop.trace import wording
from workshop.trace.hop import Hop, Pairs

_HEADINGS = ("", "From", "To", "Request", "Sent", "Answer", "Received")


@dataclass(frozen=True)
class Details:
    """What each hop carried.

    Attributes:
        hops: in order, with symbolic ids and ports.
    """

    hops: tuple[Hop, ...]

    def __repr__(self) -> str:
        return "\n".join(line for number, hop in enumerate(self.hops, 1) for line in _lines(number, hop))

    def _repr_html_(self) -> str:
        return self.to_html()

    def to_html(self) -> str:
        """Return the table."""
        heads = "".join(f'<th scope="col" style="text-align:left">{heading}</th>' for heading in _HEADINGS)
        rows = "".join(_row(number, hop) for number, hop in enumerate(self.hops, 1))
        return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _everything(pairs: Pairs) -> tuple[str, ...]:
    return tuple(wording.pair(name, value) for name, value in pairs)


def _lines(number: int, hop: Hop) -> list[str]:
    return [
        f"{number:2}  {hop.source} -> {hop.target}  {hop.method} {hop.url}",
        *(f"      sent      {line}" for line in _everything(hop.sent)),
        f"      answered  {wording.answered(hop)}{' ' + hop.note if hop.note else ''}",
        *(f"      received  {line}" for line in _everything(hop.received)),
    ]


def _row(number: int, hop: Hop) -> str:
    answer = wording.answered(hop) + (f"\n{hop.note}" if hop.note else "")
    cells = (
        str(number),
        hop.source,
        hop.target,
        f"{hop.method} {hop.url}",
        "\n".join(_everything(hop.sent)),
        answer,
        "\n".join(_everything(hop.received)),
    )
    return "<tr>" + "".join(_cell(cell) for cell in cells) + "</tr>"


def _cell(text: str) -> str:
    lines = "<br>".join(html.escape(line) for line in text.split("\n"))
    return f'<td style="text-align:left;vertical-align:top;overflow-wrap:anywhere">{lines}</td>'
