"""A card with one link."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from workshop.show.frame import BLUE, frame, words


@dataclass(frozen=True, repr=False)
class Link:
    """A link that opens in a tab of its own.

    Attributes:
        url: where it leads; one with a token in it belongs in no stored output (tag the cell nbval-ignore-output).
    """

    heading: str
    label: str
    url: str
    lines: tuple[str, ...] = ()
    colour: str = BLUE

    def __repr__(self) -> str:
        return "\n".join([self.heading, *(f"  {line}" for line in (f"{self.label}: {self.url}", *self.lines))])

    def _repr_html_(self) -> str:
        anchor = f'<a href="{escape(self.url)}" target="_blank" rel="noopener noreferrer">{escape(self.label)}</a>'
        return frame(escape(self.heading), [anchor, *(words(line) for line in self.lines)], self.colour)
