"""A sequence diagram of hops: an SVG picture, and the same as text."""

from __future__ import annotations

import base64
import html
from dataclasses import dataclass

from workshop.trace import wording
from workshop.trace.hop import PARTICIPANTS, Hop

_SPACING = 260
_MARGIN = 100
_HEAD = 64
_ROW = 54
_MORE = 14
_LETTER, _SMALL_LETTER = 7.2, 5.9
_INK, _QUIET, _LINE, _BAD = "#1f2937", "#4b5563", "#1d4ed8", "#b91c1c"


@dataclass(frozen=True)
class Diagram:
    """A sequence diagram.

    Attributes:
        hops: in order, with symbolic ids and ports.
    """

    hops: tuple[Hop, ...]

    @property
    def alt(self) -> str:
        """The whole diagram in words."""
        steps = [
            f"{number}. {hop.source} to {hop.target}: {wording.asked(hop)}, answered {wording.answered(hop)}"
            + (f" ({wording.carried(hop)})" if wording.carried(hop) else "")
            for number, hop in enumerate(self.hops, 1)
        ]
        noun = "step" if len(steps) == 1 else "steps"
        return f"Sequence diagram with {len(steps)} {noun}. " + ". ".join(steps)

    def svg(self) -> str:
        """Return the picture: a light card, readable in a dark theme as well."""
        present = [name for name in PARTICIPANTS if any(name in (hop.source, hop.target) for hop in self.hops)]
        x_of = {name: _MARGIN + _SPACING * index for index, name in enumerate(present)}
        width = 2 * _MARGIN + _SPACING * max(len(present) - 1, 1)
        notes = [_notes(hop, min(x_of[hop.source], x_of[hop.target]), width) for hop in self.hops]
        lines = _heights(notes)
        height = lines[-1] - 8
        view = f'viewBox="0 0 {width} {height}" font-family="system-ui,sans-serif" font-size="13"'
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" {view}>',
            f'<rect width="{width}" height="{height}" rx="8" fill="#ffffff"/>',
            f"<defs>{_head('good', _LINE)}{_head('bad', _BAD)}</defs>",
            *(_lifeline(name, x, height) for name, x in x_of.items()),
            *(
                _words(hop, note, lines[row], min(x_of[hop.source], x_of[hop.target]), width)
                for row, (hop, note) in enumerate(zip(self.hops, notes, strict=True))
            ),
            *(_arrow(row, hop, lines[row], x_of[hop.source], x_of[hop.target]) for row, hop in enumerate(self.hops)),
            "</svg>",
        ]
        return "".join(parts)

    def __repr__(self) -> str:
        if not self.hops:
            return "Nothing was recorded."
        widest = max(len(wording.asked(hop)) for hop in self.hops)
        lines = []
        for number, hop in enumerate(self.hops, 1):
            way = f"{hop.source} -> {hop.target}"
            lines.append(f"{number:2}  {way:24}  {wording.asked(hop):{widest}}  {wording.answered(hop)}")
            if wording.carried(hop):
                lines.append(f"      {wording.carried(hop)}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return self.to_html()

    def to_html(self) -> str:
        """Return the picture as an image element with the diagram in words."""
        if not self.hops:
            return "Nothing was recorded."
        data = base64.b64encode(self.svg().encode()).decode()
        return f'<img alt="{html.escape(self.alt)}" src="data:image/svg+xml;base64,{data}" style="max-width:100%">'


def _head(name: str, colour: str) -> str:
    size = 'viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8"'
    return f'<marker id="{name}" {size} orient="auto"><path d="M0 0L8 4L0 8z" fill="{colour}"/></marker>'


def _lifeline(name: str, x: int, height: int) -> str:
    return (
        f'<line x1="{x}" y1="40" x2="{x}" y2="{height - 12}" stroke="#9ca3af" stroke-dasharray="4 4"/>'
        f'<rect x="{x - 62}" y="12" width="124" height="30" rx="6" fill="#eef2ff" stroke="{_LINE}"/>'
        f'<text x="{x}" y="32" text-anchor="middle" font-weight="600" fill="{_INK}">{name}</text>'
    )


def _arrow(row: int, hop: Hop, y: int, start: int, end: int) -> str:
    colour, head = (_LINE, "good") if 0 < hop.status < 400 else (_BAD, "bad")
    path = f"M{start} {y}H{end}" if start != end else f"M{start} {y - 6}h40v10h-40"
    return (
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.6" marker-end="url(#{head})"/>'
        f'<circle cx="{start}" cy="{y}" r="10" fill="{colour}"/>'
        f'<text x="{start}" y="{y + 4}" text-anchor="middle" font-size="11" fill="#fff">{row + 1}</text>'
    )


def _notes(hop: Hop, left: int, width: int) -> tuple[str, ...]:
    """Return what a hop carried on one line if it fits beside its arrow, else on two."""
    whole = wording.carried(hop)
    fits = left + 16 + len(whole) * _SMALL_LETTER <= width - 12
    return (whole,) if fits else wording.carried_lines(hop)


def _heights(notes: list[tuple[str, ...]]) -> list[int]:
    """Return the height of each arrow, and of the one that would follow."""
    lines = [_HEAD + 32]
    for note in notes:
        lines.append(lines[-1] + _ROW + _MORE * max(len(note) - 1, 0))
    return lines


def _words(hop: Hop, notes: tuple[str, ...], y: int, left: int, width: int) -> str:
    asked = f"{wording.asked(hop)} → {wording.answered(hop)}"
    first = _text(asked, left + 16, y - 8, _INK, 13, _LETTER, width)
    below = (
        _text(note, left + 16, y + 19 + _MORE * row, _QUIET, 11, _SMALL_LETTER, width) for row, note in enumerate(notes)
    )
    return first + "".join(below)


def _text(text: str, x: float, y: int, colour: str, size: int, letter: float, width: int) -> str:
    """Draw one line with a halo, so that it may cross a lifeline, and keep it inside the picture."""
    most = int((width - 24) / letter)
    if len(text) > most:
        text = text[: most - 1] + "…"
    x = max(12.0, min(x, width - 12 - len(text) * letter))
    return (
        f'<text x="{x:.0f}" y="{y}" font-size="{size}" fill="{colour}" stroke="#ffffff" stroke-width="4" '
        f'paint-order="stroke">{html.escape(text)}</text>'
    )
