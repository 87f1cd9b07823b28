"""How long the lessons take to run, beside the kernels and the libraries that they can't do without."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from workshop import lessons
from workshop.bench.figures import Figure, Plan, Section, in_turns, seconds
from workshop.bench.place import Place
from workshop.errors import WorkshopError
from workshop.notebook_files import node, read
from workshop.settings import load

if TYPE_CHECKING:
    from nbformat import NotebookNode

CELL_SECONDS = 120
LIBRARIES = (
    "import azure.identity, azure.identity.aio, fastmcp, fastmcp.client.auth, "
    "fastmcp.server.auth.providers.azure, httpx, ipywidgets, msal, msgraph"
)
"""What the lessons import that is not the workshop's own."""


def measure(place: Place, plan: Plan) -> Section:
    """Run every lesson solved and unsolved, each in a kernel of its own, in turns with kernels that only import."""
    project = load().project
    names = [outline.filename for outline in lessons.written(project)]
    bare = _bare()
    with place.tenant():
        place.worker("register")
        taken = in_turns(
            plan.rounds,
            {
                "kernels": lambda: sum(_run(place, bare) for _ in names),
                "solved": lambda: sum(timed(place, project / "solutions" / name) for name in names),
                "unsolved": lambda: sum(timed(place, project / "notebooks" / name) for name in names),
            },
        )
    kernels = seconds(f"{len(names)} kernels that import the libraries", taken["kernels"])
    solved = seconds(f"{len(names)} lessons, solved", taken["solved"])
    unsolved = seconds(f"{len(names)} lessons, as learners get them", taken["unsolved"])
    return Section(
        "The lessons",
        "Every cell of each, in a kernel of its own, one after the other, all in one running practice tenant.",
        [
            kernels,
            solved,
            unsolved,
            Figure("solved : kernels", "x", solved.over(kernels).values),
            Figure("unsolved : kernels", "x", unsolved.over(kernels).values),
        ],
    )


def _bare() -> NotebookNode:
    empty: dict[str, object] = {"metadata": {}, "execution_count": None, "outputs": []}
    cell = {"cell_type": "code", "id": "import", "source": LIBRARIES, **empty}
    return node({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def timed(place: Place, notebook: Path) -> float:
    """Return how many seconds a notebook takes, from the start of its kernel until that has ended.

    Raises:
        WorkshopError: a cell of it failed.
    """
    return _run(place, read(notebook))


def _run(place: Place, notebook: NotebookNode) -> float:
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    began = time.perf_counter()
    client = NotebookClient(notebook, timeout=CELL_SECONDS, kernel_name="python3")
    try:
        client.execute(env=place.environ(), cwd=str(place.folder))
    except CellExecutionError as error:
        raise WorkshopError(f"A lesson did not run to its end: {error.ename}: {error.evalue}") from error
    return time.perf_counter() - began
