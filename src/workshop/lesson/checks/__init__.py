"""Exercise checks: they answer with a card and never raise."""

from __future__ import annotations

import importlib
from importlib.util import find_spec

from workshop.lesson.checks.card import Card
from workshop.lesson.checks.examine import examine
from workshop.lesson.checks.exercise import Exercise, Verdict

__all__ = ["Card", "Exercise", "Verdict", "examine", "exercises"]


def exercises(lesson: str) -> tuple[Exercise, ...]:
    """Return the exercises of a lesson, in the order of its notebook; none for one still to come.

    They are the `EXERCISES` of the module of its number: lesson07 for "07".
    """
    module = f"{__name__}.lesson{lesson}"
    if find_spec(module) is None:
        return ()
    found: tuple[Exercise, ...] = importlib.import_module(module).EXERCISES
    return found
