"""Remember which exercises were passed, in the state folder."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from workshop.core.private_files import locked, make_private_folder, write_private
from workshop.lesson.checks import exercises
from workshop.lesson.outline import LESSONS, Outline, written
from workshop.show.table import Table

FILE = "progress.json"

Passed = dict[str, tuple[str, ...]]
Row = tuple[Outline, bool, list[tuple[str, bool]]]
HEADINGS = ("", "lesson", "minutes", "what you show at the end", "exercises")


def passed(state: Path) -> Passed:
    """Return the names of the passed exercises by lesson; none if the file can't be read."""
    try:
        names_by_lesson = json.loads((state / FILE).read_text(encoding="utf-8"))
        return {str(lesson): tuple(map(str, names)) for lesson, names in names_by_lesson.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def remember(state: Path, lesson: str, exercise: str) -> None:
    """Add one passed exercise. Two kernels may do so at once: neither loses the other's.

    Raises:
        FileUnusable: the state folder can't be written.
        OSError: the lock can't be taken.
    """
    make_private_folder(state)
    with locked(state / "progress.lock"):
        known = passed(state)
        if exercise not in known.get(lesson, ()):
            known[lesson] = (*known.get(lesson, ()), exercise)
            write_private(state / FILE, json.dumps(known, indent=1, sort_keys=True) + "\n")


class Map:
    """The lessons with their minutes and what was passed in each."""

    def __init__(self, project: Path, state: Path) -> None:
        """Read what is written and what was passed, now."""
        known = passed(state)
        there = written(project)
        self.rows: list[Row] = []
        for lesson in LESSONS:
            names = known.get(lesson.number, ())
            done = [(exercise.title, exercise.name in names) for exercise in exercises(lesson.number)]
            self.rows.append((lesson, lesson in there, done if lesson in there else []))

    @staticmethod
    def _state(ready: bool, done: list[tuple[str, bool]]) -> str:
        if not ready:
            return "coming"
        return f"{sum(ok for _, ok in done)} of {len(done)} passed"

    @staticmethod
    def _mark(ok: bool) -> str:
        return "✓" if ok else "○"

    def __repr__(self) -> str:
        lines = []
        for lesson, ready, done in self.rows:
            state = self._state(ready, done)
            lines.append(f"{lesson.number}  {lesson.title:26} {lesson.minutes:>3} min  {state}")
            lines += [f"      {self._mark(ok)} {name}" for name, ok in done]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return Table(HEADINGS, tuple(self._row(row) for row in self.rows))._repr_html_()

    def _row(self, row: Row) -> tuple[str, ...]:
        lesson, ready, done = row
        state = [self._state(ready, done), *(f"{self._mark(ok)} {name}" for name, ok in done)]
        return (lesson.number, lesson.title, str(lesson.minutes), lesson.shows, "\n".join(state))


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `workshop progress`."""
    parser = subparsers.add_parser("progress", help="show which exercises are passed")
    parser.set_defaults(run=run)


def run(_arguments: argparse.Namespace) -> int:
    """Print the map of lessons."""
    from workshop.core.settings import load

    settings = load()
    print(Map(settings.project, settings.state))
    return 0
