"""What makes a server act on behalf of its users: the way to Graph, the exchanges, their tools, and their end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastmcp import FastMCP

from .approvals import add_approvals
from .expenses import ExpenseStore
from .graph import Graph
from .graph_tools import Token, add_graph_tools


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
