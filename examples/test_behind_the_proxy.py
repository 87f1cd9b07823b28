"""The server behind AzureProvider, with FastMCP's own client: it registers, and a browser signs in."""

from __future__ import annotations

import behind_the_proxy
import pytest
from fastmcp import Client
from fastmcp.utilities.tests import run_server_async
from key_value.aio.stores.memory import MemoryStore

from practice_tenant import Directory

pytestmark = pytest.mark.anyio


async def test_robin_signs_in(practice_directory: Directory, port: int) -> None:
    base_url = f"http://localhost:{port}"
    app = practice_directory.register("Notes", redirect_uris=[f"{base_url}/auth/callback"])
    environ = {
        "AZURE_TENANT_ID": app.tenant_id,
        "AZURE_CLIENT_ID": app.client_id,
        "AZURE_CLIENT_SECRET": app.client_secret,
    }
    server = behind_the_proxy.build(base_url, environ, MemoryStore())
    with practice_directory.browser("robin").in_place() as browser:
        async with (
            run_server_async(server, host="localhost", port=port) as url,
            Client(url, auth="oauth") as client,
        ):
            assert (await client.call_tool("who_am_i")).data == practice_directory.account("robin")
    assert browser.last is not None
    assert browser.last.outcome == "signed in"
