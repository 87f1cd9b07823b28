"""The server that takes Entra's own tokens, called by two people and by a stranger's token."""

from __future__ import annotations

import entras_own_tokens
import httpx
import pytest
from fastmcp import Client
from fastmcp.utilities.tests import run_server_async

from practice_tenant import Directory, SignInFailed
from practice_tenant.pytest_plugin import SignsIn

pytestmark = pytest.mark.anyio


async def test_each_person_has_notes_of_their_own(practice_directory: Directory, signed_in: SignsIn, port: int) -> None:
    app = practice_directory.register("Notes")
    environ = {"AZURE_TENANT_ID": app.tenant_id, "AZURE_CLIENT_ID": app.client_id}
    robin, sam = (signed_in(name, [app.scope()]) for name in ("robin", "sam"))
    async with run_server_async(entras_own_tokens.build(f"http://localhost:{port}", environ), port=port) as url:
        async with Client(url, auth=robin.access_token) as client:
            assert (await client.call_tool("add_note", {"text": "Milk"})).data == 1
        async with Client(url, auth=sam.access_token) as client:
            assert (await client.call_tool("my_notes")).data == []


async def test_a_token_for_another_app_is_refused(practice_directory: Directory, signed_in: SignsIn, port: int) -> None:
    app, other = practice_directory.register("Notes"), practice_directory.register("Payroll")
    environ = {"AZURE_TENANT_ID": app.tenant_id, "AZURE_CLIENT_ID": app.client_id}
    robin = signed_in("robin", [other.scope()])
    async with (
        run_server_async(entras_own_tokens.build(f"http://localhost:{port}", environ), port=port) as url,
        httpx.AsyncClient(headers=robin.headers) as client,
    ):
        assert (await client.post(url, json={})).status_code == 401


async def test_an_expired_token_is_refused(practice_directory: Directory, signed_in: SignsIn, port: int) -> None:
    app = practice_directory.register("Notes")
    environ = {"AZURE_TENANT_ID": app.tenant_id, "AZURE_CLIENT_ID": app.client_id}
    with practice_directory.clock(-7_200):  # its tokens are two hours old when they are made
        robin = signed_in("robin", [app.scope()])
    async with (
        run_server_async(entras_own_tokens.build(f"http://localhost:{port}", environ), port=port) as url,
        httpx.AsyncClient(headers=robin.headers) as client,
    ):
        assert (await client.post(url, json={})).status_code == 401


def test_who_has_left_the_company_signs_in_no_more(practice_directory: Directory, signed_in: SignsIn) -> None:
    app = practice_directory.register("Notes")
    with practice_directory.disable("robin"), pytest.raises(SignInFailed, match="AADSTS50057"):
        signed_in("robin", [app.scope()])
