"""Two people call every tool of every server at the same time, as a notebook would run them.

It prints one JSON object per server and way of connecting: what each person got, told by what it should never hold.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from workshop import background, practice, registration, signin
from workshop.core import settings

APPROVERS_ONLY = "summarize_everyones_expenses"

background.quiet_fastmcp()
mine = settings.load()
running = practice.enter(mine)
agent = signin.install(mine, running)
registration.ready(mine)
registration.ready(mine, registration.ON_BEHALF_OF)

from azure.identity import InteractiveBrowserCredential  # noqa: E402  # what reads the environment comes after the start
from fastmcp import Client  # noqa: E402
from fastmcp.client.auth import BearerAuth  # noqa: E402
from fastmcp.client.elicitation import ElicitResult  # noqa: E402

from workshop.core.well_known import VISUAL_STUDIO_CODE  # noqa: E402
from workshop.servers import both_doors, on_behalf_of, preauthorized, proxy  # noqa: E402
from workshop.servers.preauthorized_settings import PreauthorizedSettings  # noqa: E402
from workshop.servers.settings import ProxySettings, load  # noqa: E402

AT_ONCE = 8
EXPENSES = ["add_expense"] * 5 + ["list_expenses", "summarize_expenses"] * 2 + ["get_user_info"]
GRAPH = ["get_my_profile", "list_my_groups", "list_my_files", "read_my_file", "send_mail", APPROVERS_ONLY]

# What is whose, as the practice tenant seeds it.
GROUPS = {"robin": {"Finance", "Expense approvers"}, "sam": {"Engineering"}}
FILES = {"robin": {"Expenses 2026.csv", "Travel policy.md", "Receipts"}, "sam": {"Design notes.md", "Releases"}}


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
    files: list[str] = field(default_factory=list)
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
        if tool == "read_my_file":
            arguments = {"file_id": self.files[number % len(self.files)]}
        if tool == "send_mail":
            arguments = {"to": f"{self.name}@contoso.onmicrosoft.com", "subject": f"Call {number}", "body": self.name}
        least = len(self.added)
        result = await self.client.call_tool(tool, arguments, raise_on_error=False)
        data = result.data
        self.calls[tool] += 1
        if result.is_error:
            said = str(getattr(result.content[0], "text", ""))
            if (self.name, tool) != ("sam", APPROVERS_ONLY) or "you are not in it" not in said:
                self.strange.append(f"{tool}: {said[:200]}")
            return
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
        if tool == "list_my_groups":
            return {one["name"] for one in data} == GROUPS[self.name]
        if tool == "list_my_files":
            return {one["name"] for one in data} == FILES[self.name]
        if tool == "read_my_file":
            return bool(data["name"] in FILES[self.name] and data["text"])
        if tool == "send_mail":
            return bool(data == {"sent": True, "to": f"{self.name}@contoso.onmicrosoft.com"})
        if tool == APPROVERS_ONLY:
            return bool(self.name == "robin" and data["people"] == len(GROUPS))
        return bool(data["username"] == f"{self.name}@contoso.onmicrosoft.com")


async def yes(message: str, *_: Any) -> ElicitResult[dict[str, bool]]:
    """Say yes to the mails that are meant."""
    return ElicitResult(action="accept", content={"confirm": "Call " in message})


@dataclass(frozen=True)
class Server:
    """A server and who comes in how.

    Attributes:
        direct: names of those who bring Entra's own token; the others sign in by the proxy.
    """

    name: str
    url: str
    tools: list[str]
    mode: str = "auto"
    direct: tuple[str, ...] = ()


async def signed_in(server: Server, token: dict[str, str], stack: AsyncExitStack) -> list[Person]:
    """Sign two people in, each with a client of their own."""
    people: list[Person] = []
    for name, unit in (("robin", 1.0), ("sam", 1000.0)):
        auth: Any = BearerAuth(token[name]) if name in server.direct else "oauth"
        made: Client[Any] = Client(server.url, auth=auth, mode=server.mode, elicitation_handler=yes)
        with agent.as_user(f"{name}@contoso.onmicrosoft.com"):
            client = await stack.enter_async_context(made)
        people.append(Person(name, client, unit))
        if "read_my_file" in server.tools:
            listed = (await client.call_tool("list_my_files")).data
            people[-1].files = [one["id"] for one in listed if one["kind"] == "file"]
    return people


async def use(server: Server, calls: int, chance: random.Random, token: dict[str, str]) -> dict[str, Any]:
    """Let two people call in turns that nobody chose."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(person: Person, number: int, tool: str) -> None:
        async with gate:
            await person.call(number, tool)

    async with AsyncExitStack() as stack:
        people = await signed_in(server, token, stack)
        for number, person in enumerate(people):
            await person.call(-1 - number, "add_expense")
            person.added.clear()
        before = [(await person.client.call_tool("summarize_expenses")).data["count"] for person in people]
        order = [(person, number, tool) for number, tool in enumerate(sorted(set(server.tools))) for person in people]
        more = chance.choices(server.tools, k=calls - len(order))
        order += [(chance.choice(people), number, tool) for number, tool in enumerate(more, len(order))]
        chance.shuffle(order)
        began = time.monotonic()
        await asyncio.gather(*(one(*each) for each in order))
        seconds = time.monotonic() - began
        after = [(await person.client.call_tool("summarize_expenses")).data["count"] for person in people]
    told = [
        {"calls": person.calls, "strange": person.strange, "added": sorted(person.added), "counts": counts}
        for person, *counts in zip(people, before, after, strict=True)
    ]
    switches = sum(one[0] is not other[0] for one, other in pairwise(order))
    return {"server": f"{server.name}, {server.mode}", "calls": len(order), "seconds": seconds} | {
        "switches": switches, "tools": sorted(set(server.tools)), "people": told,
    }  # fmt: skip


def acting_settings() -> ProxySettings:
    """Return the settings of the app that acts on behalf of users, with the group of the approvers."""
    environ = registration.as_proxy(settings.load(project=mine.project))
    group = registration.Desk(mine).group_id("Expense approvers")
    return load(environ | {"ENTRA_PROXY_APPROVERS_GROUP_ID": group}, mine.state)


def tokens(told: ProxySettings) -> dict[str, str]:
    """Return Entra's own tokens for the app, which a client on the list gets by itself."""
    found = {}
    for name in GROUPS:
        with agent.as_user(f"{name}@contoso.onmicrosoft.com"):
            options = {"tenant_id": told.tenant_id, "client_id": VISUAL_STUDIO_CODE}
            credential = InteractiveBrowserCredential(**options)
            found[name] = credential.get_token(f"api://{told.client_id}/mcp-access").token
    return found


def main() -> None:
    told = acting_settings()
    direct = PreauthorizedSettings(
        told.client_id, told.tenant_id, client_secret=told.client_secret, required_scopes=told.required_scopes,
        approvers_group_id=told.approvers_group_id,
    )  # fmt: skip
    started = [
        background.start(proxy.build, port=0, name="proxy"),
        background.start(lambda url: preauthorized.build(url, direct), port=0, name="preauthorized"),
        background.start(lambda url: on_behalf_of.build(url, told), port=0, name="on behalf of"),
        background.start(lambda url: both_doors.build(url, told), port=0, name="both doors"),
    ]
    plain, own, acting, both = (server.url for server in started)
    everything = EXPENSES * 4 + GRAPH  # a call that goes on to Graph costs as much as ten
    rounds = [
        (Server("proxy", plain, EXPENSES), 340),
        (Server("proxy", plain, EXPENSES, "legacy"), 60),
        (Server("preauthorized", own, everything, direct=("robin", "sam")), 200),
        (Server("on behalf of", acting, everything), 200),
        (Server("both doors", both, everything, direct=("sam",)), 200),
    ]
    chance = random.Random(20261121)  # noqa: S311 - an order, not a secret
    token = tokens(told)
    for server, calls in rounds:
        print(json.dumps(asyncio.run(use(server, calls, chance, token))), flush=True)
    print(json.dumps([line.text for server in started for line in server.log if line.level == "error"]))


main()
