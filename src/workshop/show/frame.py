"""A bordered block of text, or of a link, readable on a light page and on a dark one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

BLUE = "#3b82c4"
AMBER = "#c77700"
GREEN = "#2e8b57"


def frame(heading: str, paragraphs: list[str], colour: str) -> str:
    """Return the block as HTML. Only the border is coloured: text keeps the colour the page gives it.

    Args:
        heading: HTML of the first line.
        paragraphs: HTML of each line below it.
        colour: of the border, as CSS.
    """
    lines = "".join(f'<div style="margin-top:0.3em">{paragraph}</div>' for paragraph in paragraphs)
    return (
        f'<div style="border:1px solid {colour};border-left-width:6px;border-radius:4px;'
        f'padding:0.5em 0.9em;margin:0.3em 0;max-width:52em"><div><b>{heading}</b></div>{lines}</div>'
    )


def words(text: str) -> str:
    """Return one line of text as HTML; what stands between backticks is shown as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


@dataclass(frozen=True, repr=False)
class Notice:
    """A heading with some lines of text."""

    heading: str
    lines: tuple[str, ...]
    colour: str = BLUE

    def __repr__(self) -> str:
        return "\n".join([self.heading, *(f"  {line}" for line in self.lines)])

    def _repr_html_(self) -> str:
        return frame(escape(self.heading), [words(line) for line in self.lines], self.colour)


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


class Words(str):
    """Text that a notebook shows without quotes, and breaks between words."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return f'<div style="max-width:52em">{escape(self)}</div>'
