"""The lessons: what a notebook begins with, the exercises and their checks, the learner's copies and progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workshop.lesson.beginning import Lesson


def begin(number: str) -> Lesson:
    """Make a notebook ready: the settings, the practice tenant, the browser. It may be run again.

    Args:
        number: of the lesson, such as "00".

    Raises:
        CannotBegin: a card above says why and what to do.
    """
    # Whoever only asks for the outline waits for none of this.
    from workshop.lesson import beginning

    return beginning.begin(number)
