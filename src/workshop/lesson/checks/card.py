"""The card with which a check answers."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Literal

from workshop.show.frame import AMBER, BLUE, GREEN, frame, words

Status = Literal["your turn", "not yet", "passed"]

MARKS: dict[Status, str] = {"your turn": "○", "not yet": "△", "passed": "✓"}
COLOURS: dict[Status, str] = {"your turn": BLUE, "not yet": AMBER, "passed": GREEN}


@dataclass(frozen=True, repr=False)
class Card:
    """What a learner reads after a check: the status in words, so that colour alone says nothing."""

    status: Status
    title: str
    message: str
    hint: str = ""

    @property
    def heading(self) -> str:
        """Return the first line."""
        return f"{MARKS[self.status]} {self.status.upper()} · {self.title}"

    def __repr__(self) -> str:
        lines = [self.heading, *(f"  {line}" for line in self.message.splitlines())]
        if self.hint:
            lines.append(f"  Hint: {self.hint}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        paragraphs = [words(line) for line in self.message.splitlines()]
        if self.hint:
            paragraphs.append(f"<b>Hint:</b> {words(self.hint)}")
        return frame(escape(self.heading), paragraphs, COLOURS[self.status])
