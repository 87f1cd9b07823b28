"""A solved lesson prints the same a second time, and beside another kernel; an altered output turns the run red.

The other kernel runs the lesson as learners get it, from the same moment and in the same state: both register the app,
both want the port.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

from workshop_tools.solve import VARIES
from workshop_tools.testing.suites import LAX, STRICT

from .running import PROJECT, each, ended, started

Cell = dict[str, Any]


def change_stream(output: dict[str, Any]) -> bool:
    if output["output_type"] != "stream":
        return False
    output["text"] = "".join(output["text"]) + "altered\n"
    return True


def change_html(output: dict[str, Any]) -> bool:
    if "text/html" not in output.get("data", {}):
        return False
    output["data"]["text/html"] = "".join(output["data"]["text/html"]).replace(">", ">altered", 1)
    return True


CHANGES: tuple[Callable[[dict[str, Any]], bool], ...] = (change_stream, change_html)


def altered(cells: list[Cell]) -> list[int]:
    """Alter an output of each kind, each in a cell of its own, and return the numbers of those code cells."""
    changed: list[int] = []
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    for change in CHANGES:
        for number, cell in reversed(list(enumerate(code))):
            checked = VARIES not in cell["metadata"].get("tags", []) and number not in changed
            if checked and any(change(output) for output in cell["outputs"]):
                changed.append(number)
                break
    assert len(changed) == len(CHANGES)
    return sorted(changed)


@each
def test_solved_twice_beside_another_kernel_and_only_what_was_altered_is_red(path: Path, tmp_path: Path) -> None:
    notebook = json.loads(path.read_text("utf-8"))
    cells = notebook["cells"]
    again = deepcopy(cells)
    for cell in again:
        cell["id"] += "-again"
    first = sum(cell["cell_type"] == "code" for cell in cells)
    expected = [first + number for number in altered(again)]
    twice = tmp_path / path.name
    twice.write_text(json.dumps(notebook | {"cells": cells + again}), encoding="utf-8")
    other = started(PROJECT / "notebooks" / path.name, tmp_path / "state", LAX, strict=False)
    code, printed = ended(started(twice, tmp_path / "state", STRICT))
    red = sorted(int(number) for number in re.findall(r"^FAILED .*::Cell (\d+)", printed, flags=re.MULTILINE))
    assert (code, red) == (1, expected), printed
    code, printed = ended(other)
    assert code == 0, printed
