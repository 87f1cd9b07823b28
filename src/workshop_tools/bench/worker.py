"""What `workshop bench` runs in fresh processes. Each prints one JSON object."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Coroutine
from typing import Any

import anyio

from workshop import practice, registration, signin
from workshop.background import quiet_fastmcp
from workshop.core import settings
from workshop.trace import recording
from workshop_tools.bench.replay import idle_servers

SLEEPER = "fastmcp.client.auth.oauth"


class Asleep:
    """Counts the seconds that FastMCP's sign-in spends in `anyio.sleep`."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._sleep = anyio.sleep
        anyio.sleep = self.sleep

    def sleep(self, delay: float) -> Coroutine[Any, Any, None]:
        """Stand in for `anyio.sleep`."""
        asked_by = sys._getframe(1).f_globals.get("__name__")  # noqa: SLF001 (who calls is the question)
        return self._timed(delay) if asked_by == SLEEPER else self._sleep(delay)

    async def _timed(self, delay: float) -> None:
        began = time.perf_counter()
        try:
            await self._sleep(delay)
        finally:
            self.seconds += time.perf_counter() - began


def register() -> dict[str, float]:
    """Register the app that the other processes use."""
    current = settings.load()
    signin.install(current, practice.enter(current))
    registration.ready(current)
    return {}


def sign_in(warm: int) -> dict[str, float]:
    """Sign in once and then `warm` times more, each as a new client; then replay what the last one sent."""
    quiet_fastmcp()
    warnings.filterwarnings("ignore", message="Using in-memory token storage")
    current = settings.load()
    running = practice.enter(current)
    signin.install(current, running)

    from fastmcp import Client

    from workshop import background
    from workshop.servers import whoami

    server = background.start(whoami.build, port=0)

    async def once() -> float:
        began = time.perf_counter()
        async with Client(server.url, auth="oauth") as client:
            await client.call_tool("get_user_info")
            return time.perf_counter() - began

    ready_at = time.time()
    first = asyncio.run(once())
    asleep = Asleep()
    taken = [asyncio.run(once()) for _ in range(warm)]
    seconds_asleep = asleep.seconds / warm
    with recording(running) as recorded:
        asyncio.run(once())
    server.stop()
    with idle_servers(running) as idle:
        idle.replay(recorded.hops)
        replayed = [idle.replay(recorded.hops) for _ in range(warm)]
    return {
        "ready_at": ready_at,
        "first": first,
        "warm": statistics.median(taken),
        "asleep": seconds_asleep,
        "exchanges": len(recorded.hops),
        "replayed": statistics.median(replayed),
    }


def imports() -> dict[str, float]:
    """Import what a program needs that signs one person in and calls a tool."""
    import fastmcp  # noqa: F401

    from workshop_tools.bench import visitors  # noqa: F401

    return {}


def crowd(count: int) -> dict[str, float]:
    """Let many people sign in at once."""
    quiet_fastmcp()
    current = settings.load()
    running = practice.enter(current)
    signin.install(current, running)

    from workshop_tools.bench import visitors

    return visitors.crowd(current, running, count)


ACTIONS: dict[str, Callable[..., dict[str, float]]] = {
    "register": register,
    "sign-in": sign_in,
    "imports": imports,
    "crowd": crowd,
}

if __name__ == "__main__":
    action, *numbers = sys.argv[1:]
    print(json.dumps(ACTIONS[action](*map(int, numbers))))
