"""A table that reads well as HTML and as text."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

LEFT = 'style="text-align:left;vertical-align:top"'


class Linked(str):
    """A cell that leads somewhere: HTML has a link, text has the words."""

    __slots__ = ("url",)
    url: str

    def __new__(cls, text: str, url: str) -> Linked:
        """Return the text with an address behind it."""
        made = super().__new__(cls, text)
        made.url = url
        return made


@dataclass(frozen=True, repr=False)
class Table:
    """Rows below headings. A cell may have several lines in HTML; as text they stand side by side."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""

    def __repr__(self) -> str:
        lines = [[cell.replace("\n", "; ") for cell in row] for row in (self.headings, *self.rows)]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.headings))]
        form = "  ".join(f"{{:{width}}}" for width in widths)
        return "\n".join(form.format(*line).rstrip() for line in lines)

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col" {LEFT}>{escape(name)}</th>' for name in self.headings)
        rows = "".join(f"<tr>{''.join(_cell(text) for text in row)}</tr>" for row in self.rows)
        caption = f"<caption>{escape(self.caption)}</caption>" if self.caption else ""
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _cell(text: str) -> str:
    words = escape(text).replace("\n", "<br>")
    if isinstance(text, Linked):
        words = f'<a href="{escape(text.url)}">{words}</a>'
    return f"<td {LEFT}>{words}</td>"
