"""How long a whole sign-in takes: `Client(url, auth="oauth")` until the tool's answer."""

from __future__ import annotations

import time

from workshop_tools.bench.figures import Figure, Plan, Section, milliseconds
from workshop_tools.bench.place import Place


def measure(place: Place, plan: Plan) -> Section:
    """Measure the first sign-in of fresh processes and the later ones in each of them."""
    ready: list[float] = []
    first: list[float] = []
    warm: list[float] = []
    asleep: list[float] = []
    replayed: list[float] = []
    exchanges: list[float] = []
    with place.tenant():
        place.worker("register")
        for _ in range(plan.rounds):
            began = time.time()
            told = place.worker("sign-in", str(plan.rounds))
            ready.append(told["ready_at"] - began)
            first.append(told["first"])
            warm.append(told["warm"])
            asleep.append(told["asleep"])
            replayed.append(told["replayed"])
            exchanges.append(told["exchanges"])
    rest = [whole - sleep for whole, sleep in zip(warm, asleep, strict=True)]
    whole, awake = milliseconds("warm", warm), milliseconds("  of it everything else", rest)
    alone = milliseconds("its own HTTP exchanges replayed with servers that do nothing", replayed)
    return Section(
        'A whole sign-in: Client(url, auth="oauth") until the tool\'s answer',
        "Client, MCP server (AzureProvider) and user agent in one process, the practice tenant in another; "
        f"new tokens each time.\n  First: in {plan.rounds} fresh processes. Warm: the median of {plan.rounds} more "
        "in each of them.",
        [
            milliseconds("before it: start Python, import, start the server", ready),
            milliseconds("first in a fresh process", first),
            whole,
            milliseconds("  of it FastMCP's client asleep, after the callback", asleep),
            awake,
            Figure("HTTP exchanges of a sign-in", "exchanges", exchanges),
            alone,
            Figure("warm : replayed", "x", whole.over(alone).values),
            Figure("warm without the sleep : replayed", "x", awake.over(alone).values),
        ],
    )
