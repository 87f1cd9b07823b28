"""A solved lesson, run in a kernel of its own: what each cell printed, and every hop it recorded."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbclient import NotebookClient
from practice_help import clean_environ

from workshop.lessons import outline
from workshop.notebook_files import node, read

PROJECT = Path(__file__).resolve().parent.parent

# After the start cell: keep each recording that a cell makes, for the probe after that cell.
_LISTEN = """
import contextlib, json
from dataclasses import asdict
_made, _record = [], lesson.recording

@contextlib.contextmanager
def _kept(*arguments, **options):
    with _record(*arguments, **options) as recorded:
        _made.append(recorded)
        yield recorded

lesson.recording = _kept
"""
_DUMP = """
print(json.dumps([[asdict(hop) for hop in recorded._symbolic()] for recorded in _made]))
_made.clear()
"""


@dataclass(frozen=True)
class Hop:
    """One recorded hop, with names in place of ids."""

    source: str
    target: str
    method: str
    path: str
    host: str
    status: int
    sent: dict[str, str]
    received: dict[str, str]
    sent_marks: dict[str, str]
    received_marks: dict[str, str]
    note: str

    @property
    def line(self) -> str:
        """Return who asked whom for what."""
        return f"{self.source} -> {self.target} {self.method} {self.path}"


@dataclass(frozen=True)
class Ran:
    """What one cell did.

    Attributes:
        printed: its text outputs, one after the other.
        recordings: the hops of each recording it made.
    """

    printed: str
    recordings: list[list[Hop]]

    @property
    def hops(self) -> list[Hop]:
        """The hops of its only recording."""
        (only,) = self.recordings
        return only


def run(number: str, state: Path, probes: dict[str, str] | None = None) -> dict[str, Ran]:
    """Run the solution of a lesson and return what each cell did, by the cell's id.

    Args:
        state: the folder of the practice tenant.
        probes: source to be run at the end, by a name of its own; what it prints and records is returned as well.
    """
    cells = read(PROJECT / "solutions" / outline(number).filename).cells
    sources = {cell.id: cell.source for cell in cells if cell.cell_type == "code"} | (probes or {})
    made = []
    for index, (name, source) in enumerate(sources.items()):
        made += [_cell(name, source), _cell(f"{name}-dump", _LISTEN if index == 0 else _DUMP)]
    notebook = node({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    client = NotebookClient(
        notebook,
        timeout=90,
        kernel_name="python3",
        coalesce_streams=True,
        resources={"metadata": {"path": str(PROJECT / "solutions")}},
    )
    client.execute(env=clean_environ(state, WORKSHOP_PROJECT=str(PROJECT), WORKSHOP_STRICT="1"))
    found = notebook.cells
    return {name: Ran(_text(found[2 * i]), _hops(_text(found[2 * i + 1]))) for i, name in enumerate(sources)}


def _cell(name: str, source: str) -> dict[str, Any]:
    made = {"cell_type": "code", "id": name[-64:], "source": source, "metadata": {}}
    return made | {"outputs": [], "execution_count": None}


def _text(cell: Any) -> str:
    return "\n".join(str(out.get("text") or out.get("data", {}).get("text/plain", "")) for out in cell.outputs)


def _hops(dumped: str) -> list[list[Hop]]:
    return [[_hop(raw) for raw in recording] for recording in json.loads(dumped or "[]")]


def _hop(raw: dict[str, Any]) -> Hop:
    host, slash, path = raw["url"].partition("://")[2].partition("/")
    return Hop(
        source=raw["source"],
        target=raw["target"],
        method=raw["method"],
        path=slash + path,
        host=host,
        status=raw["status"],
        sent=dict(raw["sent"]),
        received=dict(raw["received"]),
        sent_marks=dict(raw["sent_marks"]),
        received_marks=dict(raw["received_marks"]),
        note=raw["note"],
    )
