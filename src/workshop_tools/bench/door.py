"""What the CONNECT proxy costs beside the TLS listener reached directly."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx

from practice_tenant.client.control import Running
from workshop.errors import WorkshopError
from workshop_tools.bench.figures import Figure, Plan, Section, in_turns, rate
from workshop_tools.bench.place import Place, discovery_path, trusting

HOST = "https://login.microsoftonline.com"


def measure(place: Place, plan: Plan) -> Section:
    """Measure one client's requests through the proxy and directly, with kept and with new connections."""
    with place.tenant() as running:
        taken = in_turns(
            plan.rounds,
            {
                "direct": _asking(running, plan.seconds, proxied=False, keep=True),
                "proxied": _asking(running, plan.seconds, proxied=True, keep=True),
                "direct, new": _asking(running, plan.seconds, proxied=False, keep=False),
                "proxied, new": _asking(running, plan.seconds, proxied=True, keep=False),
            },
        )
    direct = rate("direct, connection kept", taken["direct"])
    proxied = rate("through the proxy, connection kept", taken["proxied"])
    direct_new = rate("direct, a new connection each time", taken["direct, new"])
    proxied_new = rate("through the proxy, a new connection each time", taken["proxied, new"])
    return Section(
        "The CONNECT proxy",
        "Requests for the discovery document, one after the other, by one httpx client over TLS.",
        [
            direct,
            proxied,
            Figure("through the proxy : direct, connection kept", "x", proxied.over(direct).values),
            direct_new,
            proxied_new,
            Figure("through the proxy : direct, new connections", "x", proxied_new.over(direct_new).values),
        ],
    )


def _asking(running: Running, seconds: float, *, proxied: bool, keep: bool) -> Callable[[], float]:
    url = (HOST if proxied else running.https) + discovery_path(running)

    def ask() -> float:
        limits = httpx.Limits(max_keepalive_connections=1 if keep else 0)
        proxy = running.doors.proxy if proxied else None
        with httpx.Client(verify=trusting(running), proxy=proxy, trust_env=False, limits=limits, timeout=60) as client:
            _fetch(client, url)
            began = time.perf_counter()
            count = 0
            while (taken := time.perf_counter() - began) < seconds:
                _fetch(client, url)
                count += 1
        return count / taken

    return ask


def _fetch(client: httpx.Client, url: str) -> None:
    if client.get(url).status_code != 200:
        raise WorkshopError(f"{url} did not answer as it should.")
