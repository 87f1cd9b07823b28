"""Derive the learners' notebooks from the solved ones, the figures from their code, README's table from the outline."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

from nbformat import NotebookNode

from workshop.lesson import outline
from workshop.lesson.notebook_files import METADATA, NotebookError, node, read, text_of, write
from workshop.show.figures import FIGURES
from workshop_tools import house

BEGIN = "# solution: begin"
END = "# solution: end"
STUB = "# stub: "
CONTRIBUTING = "CONTRIBUTING.md"

_LESSON_ROWS = re.compile(r"(?:^\| \d\d \| .*\n)+", re.MULTILINE)


def unsolved(source: str, name: str = "a cell") -> str:
    """Return the source of one cell with every solution region replaced by its stub.

    Args:
        source: code that may hold regions of `# solution: begin`, lines `# stub: ...` (what the
            learner gets instead, at the place and indentation of the comment), the solution,
            and `# solution: end`.
        name: of the cell, for the error.

    Raises:
        NotebookError: a region is not closed, closed twice, or has no stub.
    """
    kept: list[str] = []
    stub: list[str] | None = None
    for line in source.splitlines():
        text = line.strip()
        if text == BEGIN:
            if stub is not None:
                raise NotebookError(f"{name}: {BEGIN!r} inside a region.")
            stub = []
        elif text == END:
            if not stub:
                raise NotebookError(f"{name}: {END!r} without a region, or without a {STUB!r} line.")
            kept += stub
            stub = None
        elif stub is None:
            kept.append(line)
        elif text.startswith(STUB):
            stub.append(line.replace(STUB, "", 1))
    if stub is not None:
        raise NotebookError(f"{name}: {BEGIN!r} is not closed.")
    return "\n".join(kept)


def learners(solution: NotebookNode, name: str = "a notebook") -> NotebookNode:
    """Return the learner's notebook of a solved one.

    Regions become stubs, cells tagged `solution` go, outputs, counts and metadata go; ids and the
    other tags stay.
    """
    cells = []
    for cell in solution.cells:
        tags = [tag for tag in cell.metadata.get("tags", []) if tag != "solution"]
        if tags != list(cell.metadata.get("tags", [])):
            continue
        kept = {"cell_type": cell.cell_type, "id": cell.id, "source": cell.source}
        kept["metadata"] = {"tags": tags} if tags else {}
        if cell.cell_type == "code":
            kept["source"] = unsolved(cell.source, f"{name}, cell {cell.id}")
            kept |= {"outputs": [], "execution_count": None}
        cells.append(kept)
    return node({"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5})


def derived(project: Path) -> Iterator[tuple[Path, str]]:
    """Yield every derived file of the project with the text it must have."""
    for source in sorted((project / "solutions").glob("*.ipynb")):
        notebook = learners(read(source), source.name)
        yield project / "notebooks" / source.name, text_of(notebook)
    for name, draw in FIGURES.items():
        yield project / "images" / name, draw()
    contributing = current(project / CONTRIBUTING)
    if contributing is not None:
        yield project / CONTRIBUTING, house.with_drawing(contributing, project / "src")
    readme = current(project / "README.md")
    if readme is not None:
        yield project / "README.md", _LESSON_ROWS.sub(lambda _: lesson_rows(project), readme)


def lesson_rows(project: Path) -> str:
    """Return the rows of README's table of lessons, with links to those that have a solution."""
    rows = []
    for lesson in outline.LESSONS:
        links = f"[{lesson.title}](notebooks/{lesson.filename}) ([solved](solutions/{lesson.filename}))"
        title = links if (project / "solutions" / lesson.filename).exists() else f"{lesson.title} (coming)"
        rows.append(f"| {lesson.number} | {title} | {lesson.minutes} | {lesson.shows} |\n")
    return "".join(rows)


def stale(project: Path) -> list[Path]:
    """Return the derived files that differ from their source, and notebooks that have none."""
    wanted = dict(derived(project))
    orphans = [path for path in sorted((project / "notebooks").glob("*.ipynb")) if path not in wanted]
    return [path for path, text in wanted.items() if current(path) != text] + orphans


def current(path: Path) -> str | None:
    """Return the text of a file, or None when it does not exist."""
    return path.read_text(encoding="utf-8") if path.exists() else None


def refresh(project: Path) -> list[Path]:
    """Write the derived files that differ, remove orphans, and return what was changed."""
    changed = stale(project)
    wanted = dict(derived(project))
    for path in changed:
        if path in wanted:
            write(path, wanted[path])
        else:
            path.unlink()
    return changed


def store_outputs(project: Path, only: str = "") -> list[Path]:
    """Run the solved notebooks from a cold start and store what they print.

    Args:
        project: the folder that holds solutions/.
        only: the beginning of a file name, such as "00"; empty means all.
    """
    from workshop_tools.solve import solve

    done = []
    for path in sorted((project / "solutions").glob(f"{only}*.ipynb")):
        notebook = solve(read(path), folder=path.parent)
        notebook.metadata = node(METADATA)
        write(path, text_of(notebook))
        done.append(path)
    return done


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `workshop derive`."""
    parser = subparsers.add_parser("derive", help="write notebooks/ from solutions/, the figures, README's table")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if a file differs")
    parser.add_argument(
        "--run",
        nargs="?",
        const="",
        dest="solutions",
        metavar="NUMBER",
        help="first run the solutions (or one of them) and store their outputs",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the derived files, or name those that differ."""
    from workshop.core.settings import load

    project = load().project
    if arguments.solutions is not None and not arguments.check:
        for path in store_outputs(project, arguments.solutions):
            print(f"ran {path.relative_to(project)}")
    changed = stale(project) if arguments.check else refresh(project)
    for path in changed:
        print(f"{'differs' if arguments.check else 'wrote'} {path.relative_to(project)}")
    if arguments.check and changed:
        print("Run `workshop derive`, and never edit a derived file by hand.")
        return 1
    return 0
