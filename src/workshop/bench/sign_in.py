"""How long a whole sign-in takes: `Client(url, auth="oauth")` until the tool's answer."""

from __future__ import annotations

import time

from workshop.bench.figures import Plan, Section, milliseconds
from workshop.bench.place import Place


def measure(place: Place, plan: Plan) -> Section:
    """Measure the first sign-in of fresh processes and the later ones in each of them."""
    ready: list[float] = []
    first: list[float] = []
    warm: list[float] = []
    asleep: list[float] = []
    with place.tenant():
        place.worker("register")
        for _ in range(plan.rounds):
            began = time.time()
            told = place.worker("sign-in", str(plan.rounds))
            ready.append(told["ready_at"] - began)
            first.append(told["first"])
            warm.append(told["warm"])
            asleep.append(told["asleep"])
    rest = [whole - sleep for whole, sleep in zip(warm, asleep, strict=True)]
    return Section(
        'A whole sign-in: Client(url, auth="oauth") until the tool\'s answer',
        "Client, MCP server (AzureProvider) and user agent in one process, the practice tenant in another; "
        f"new tokens each time.\n  First: in {plan.rounds} fresh processes. Warm: the median of {plan.rounds} more "
        "in each of them.",
        [
            milliseconds("before it: start Python, import, start the server", ready),
            milliseconds("first in a fresh process", first),
            milliseconds("warm", warm),
            milliseconds("  of it FastMCP's client asleep, after the callback", asleep),
            milliseconds("  of it everything else", rest),
        ],
    )
