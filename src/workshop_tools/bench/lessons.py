"""How long the lessons take to run, beside the kernels and the libraries that they can't do without."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workshop.core.settings import load
from workshop.errors import WorkshopError
from workshop.lesson import outline as lessons
from workshop.lesson.notebook_files import node, read
from workshop_tools.bench.figures import Figure, Plan, Section, in_turns, seconds
from workshop_tools.bench.place import Place

if TYPE_CHECKING:
    from nbformat import NotebookNode

CELL_SECONDS = 600
KERNEL_ENDS = """
import sys
print(*[name for name in sys.modules if name.partition(".")[0] not in ("__main__", "workshop")])
"""
"""The last cell of each lesson: what it has imported by then, in its order."""

EMPTY = {"metadata": {}, "nbformat": 4, "nbformat_minor": 5}
KERNEL_IMPORTS = """
import contextlib, importlib
for name in {names!r}.split():
    with contextlib.suppress(Exception):
        importlib.import_module(name)
"""


@dataclass(frozen=True)
class LessonRun:
    """A lesson that ran: how long that took, from the start of its kernel until that has ended, and its imports."""

    seconds: float
    imported: str


def measure(place: Place, plan: Plan) -> Section:
    """LessonRun every lesson solved and unsolved, each in a kernel of its own, in turns with kernels that only import.

    A lesson's libraries are those that it has imported at its end, at whatever moment: a client of mcp imports
    jsonschema at its first call, msgraph-sdk its models at the first answer.
    """
    project = load().project
    names = [outline.filename for outline in lessons.written(project)]
    ran: dict[str, LessonRun] = {}

    def solved() -> float:
        for name in names:
            ran[name] = run(place, project / "solutions" / name)
        return sum(one.seconds for one in ran.values())

    with place.tenant():
        place.worker("register")
        taken = in_turns(
            plan.rounds,
            {
                "solved": solved,
                "unsolved": lambda: sum(run(place, project / "notebooks" / name).seconds for name in names),
                "kernels": lambda: sum(importing(place, ran[name].imported, project / "solutions") for name in names),
            },
        )
    return _section(taken, len(names))


def _section(taken: dict[str, list[float]], number: int) -> Section:
    kernels = seconds(f"{number} kernels that import the same libraries", taken["kernels"])
    solved = seconds(f"{number} lessons, solved", taken["solved"])
    unsolved = seconds(f"{number} lessons, as learners get them", taken["unsolved"])
    return Section(
        "The lessons",
        "Every cell of each, in a kernel of its own, one after the other, all in one running practice tenant;\n"
        "  lines of the Azure CLI from the record.",
        [
            kernels,
            solved,
            unsolved,
            Figure("solved : kernels", "x", solved.over(kernels).values),
            Figure("unsolved : kernels", "x", unsolved.over(kernels).values),
        ],
    )


def run(place: Place, path: Path) -> LessonRun:
    """LessonRun a notebook.

    Raises:
        WorkshopError: a cell of it failed.
    """
    notebook = read(path)
    notebook.cells.append(_cell(KERNEL_ENDS))
    taken = _timed(place, notebook, path.parent)
    return LessonRun(taken, notebook.cells[-1].outputs[0].text)


def importing(place: Place, names: str, folder: Path) -> float:
    """Return how many seconds a kernel takes that imports modules and does nothing else.

    Args:
        names: of the modules, with spaces between them.
        folder: where it runs.
    """
    notebook = node({"cells": [_cell(KERNEL_IMPORTS.format(names=names))], **EMPTY})
    return _timed(place, notebook, folder)


def _cell(source: str) -> NotebookNode:
    return node(
        {"cell_type": "code", "id": "bench", "source": source, "metadata": {}, "execution_count": None, "outputs": []}
    )


def _timed(place: Place, notebook: NotebookNode, folder: Path) -> float:
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    # The lessons read the project they stand in, such as its lock; its state is not touched.
    environ = place.environ() | {"WORKSHOP_PROJECT": str(load().project), "WORKSHOP_AZURE_CLI": "off"}
    began = time.perf_counter()
    client = NotebookClient(notebook, timeout=CELL_SECONDS, startup_timeout=CELL_SECONDS, kernel_name="python3")
    try:
        client.execute(env=environ, cwd=str(folder), stderr=subprocess.DEVNULL)
    except CellExecutionError as error:
        raise WorkshopError(f"A lesson did not run to its end: {error.ename}: {error.evalue}") from error
    return time.perf_counter() - began
