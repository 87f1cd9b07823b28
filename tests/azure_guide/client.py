"""The client of FastMCP's Azure guide; the first lines put the workshop's user agent in the browser's place."""

from __future__ import annotations

import asyncio
import json
import sys

from fastmcp import Client

from workshop import practice, settings, signin

signin.install(running=practice.found(settings.load().state))


async def main() -> None:
    async with Client(f"http://localhost:{sys.argv[1]}/mcp", auth="oauth") as client:
        result = await client.call_tool("get_user_info")
        print(json.dumps(result.data))


asyncio.run(main())
