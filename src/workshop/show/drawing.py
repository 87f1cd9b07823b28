"""Parts of a figure: text, boxes, arrows, and the whole picture as SVG."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

INK = "#1f2933"
SOFT = "#52606d"
BLUE = "#1b5fa7"
GREEN = "#1f7a4d"
RED = "#b42318"

HEAD = (
    '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" '
    f'orient="auto-start-reverse"><path d="M0 0L10 5L0 10z" fill="{SOFT}"/></marker></defs>'
)


def text(x: int, y: int, words: str, style: str = "", *, size: int = 15, colour: str = INK) -> str:
    """Return one line of text, centred on `x` unless `style` says otherwise."""
    place = f'x="{x}" y="{y}" font-size="{size}" fill="{colour}"'
    return f'<text {place} style="text-anchor:middle;{style}">{escape(words)}</text>'


def box(x: int, y: int, width: int, height: int, title: str, lines: Iterable[str], colour: str) -> str:
    """Return a titled box with lines of text below the title."""
    middle = x + width // 2
    place = f'x="{x}" y="{y}" width="{width}" height="{height}"'
    parts = [
        f'<rect {place} rx="8" fill="#ffffff" stroke="{colour}" stroke-width="2"/>',
        text(middle, y + 28, title, "font-weight:bold", size=17, colour=colour),
    ]
    parts += [text(middle, y + 54 + 22 * row, line) for row, line in enumerate(lines)]
    return "\n".join(parts)


def arrow(x1: int, y1: int, x2: int, y2: int, colour: str = SOFT, dash: str = "none") -> str:
    """Return a line with a head at its end."""
    line = f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{colour}" stroke-width="2"'
    return f'{line} stroke-dasharray="{dash}" marker-end="url(#head)"/>'


def picture(width: int, height: int, title: str, parts: Iterable[str]) -> str:
    """Return a whole SVG file on a white card, readable on a dark page too."""
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" font-family="system-ui, sans-serif">'
    )
    card = f'<rect x="0" y="0" width="{width}" height="{height}" rx="12" fill="#ffffff"/>'
    return "\n".join([svg, f"<title>{escape(title)}</title>", HEAD, card, *parts, "</svg>\n"])
