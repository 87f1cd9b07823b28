"""`workshop bench`: every figure is printed and is one, nothing is left behind. No figure is judged."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from practice_help import clean_environ, until

from workshop.commands.cli import main
from workshop.errors import WorkshopError
from workshop_tools.bench import lessons, tokens
from workshop_tools.bench.figures import Figure
from workshop_tools.bench.place import Place

FIGURE = re.compile(
    r"^  (\S.*|  of it .*?)\s+([\d,.]+) (ms|s|/s|x|people|exchanges)(?:   \(([\d,.]+) to ([\d,.]+)\))?$"
)

EXPECTED = {
    "start": {
        "python -c pass": "ms",
        "python that only imports what the tenant is built on": "ms",
        "first start, in an empty state folder": "ms",
        "later start, the state kept": "ms",
        "later start, until its signing keys are there too": "ms",
        "later start : python -c pass": "x",
        "later start : importing": "x",
    },
    "sign-in": {
        "before it: start Python, import, start the server": "ms",
        "first in a fresh process": "ms",
        "warm": "ms",
        "of it FastMCP's client asleep, after the callback": "ms",
        "of it everything else": "ms",
        "HTTP exchanges of a sign-in": "exchanges",
        "its own HTTP exchanges replayed with servers that do nothing": "ms",
        "warm : replayed": "x",
        "warm without the sleep : replayed": "x",
    },
    "crowd": {
        "signed in, each told their own name": "people",
        "one of them, median": "ms",
        "one of them, 95th percentile": "ms",
        "all of them": "ms",
        "throughput": "/s",
        "200 interpreters that import the same libraries": "ms",
        "95th percentile : interpreters": "x",
    },
    "lessons": {
        "1 kernels that import the same libraries": "s",
        "1 lessons, solved": "s",
        "1 lessons, as learners get them": "s",
        "solved : kernels": "x",
        "unsolved : kernels": "x",
    },
    "tokens": {
        "RSA-2048 signatures alone, 1 thread": "/s",
        "RSA-2048 signatures alone, 2 threads": "/s",
        "tokens, 1 connection": "/s",
        "tokens, 8 connections": "/s",
        "tokens at 1 connection : signatures on 1 thread": "x",
        "tokens at 8 connections : signatures on 1 thread": "x",
        "tokens at 8 connections : signatures on 2 threads": "x",
    },
    "door": {
        "direct, connection kept": "/s",
        "through the proxy, connection kept": "/s",
        "through the proxy : direct, connection kept": "x",
        "direct, a new connection each time": "/s",
        "through the proxy, a new connection each time": "/s",
        "through the proxy : direct, new connections": "x",
    },
}


def run(part: str, folder: Path, **more: str) -> str:
    """Run one part of the bench, smallest, and return what it prints."""
    environ = clean_environ(folder / "never", TMPDIR=str(folder), TMP=str(folder), TEMP=str(folder), **more)
    command = [sys.executable, "-m", "workshop", "bench", "--rounds=1", "--seconds=1", f"--only={part}"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr
    return done.stdout


def figures(printed: str) -> dict[str, tuple[float, str]]:
    """Return value and unit of each printed figure."""
    found = {}
    for line in printed.splitlines():
        if match := FIGURE.match(line):
            found[match[1].strip()] = (float(match[2].replace(",", "")), match[3])
    return found


@pytest.mark.parametrize("part", ["start", "sign-in", pytest.param("tokens", marks=pytest.mark.needs("wrk")), "door"])
def test_every_figure_is_printed_and_nothing_is_left(part: str, tmp_path: Path) -> None:
    printed = run(part, tmp_path)
    assert re.match(r"\d+ cores, ", printed)
    found = figures(printed)
    assert {name: unit for name, (_, unit) in found.items()} == EXPECTED[part]
    assert all(value > 0 for value, _ in found.values())
    if part == "sign-in":
        assert found["HTTP exchanges of a sign-in"][0] > 10
        assert found["warm : replayed"][0] > 1, "a sign-in does more than its exchanges with servers that do nothing"
    assert list(tmp_path.iterdir()) == []
    until(lambda: not users_of(tmp_path), "the end of every process that was started")


def test_two_hundred_people_sign_in_at_once(tmp_path: Path) -> None:
    found = figures(run("crowd", tmp_path))
    assert {name: unit for name, (_, unit) in found.items()} == EXPECTED["crowd"]
    assert found["signed in, each told their own name"] == (200.0, "people")
    assert found["one of them, median"] <= found["one of them, 95th percentile"] <= found["all of them"]
    until(lambda: not users_of(tmp_path), "the end of every process that was started")


def a_lesson(folder: Path, source: str) -> Path:
    """Return a project with one lesson of one cell."""
    empty: dict[str, object] = {"metadata": {}, "execution_count": None, "outputs": []}
    cell = {"cell_type": "code", "id": "only", "source": source, **empty}
    for kind in ("solutions", "notebooks"):
        (folder / kind).mkdir(parents=True)
        notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (folder / kind / "00-start-here.ipynb").write_text(json.dumps(notebook), "utf-8")
    return folder


def test_lessons_are_timed_beside_kernels_that_only_import(tmp_path: Path) -> None:
    project, scratch = a_lesson(tmp_path / "project", "import slow_library"), tmp_path / "scratch"
    (project / "solutions" / "slow_library.py").write_text("import time\ntime.sleep(3)\n", "utf-8")
    (project / "notebooks" / "slow_library.py").write_text("", "utf-8")
    scratch.mkdir()
    found = figures(run("lessons", scratch, WORKSHOP_PROJECT=str(project)))
    assert {name: unit for name, (_, unit) in found.items()} == EXPECTED["lessons"]
    assert found["1 kernels that import the same libraries"][0] > 3, "it imports what the solved lesson did"
    assert list(scratch.iterdir()) == []


def test_a_lesson_that_fails_is_not_timed(tmp_path: Path) -> None:
    project = a_lesson(tmp_path, "1 / 0")
    with pytest.raises(WorkshopError, match="ZeroDivisionError"):
        lessons.run(Place(tmp_path), project / "solutions" / "00-start-here.ipynb")


def users_of(folder: Path) -> list[int]:
    """Return the processes that have the folder on their command line."""
    running = psutil.process_iter(["cmdline"])
    return [one.pid for one in running if any(str(folder) in word for word in one.info["cmdline"] or ())]


def test_a_median_is_not_moved_by_one_bad_round_and_a_ratio_is_of_medians() -> None:
    steady, disturbed = Figure("steady", "ms", [2.0, 2.0, 2.0]), Figure("disturbed", "ms", [4.0, 900.0, 4.0])
    assert disturbed.over(steady).median == 2.0
    assert FIGURE.match(str(disturbed))


def test_without_wrk_it_says_what_is_left_out(tmp_path: Path) -> None:
    printed = run("tokens", tmp_path, PATH="")
    assert "wrk was not found" in printed
    assert list(figures(printed)) == ["RSA-2048 signatures alone, 1 thread", "RSA-2048 signatures alone, 2 threads"]


@pytest.mark.needs("wrk")
def test_refusals_are_not_counted_as_tokens(tmp_path: Path) -> None:
    wrk, script = shutil.which("wrk"), tmp_path / "wrong.lua"
    assert wrk
    script.write_text(tokens.SCRIPT.format(body="grant_type=client_credentials&client_id=nobody"))
    with Place(tmp_path).tenant() as running, pytest.raises(WorkshopError, match="wrong answers"):
        tokens.per_second(wrk, running, script, connections=1, seconds=1)


@pytest.mark.parametrize("count", ["0", "-1", "many"])
def test_a_count_that_is_none_is_refused(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["bench", f"--rounds={count}"])
    assert "--rounds" in capsys.readouterr().err
