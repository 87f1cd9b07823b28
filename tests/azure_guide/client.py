"""The client of FastMCP's Azure guide; the first lines put the workshop's user agent in the browser's place."""

from __future__ import annotations

import asyncio
import json
import sys

from fastmcp import Client

import practice_tenant
from workshop import signin
from workshop.core import settings

signin.install(running=practice_tenant.found(settings.load().state))


async def main() -> None:
    async with Client(f"http://localhost:{sys.argv[1]}/mcp", auth="oauth") as client:
        result = await client.call_tool("get_user_info")
        print(json.dumps(result.data))


asyncio.run(main())
