"""How many people the proxy server signs in when all of them come at once."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor

from workshop_tools.bench.figures import Figure, Plan, Section, milliseconds, rate
from workshop_tools.bench.place import Place

PEOPLE = 200
WITHIN_SECONDS = 900
INTERPRETERS = 4  # measured: all of them take minutes


def measure(place: Place, plan: Plan) -> Section:  # noqa: ARG001 (one round: a crowd is many measurements)
    """Let 200 people sign in at once; one who is not let in ends the bench."""
    with place.tenant():
        place.worker("register")
        told = place.worker("crowd", str(PEOPLE), within=WITHIN_SECONDS)
        imported = _importing(place) * PEOPLE / INTERPRETERS
    slowest = milliseconds("one of them, 95th percentile", [told["p95"]])
    interpreters = milliseconds(f"{PEOPLE} interpreters that import the same libraries", [imported])
    return Section(
        f"A crowd: {PEOPLE} people sign in at the same moment",
        "Each as a client of their own: registration, both consent pages, PKCE, the token, a tool call. The clients in "
        "one process,\n  the proxy server in another, the practice tenant in a third. Counted from the moment all "
        "begin; one person\n  came before them, so that everything was imported. "
        f"The interpreters: {INTERPRETERS}, as many at a time\n  as there are cores, counted as {PEOPLE}.",
        [
            Figure("signed in, each told their own name", "people", [told["signed_in"]]),
            milliseconds("one of them, median", [told["median"]]),
            slowest,
            milliseconds("all of them", [told["all"]]),
            rate("throughput", [told["signed_in"] / told["all"]]),
            interpreters,
            Figure("95th percentile : interpreters", "x", slowest.over(interpreters).values),
        ],
    )


def _importing(place: Place) -> float:
    """Return how many seconds the interpreters take, as many at a time as there are cores."""
    began = time.perf_counter()
    with ThreadPoolExecutor(os.cpu_count()) as at_a_time:
        list(at_a_time.map(lambda _: place.worker("imports"), range(INTERPRETERS)))
    return time.perf_counter() - began
