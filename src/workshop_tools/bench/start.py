"""How long the practice tenant takes from the start of its process to its first answer."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from practice_tenant.client.control import Running
from workshop.core.private_files import make_private_folder
from workshop.errors import WorkshopError
from workshop_tools.bench.figures import Figure, Plan, Section, in_turns, milliseconds
from workshop_tools.bench.place import Place, first_answer, keys_answer

LIBRARIES = "import asyncio, httptools, json, sqlite3, ssl"
"""What the tenant is built on, without the tenant; cryptography comes with the first key that is asked for."""


def measure(place: Place, plan: Plan) -> Section:
    """Measure first starts, later starts, and what no program could do without."""
    kept = make_private_folder(place.folder / "kept")
    fresh = (make_private_folder(place.folder / f"fresh-{number}") for number in itertools.count())
    _started(place, kept, first_answer)
    taken = in_turns(
        plan.rounds,
        {
            "pass": lambda: _python("pass"),
            "libraries": lambda: _python(LIBRARIES),
            "first": lambda: _started(place, next(fresh), first_answer),
            "later": lambda: _started(place, kept, first_answer),
            "keys": lambda: _started(place, kept, keys_answer),
        },
    )
    python = milliseconds("python -c pass", taken["pass"])
    libraries = milliseconds("python that only imports what the tenant is built on", taken["libraries"])
    later = milliseconds("later start, the state kept", taken["later"])
    return Section(
        "Start of the practice tenant",
        "From spawning `python -m practice_tenant run` to its discovery document, fetched over TLS.",
        [
            python,
            libraries,
            milliseconds("first start, in an empty state folder", taken["first"]),
            later,
            milliseconds("later start, until its signing keys are there too", taken["keys"]),
            Figure("later start : python -c pass", "x", later.over(python).values),
            Figure("later start : importing", "x", later.over(libraries).values),
        ],
    )


def _started(place: Place, state: Path, ask: Callable[[Running], None]) -> float:
    began = time.perf_counter()
    with place.tenant(state) as running:
        ask(running)
        return time.perf_counter() - began


def _python(code: str) -> float:
    """Return how long it takes until `code` is done; the end of the process is not part of a start."""
    began = time.perf_counter()
    with subprocess.Popen([sys.executable, "-c", f"{code}\nprint(flush=True)"], stdout=subprocess.PIPE) as process:
        if not (process.stdout and process.stdout.readline()):
            raise WorkshopError(f"`python -c` failed with {code!r}; what it said stands above.")
        return time.perf_counter() - began
