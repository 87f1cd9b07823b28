"""The lessons of the workshop: their titles, minutes and sizes."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from workshop.lesson.checks import exercises


@dataclass(frozen=True)
class Outline:
    """One lesson as the map shows it."""

    number: str
    title: str
    minutes: int
    shows: str

    @property
    def slug(self) -> str:
        """Return the name of its notebook, without the ending."""
        return "-".join([self.number, *re.findall(r"[a-z0-9]+", self.title.lower())])

    @property
    def filename(self) -> str:
        """Return the name of its notebook."""
        return f"{self.slug}.ipynb"


LESSONS = (
    Outline("00", "Start here", 20, "the machine is fit, and a tool answers a signed-in user"),
    Outline("01", "Register the app", 30, "an app registered in three ways, and why each setting is there"),
    Outline("02", "The OAuth proxy", 30, "each hop from the first refusal to the tool call"),
    Outline("03", "Ask for the right scopes", 25, "what is asked for, what is sent, what is checked"),
    Outline("04", "Pre-authorized clients", 25, "no proxy, and what an unlisted client meets"),
    Outline("05", "Read the token", 30, "each claim and the signature, and what a forged token gets"),
    Outline("06", "On behalf of the user", 30, "your server reads a user's own data"),
    Outline("07", "Break it and mend it", 30, "the failures people report: caused, found, mended"),
    Outline("08", "Make it last", 30, "sign-ins that survive a restart, without a stored secret"),
    Outline("09", "Your own tenant", 25, "the same server with your own tenant, and how to clean up"),
)


def outline(number: str) -> Outline:
    """Return the lesson with this number.

    Raises:
        KeyError: there is no such lesson.
    """
    for lesson in LESSONS:
        if lesson.number == number:
            return lesson
    raise KeyError(f"there is no lesson {number!r}")


def written(project: Path) -> tuple[Outline, ...]:
    """Return the lessons whose notebook exists in `project`; the others are still to come."""
    return tuple(lesson for lesson in LESSONS if (project / "notebooks" / lesson.filename).exists())


@dataclass(frozen=True)
class Size:
    """How much there is in one notebook."""

    words: int
    code_cells: int
    longest_cell: int


def words_in(markdown: str) -> int:
    """Count the words a learner reads: link targets, pictures and table rules are not read."""
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)", " ", markdown)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    return len(re.findall(r"[^\W_][^\s()\[\]|]*", text))


def size(notebook: Path) -> Size:
    """Count words, code cells and the lines of the longest code cell."""
    from workshop.lesson.notebook_files import read  # nbformat takes a second to import: no start cell waits for it

    cells = read(notebook).cells
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    prose = [cell.source for cell in cells if cell.cell_type == "markdown"]
    return Size(
        words=sum(words_in(text) for text in prose),
        code_cells=len(code),
        longest_cell=max((len(text.splitlines()) for text in code), default=0),
    )


def table(project: Path, lessons: Iterable[Outline] = LESSONS) -> str:
    """Return one line per lesson: minutes, exercises, words and cells."""
    lines = [f"{'':2}  {'lesson':26} {'minutes':>7} {'exercises':>9} {'words':>6} {'cells':>5}"]
    for lesson in lessons:
        notebook = project / "notebooks" / lesson.filename
        if notebook.exists():
            counted = size(notebook)
            numbers = f"{len(exercises(lesson.number)):>9} {counted.words:>6} {counted.code_cells:>5}"
        else:
            numbers = f"{'coming':>9}"
        lines.append(f"{lesson.number}  {lesson.title:26} {lesson.minutes:>7} {numbers}")
    return "\n".join(lines)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `workshop lessons`."""
    parser = subparsers.add_parser("lessons", help="list the lessons with minutes, exercises and sizes")
    parser.set_defaults(run=run)


def run(_arguments: argparse.Namespace) -> int:
    """Print the table of lessons."""
    from workshop.core.settings import load

    print(table(load().project))
    return 0
