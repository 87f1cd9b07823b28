"""A solved lesson, run in a kernel of its own: what each cell printed, and every hop it made."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbclient import NotebookClient
from practice_help import clean_environ

from workshop.lesson.notebook_files import node, read
from workshop.lesson.outline import outline

PROJECT = Path(__file__).resolve().parent.parent

# After the start cell: keep each recording that a cell makes, and record each cell as a whole.
# It goes into a file: nbclient takes minutes to look through one long line for backspaces.
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

def _begin():
    global _whole, _traffic
    _whole = _record()
    _traffic = _whole.__enter__()

def _end(name):
    _whole.__exit__(None, None, None)
    hops = [[asdict(hop) for hop in recorded._symbolic()] for recorded in _made]
    with open({file!r}, "a", encoding="utf-8") as file:
        print(json.dumps([name, hops, [asdict(hop) for hop in _traffic.hops]]), file=file)
    _made.clear()
    _begin()

_begin()
"""


@dataclass(frozen=True)
class Hop:
    """One recorded hop."""

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
        recordings: the hops of each recording it made, with names in place of ids.
        traffic: all its hops, with their ids.
    """

    printed: str
    recordings: list[list[Hop]]
    traffic: list[Hop]

    @property
    def hops(self) -> list[Hop]:
        """The hops of its only recording."""
        (only,) = self.recordings
        return only


def run(number: str, state: Path, probes: dict[str, str] | None = None) -> dict[str, Ran]:
    """Run the solution of a lesson and return what each cell did, by the cell's id.

    Args:
        state: the folder of the practice tenant, a new one; beside it a file is written.
        probes: source to be run at the end, by a name of its own; what it prints and records is returned as well.
    """
    cells = read(PROJECT / "solutions" / outline(number).filename).cells
    sources = {cell.id: cell.source for cell in cells if cell.cell_type == "code"} | (probes or {})
    file = state.parent / f"{state.name}-traffic.jsonl"
    made = []
    for index, (name, source) in enumerate(sources.items()):
        after = _LISTEN.replace("{file!r}", repr(str(file))) if index == 0 else f"_end({name!r})"
        made += [_cell(2 * index, source), _cell(2 * index + 1, after)]
    notebook = node({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    client = NotebookClient(
        notebook,
        timeout=90,
        kernel_name="python3",
        coalesce_streams=True,
        resources={"metadata": {"path": str(PROJECT / "solutions")}},
    )
    # The Azure CLI costs seconds a line; tests/registration/test_three_ways.py runs the lesson's lines with it.
    more = {"WORKSHOP_PROJECT": str(PROJECT), "WORKSHOP_STRICT": "1", "WORKSHOP_AZURE_CLI": "off"}
    client.execute(env=clean_environ(state, **more))
    printed = {name: _text(notebook.cells[2 * index]) for index, name in enumerate(sources)}
    start = next(iter(sources))
    found = {start: Ran(printed[start], [], [])}
    for line in file.read_text(encoding="utf-8").splitlines():
        name, recordings, traffic = json.loads(line)
        found[name] = Ran(printed[name], [_hops(hops) for hops in recordings], _hops(traffic))
    return found


def _cell(number: int, source: str) -> dict[str, Any]:
    made = {"cell_type": "code", "id": f"cell-{number}", "source": source, "metadata": {}}
    return made | {"outputs": [], "execution_count": None}


def _text(cell: Any) -> str:
    return "\n".join(str(out.get("text") or out.get("data", {}).get("text/plain", "")) for out in cell.outputs)


def _hops(raw: list[dict[str, Any]]) -> list[Hop]:
    return [_hop(hop) for hop in raw]


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
