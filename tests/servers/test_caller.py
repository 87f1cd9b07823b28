"""Who calls: known to every tool for one request, and no data where nobody is known."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from fastmcp import Client, FastMCP
from fastmcp.server.auth.providers.azure import AzureJWTVerifier
from fastmcp.server.dependencies import get_access_token
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from server_help import serving

from workshop.background import BackgroundServer
from workshop.servers.caller import OBJECT_ID, TENANT_ID, CallerMiddleware, Owner
from workshop.servers.expenses import ExpenseStore, add_tools
from workshop.servers.verifier import EntraTokenVerifier, Rules

from .conftest import Entra
from .forge import decoded
from .test_tools import LUNCH

NOBODY = "The server does not know who is calling"


@contextmanager
def expenses(entra: Entra, *middleware: Middleware) -> Iterator[tuple[BackgroundServer, ExpenseStore]]:
    """Run the expense tracker where clients bring Entra's own token."""
    store = ExpenseStore()

    def build(_: str) -> FastMCP:
        azure = AzureJWTVerifier(client_id=entra.app.client_id, tenant_id=entra.tenant.id, required_scopes=["access"])
        mcp = FastMCP("direct", auth=EntraTokenVerifier(azure, Rules(frozenset({entra.tenant.id}))))
        for one in middleware:
            mcp.add_middleware(one)
        add_tools(mcp, store)
        return mcp

    with serving(build, name="direct") as server:
        yield server, store


def call(server: BackgroundServer, token: str, tool: str = "add_expense", **client: Any) -> Any:
    """Call a tool and return its answer, or what was said instead."""

    async def ask() -> Any:
        async with Client(server.url, auth=token, **client) as connected:
            arguments = LUNCH if tool == "add_expense" else {}
            result = await connected.call_tool(tool, arguments, raise_on_error=False)
            return result.content[0].text if result.is_error else result.data

    return asyncio.run(ask())


@pytest.fixture(scope="module")
def tokens(entra: Entra) -> Callable[[str], str]:
    """Return Entra's access token for one of the people."""
    kept: dict[str, str] = {}

    def token(name: str) -> str:
        if name not in kept:
            kept[name] = entra.world.tokens(entra.app, name)["access_token"]
        return kept[name]

    return token


def test_the_ids_are_those_of_the_token(entra: Entra, tokens: Callable[[str], str]) -> None:
    with expenses(entra, CallerMiddleware()) as (server, store):
        for name in ("robin", "sam", "kim"):
            claims = decoded(tokens(name), 1)
            assert call(server, tokens(name))["number"] == 1
            assert len(store.list(Owner(claims["tid"], claims["oid"]))) == 1
            info = call(server, tokens(name), "get_user_info")
            assert (info["object_id"], info["tenant_id"]) == (claims["oid"], claims["tid"])


class Forgetful(Middleware):
    """What older guides show: set_state was no coroutine then."""

    async def on_request(self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]) -> Any:
        token = get_access_token()
        assert token
        assert context.fastmcp_context
        context.fastmcp_context.set_state(OBJECT_ID, token.claims["oid"])  # type: ignore[unused-coroutine]
        context.fastmcp_context.set_state(TENANT_ID, token.claims["tid"])  # type: ignore[unused-coroutine]
        return await call_next(context)


@pytest.mark.parametrize("middleware", [(), (Forgetful(),)], ids=["no middleware", "without await"])
@pytest.mark.parametrize("tool", ["add_expense", "list_expenses", "summarize_expenses"])
def test_where_nobody_is_known_there_is_no_data(
    tool: str, middleware: tuple[Middleware, ...], entra: Entra, tokens: Callable[[str], str]
) -> None:
    """Better that than one heap of everybody's expenses."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # "coroutine was never awaited": all that Python says
        with expenses(entra, *middleware) as (server, store):
            assert NOBODY in call(server, tokens("robin"), tool)
            claims = decoded(tokens("robin"), 1)
            assert store.list(Owner(claims["tid"], claims["oid"])) == []


def test_a_session_of_one_user_gives_another_nothing(entra: Entra, tokens: Callable[[str], str]) -> None:
    """Somebody else's session id with one's own token: refused, and surely not with the other's data."""
    with expenses(entra, CallerMiddleware()) as (server, _):

        async def robins_session() -> tuple[str, httpx.Response, httpx.Response]:
            async with Client(server.url, auth=tokens("robin"), mode="legacy") as client:
                await client.call_tool("add_expense", LUNCH | {"description": "Robin's own"})
                session = str(client.transport.get_session_id())
                return session, await listed(session, "sam"), await listed(session, "robin")

        async def listed(session: str, name: str) -> httpx.Response:
            headers = {
                "Accept": "application/json, text/event-stream",
                "Authorization": f"Bearer {tokens(name)}",
                "Mcp-Session-Id": session,
                "MCP-Protocol-Version": "2025-11-25",
            }
            message = {"jsonrpc": "2.0", "id": 9, "method": "tools/call", "params": {"name": "list_expenses"}}
            async with httpx.AsyncClient(trust_env=False, timeout=120) as client:
                return await client.post(server.url, headers=headers, json=message)

        session, sams, robins = asyncio.run(robins_session())
    assert session
    assert "Robin's own" in robins.text, "the session is good, and the way of asking is right"
    assert sams.status_code >= 400
    assert "Robin" not in sams.text


def test_the_state_does_not_outlive_its_request(entra: Entra, tokens: Callable[[str], str]) -> None:
    """In a session of the older protocol, state would stay: an identity must not."""
    with expenses(entra, Once()) as (server, _):

        async def two_calls() -> tuple[Any, Any]:
            async with Client(server.url, auth=tokens("robin"), mode="legacy") as client:
                first = await client.call_tool("list_expenses", raise_on_error=False)
                second = await client.call_tool("list_expenses", raise_on_error=False)
                return first.is_error, second.content[0].text

        failed, second = asyncio.run(two_calls())
    assert not failed
    assert NOBODY in second


class Once(CallerMiddleware):
    """Notes the caller of the first tool call only."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    async def on_request(self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]) -> Any:
        self.calls += context.method == "tools/call"
        return await (super().on_request(context, call_next) if self.calls < 2 else call_next(context))
