"""Two people call every tool of the server behind the proxy at the same time, as a notebook would run it.

It prints one JSON object per way of connecting: what each person got, told by what it should never hold.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from workshop import background, practice, registration, settings, signin

background.quiet_fastmcp()
mine = settings.load()
running = practice.enter(mine)
agent = signin.install(mine, running)
registration.ready(mine)

from fastmcp import Client  # noqa: E402  # what reads the environment comes after the start cell

from workshop.servers import proxy  # noqa: E402

AT_ONCE = 8
TOOLS = ["add_expense"] * 5 + ["list_expenses", "summarize_expenses"] * 2 + ["get_user_info"]


@dataclass
class Person:
    """Somebody who is signed in, and what is known of their own expenses.

    Attributes:
        unit: the amount of each of their expenses, so that another's would show in a sum.
        strange: answers that hold what is not theirs.
    """

    name: str
    client: Client[Any]
    unit: float
    added: list[int] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    strange: list[str] = field(default_factory=list)

    async def call(self, number: int, tool: str) -> None:
        """Call a tool and look at the answer."""
        arguments: dict[str, Any] = {}
        if tool == "add_expense":
            arguments = {
                "amount": self.unit, "date": "2026-01-15", "category": "meals", "payment_method": "cash",
                "description": f"{self.name} {number}",
            }  # fmt: skip
        if tool == "list_expenses":
            arguments = {"limit": 500}
        least = len(self.added)
        data = (await self.client.call_tool(tool, arguments)).data
        self.calls[tool] += 1
        if not self.own(tool, number, least, data):
            self.strange.append(f"{tool}: {json.dumps(data)[:200]}")

    def own(self, tool: str, number: int, least: int, data: Any) -> bool:
        """Say whether an answer holds what is this person's and nothing else."""
        if tool == "add_expense":
            self.added.append(data["number"])
            return bool(data["description"] == f"{self.name} {number}" and data["amount"] == self.unit)
        if tool == "list_expenses":
            words = [one["description"].split()[0] for one in data]
            return len(words) >= least and set(words) <= {self.name}
        if tool == "summarize_expenses":
            right = data["total"] == data["count"] * self.unit == data["by_category"].get("meals", 0)
            return bool(right and data["count"] >= least)
        return bool(data["username"] == f"{self.name}@contoso.onmicrosoft.com")


async def signed_in(url: str, mode: str, stack: AsyncExitStack) -> list[Person]:
    """Sign two people in, each with a client of their own."""
    people: list[Person] = []
    for name, unit in (("robin", 1.0), ("sam", 1000.0)):
        with agent.as_user(f"{name}@contoso.onmicrosoft.com"):
            client: Client[Any] = await stack.enter_async_context(Client(url, auth="oauth", mode=mode))
        people.append(Person(name, client, unit))
    return people


async def use(url: str, mode: str, calls: int, chance: random.Random) -> dict[str, Any]:
    """Let two people call in turns that nobody chose."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(person: Person, number: int, tool: str) -> None:
        async with gate:
            await person.call(number, tool)

    async with AsyncExitStack() as stack:
        people = await signed_in(url, mode, stack)
        before = [(await person.client.call_tool("summarize_expenses")).data["count"] for person in people]
        order = [(chance.choice(people), number, tool) for number, tool in enumerate(chance.choices(TOOLS, k=calls))]
        began = time.monotonic()
        await asyncio.gather(*(one(*each) for each in order))
        seconds = time.monotonic() - began
        after = [(await person.client.call_tool("summarize_expenses")).data["count"] for person in people]
    told = [
        {"calls": person.calls, "strange": person.strange, "added": sorted(person.added), "counts": counts}
        for person, *counts in zip(people, before, after, strict=True)
    ]
    switches = sum(one[0] is not other[0] for one, other in pairwise(order))
    return {"mode": mode, "seconds": seconds, "switches": switches, "people": told}


def main() -> None:
    server = background.start(proxy.build, port=int(sys.argv[1]))
    chance = random.Random(20261121)  # noqa: S311 - an order, not a secret
    for mode, calls in (("auto", int(sys.argv[2])), ("legacy", int(sys.argv[3]))):
        print(json.dumps(asyncio.run(use(server.url, mode, calls, chance))), flush=True)
    print(json.dumps([line.text for line in server.log if line.level == "error"]))


main()
