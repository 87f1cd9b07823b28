"""Exercise checks: they answer with a card and never raise."""

from __future__ import annotations

from workshop.lesson.checks import lesson00, lesson01, lesson02, lesson03, lesson04, lesson05, lesson06, lesson07
from workshop.lesson.checks.card import Card
from workshop.lesson.checks.examine import examine
from workshop.lesson.checks.exercise import Exercise, Verdict

__all__ = ["Card", "Exercise", "Verdict", "examine", "exercises"]

EXERCISES: dict[str, tuple[Exercise, ...]] = {
    "00": lesson00.EXERCISES,
    "01": lesson01.EXERCISES,
    "02": lesson02.EXERCISES,
    "03": lesson03.EXERCISES,
    "04": lesson04.EXERCISES,
    "05": lesson05.EXERCISES,
    "06": lesson06.EXERCISES,
    "07": lesson07.EXERCISES,
}


def exercises(lesson: str) -> tuple[Exercise, ...]:
    """Return the exercises of a lesson, in the order of its notebook; none for one still to come."""
    return EXERCISES.get(lesson, ())
