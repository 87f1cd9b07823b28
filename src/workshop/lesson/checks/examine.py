"""Turn an answer into a card. Nothing a learner writes makes it raise."""

from __future__ import annotations

from workshop.core.settings import Settings
from workshop.lesson.checks.card import Card
from workshop.lesson.checks.exercise import Exercise, NotStarted, Verdict
from workshop.lesson.checks.learner_code import is_unstarted, told


def examine(exercise: Exercise, answer: object, settings: Settings, failures: int = 0) -> Card:
    """Judge an answer.

    Args:
        exercise: which one.
        answer: a value, or a function the check calls.
        settings: of this lesson; some answers depend on the tenant.
        failures: how often this exercise was answered wrongly before; each makes the hint stronger.
    """
    try:
        if is_unstarted(answer):
            raise NotStarted
        verdict = exercise.check(answer, settings)
    except NotStarted:
        message = f"About {exercise.minutes} min. Replace `...` and run the cell again."
        return Card("your turn", exercise.title, message, exercise.hint(0))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit and cancelled tasks must not end the kernel's cell either
        verdict = Verdict(False, told(error))
    if verdict.passed:
        return Card("passed", exercise.title, verdict.message)
    return Card("not yet", exercise.title, verdict.message, exercise.hint(failures + 1))
