"""Run solved notebooks from a cold start and keep what they print."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from nbclient import NotebookClient
from nbformat import NotebookNode

CELL_SECONDS = 300
VARIES = "nbval-ignore-output"
WIDGET = "application/vnd.jupyter.widget-view+json"


def cold(state: Path) -> dict[str, str]:
    """Return the environment of a kernel that finds nothing made before: a practice tenant in `state`."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WORKSHOP_")}
    return environment | {
        "WORKSHOP_TENANT": "practice",
        "WORKSHOP_STATE": str(state),
        "WORKSHOP_STRICT": "1",
    }


def solve(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Run every cell in a kernel of its own and return the notebook with its outputs.

    What a cell tagged `nbval-ignore-output` prints is not kept: it differs from machine to machine.

    Args:
        notebook: the solved notebook; it is changed in place.
        folder: the working directory of the kernel.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell failed, or a check did not pass.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as state:
        client = NotebookClient(
            notebook,
            timeout=CELL_SECONDS,
            startup_timeout=CELL_SECONDS,
            kernel_name="python3",
            record_timing=False,
            coalesce_streams=True,
            resources={"metadata": {"path": str(folder)}},
        )
        client.execute(env=cold(Path(state)))
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [] if VARIES in cell.metadata.get("tags", []) else _kept(cell.outputs)
    return notebook


def _kept(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Leave the widgets' random ids out: a widget's text stays."""
    for output in outputs:
        output.get("data", {}).pop(WIDGET, None)
    return outputs
