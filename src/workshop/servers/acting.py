"""What makes a server act on behalf of its users: the way to Graph, the exchanges, their tools, and their end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastmcp import Context, FastMCP

from .arguments import ArgumentErrors, Arguments
from .caller import caller_of
from .expenses import ExpenseStore
from .graph import Graph
from .graph_tools import READ_ONLY, USER_READ, Token, add_graph_tools, in_group
from .refusals import CallRefused

NOT_A_MEMBER = (
    "Only members of the approvers' group may see everyone's sums, and you are not in it. Ask the group's owner to "
    "add you, or use summarize_expenses for your own."
)


@dataclass(frozen=True)
class Acting:
    """The parts that every tool of Graph shares.

    Attributes:
        token: makes the argument that brings the user's token.
        close_exchanges: ends the connections to Entra.
    """

    graph: Graph
    token: Token
    close_exchanges: Callable[[], Awaitable[None]]

    @asynccontextmanager
    async def lifespan(self, _: FastMCP[Any]) -> AsyncIterator[None]:
        """Close everything when the server ends."""
        try:
            yield
        finally:
            await self.close_exchanges()
            await self.graph.close()

    def add_tools(self, mcp: FastMCP, store: ExpenseStore, approvers_group_id: str | None) -> None:
        """Add the tools; the one for the approvers' group only where there is such a group."""
        add_graph_tools(mcp, self.graph, self.token)
        if approvers_group_id:
            add_approvals(mcp, store, self.graph, self.token, approvers_group_id)


def add_approvals(mcp: FastMCP, store: ExpenseStore, graph: Graph, token: Token, group_id: str) -> None:
    """Add the tool that only members of a group may use: the sums of everyone's expenses.

    Args:
        group_id: the object id of the group. Not its name: anyone who may make groups could make another of that name.
    """
    mcp.add_middleware(ArgumentErrors({"summarize_everyones_expenses": Arguments({}, {})}))
    scopes = token([graph.scope(USER_READ)])

    @mcp.tool(annotations=READ_ONLY)
    async def summarize_everyones_expenses(context: Context, graph_token: str = scopes) -> dict[str, Any]:
        """Add up the expenses of everyone in the organization. Only for members of the approvers' group."""
        owner = await caller_of(context)
        if not await in_group(graph, graph_token, group_id):
            raise CallRefused(NOT_A_MEMBER)
        people, count, total = await asyncio.to_thread(store.summarize_tenant, owner.tenant_id)
        return {"people": people, "count": count, "total": float(total)}
