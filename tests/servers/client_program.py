"""A client that signs in with the workshop's user agent, adds an expense if it can, and prints what it got."""

from __future__ import annotations

import asyncio
import json
import sys

from workshop import background, practice, signin
from workshop.core import settings

background.quiet_fastmcp()
mine = settings.load()
signin.install(mine, practice.enter(mine, "client"))

from fastmcp import Client  # noqa: E402  # what reads the environment comes after the start cell


async def main() -> None:
    got: dict[str, object] = {}
    async with Client(sys.argv[1], auth="oauth") as client:
        tools = {tool.name for tool in await client.list_tools()}
        got["info"] = (await client.call_tool("get_user_info")).data
        if "add_expense" in tools:
            lunch = {
                "amount": 12.5, "date": "2026-01-15", "category": "meals", "payment_method": "cash",
                "description": "Lunch",
            }  # fmt: skip
            await client.call_tool("add_expense", lunch)
            got["listed"] = (await client.call_tool("list_expenses")).data
        if "get_my_profile" in tools:
            got["profile"] = (await client.call_tool("get_my_profile")).data
            got["everyone"] = (await client.call_tool("summarize_everyones_expenses")).data
    print(json.dumps(got))


asyncio.run(main())
