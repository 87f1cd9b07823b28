"""What an exercise is, and what its check says of an answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workshop.core.settings import Settings


@dataclass(frozen=True)
class Verdict:
    """What a check says of an answer.

    Attributes:
        passed: whether the answer is right.
        message: one or two plain sentences: what was shown, or what is wrong.
    """

    passed: bool
    message: str


class NotStarted(Exception):
    """The learner has not begun: the answer still is, or still holds, `...`."""


Check = Callable[[object, Settings], Verdict]


@dataclass(frozen=True)
class Exercise:
    """One exercise of a lesson.

    Attributes:
        name: by which `lesson.check` finds it.
        title: a verb and what it is about.
        minutes: how long it takes.
        check: judges an answer from what is known without it. It may raise: the card then tells which error.
        hints: the first one is shown at the start, a stronger one after each failure.
        own: builds the workshop's own answer from what the notebook gives it.
    """

    name: str
    title: str
    minutes: int
    check: Check
    hints: tuple[str, ...]
    own: Callable[..., object]

    def hint(self, failures: int) -> str:
        """Return the hint to show after so many failures."""
        return self.hints[min(failures, len(self.hints) - 1)]
