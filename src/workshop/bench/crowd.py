"""How many people the proxy server signs in when all of them come at once."""

from __future__ import annotations

from workshop.bench.figures import Figure, Plan, Section, milliseconds, rate
from workshop.bench.place import Place

PEOPLE = 200
WITHIN_SECONDS = 900


def measure(place: Place, plan: Plan) -> Section:  # noqa: ARG001 (one round: a crowd is many measurements)
    """Let 200 people sign in at once; one who is not let in ends the bench."""
    with place.tenant():
        place.worker("register")
        told = place.worker("crowd", str(PEOPLE), within=WITHIN_SECONDS)
    return Section(
        f"A crowd: {PEOPLE} people sign in at the same moment",
        "Each as a client of their own: registration, both consent pages, PKCE, the token, a tool call. The clients in "
        "one process,\n  the proxy server in another, the practice tenant in a third. Counted from the moment all "
        "begin; one person\n  came before them, so that everything was imported.",
        [
            Figure("signed in, each told their own name", "people", [told["signed_in"]]),
            milliseconds("one of them, median", [told["median"]]),
            milliseconds("one of them, 95th percentile", [told["p95"]]),
            milliseconds("all of them", [told["all"]]),
            rate("throughput", [told["signed_in"] / told["all"]]),
        ],
    )
