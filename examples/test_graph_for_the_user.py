"""The server that asks Microsoft Graph for its user, with and without the consent that this needs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import graph_for_the_user
import pytest
from fastmcp import Client
from fastmcp.exceptions import ToolError
from fastmcp.utilities.tests import run_server_async
from key_value.aio.stores.memory import MemoryStore

from practice_tenant import Directory, RegisteredApp

pytestmark = pytest.mark.anyio

GRAPH = "https://graph.microsoft.com"


@asynccontextmanager
async def client_of(account: str, directory: Directory, port: int) -> AsyncIterator[tuple[Client, RegisteredApp]]:
    """Run the server with an app of its own, and sign somebody in."""
    base_url = f"http://localhost:{port}"
    app = directory.register("Profile", redirect_uris=[f"{base_url}/auth/callback"])
    environ = {
        "AZURE_TENANT_ID": app.tenant_id,
        "AZURE_CLIENT_ID": app.client_id,
        "AZURE_CLIENT_SECRET": app.client_secret,
    }
    server = graph_for_the_user.build(base_url, environ, MemoryStore())
    with directory.browser(account).in_place():
        async with (
            run_server_async(server, host="localhost", port=port) as url,
            Client(url, auth="oauth") as client,
        ):
            yield client, app


@pytest.mark.parametrize(("account", "job"), [("robin", "Accountant"), ("sam", "Software engineer")])
async def test_it_tells_each_person_their_own(practice_directory: Directory, port: int, account: str, job: str) -> None:
    async with client_of(account, practice_directory, port) as (client, _):
        assert (await client.call_tool("my_job")).data == job


async def test_without_consent_the_tool_fails_and_the_log_says_why(
    practice_directory: Directory, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with client_of("robin", practice_directory, port) as (client, app):
        practice_directory.withdraw_consent(app.client_id, GRAPH)
        with pytest.raises(ToolError):
            await client.call_tool("my_job")
    assert "AADSTS65001" in caplog.text


async def test_when_graph_asks_for_patience_the_tool_fails_once(practice_directory: Directory, port: int) -> None:
    async with client_of("robin", practice_directory, port) as (client, _):
        with practice_directory.fault("throttle", at="graph", times=1), pytest.raises(ToolError, match="Rate limited"):
            await client.call_tool("my_job")
        assert (await client.call_tool("my_job")).data == "Accountant"
