"""Callers without a user: which tools are for them, and what they may see.

An agent or a daemon calls with a token that it got for itself (client credentials). There is nobody in it whose
expenses or mail it could ask for. So a tool is for users unless it is marked for apps, and what an app sees is nobody's
own.

Source: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastmcp import FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.server.dependencies import get_access_token
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from fastmcp.server.middleware.authorization import _requested_version
from fastmcp.tools import Tool, ToolResult
from mcp_types import CallToolRequestParams, ListToolsRequest

from .arguments import ArgumentErrors, Arguments
from .caller import OF_USERS, is_app
from .expenses import ExpenseStore

FOR_APPS, FOR_USERS = "for apps", "for users"
"""Tags of a tool: who may use it. Both for both; without either it is for users."""

OF_APPS = (
    "This is a tool for apps that act for themselves (app-only tokens with an app role), and you are a user. Use one "
    "of the tools that the server lists for you."
)
NO_SUCH = "There is no tool of that name for apps that act for themselves. Use one of those that the server lists."


@dataclass(frozen=True)
class CallingApp:
    """An app that acts for itself.

    Attributes:
        client_id: its application id (`azp`).
        object_id: of its service principal in the tenant (`oid`).
    """

    tenant_id: str
    client_id: str
    object_id: str


def calling_app() -> CallingApp:
    """Return the app that calls this tool.

    Raises:
        ToolError: a user calls, or nobody is known.
    """
    token = get_access_token()
    if token is None or not is_app(token):
        raise ToolError(OF_APPS, log_level=logging.WARNING)
    return CallingApp(*(str(token.claims[name]) for name in ("tid", "azp", "oid")))


class ToolsByCaller(Middleware):
    """List for each caller the tools that are for such a caller, and refuse the others with the reason."""

    async def on_list_tools(
        self, context: MiddlewareContext[ListToolsRequest], call_next: CallNext[ListToolsRequest, Sequence[Tool]]
    ) -> Sequence[Tool]:
        """Leave out what is for others."""
        return [tool for tool in await call_next(context) if _is_for_caller(tool)]

    async def on_call_tool(
        self,
        context: MiddlewareContext[CallToolRequestParams],
        call_next: CallNext[CallToolRequestParams, ToolResult],
    ) -> ToolResult:
        """Go on if the tool is for such a caller.

        Raises:
            ToolError: it is for others.
        """
        server, asked, app = context.fastmcp_context, context.message, is_app(get_access_token())
        # That of the version that is asked for: another version may be for others.
        version = _requested_version(asked.meta)
        tool = await server.fastmcp.get_tool(asked.name, version=version) if server else None
        if tool is None and app:  # FastMCP knows other names of tools, and their marks are not seen here
            raise ToolError(NO_SUCH, log_level=logging.WARNING)
        if tool is not None and not _is_for_caller(tool):
            raise ToolError(OF_USERS if app else OF_APPS, log_level=logging.WARNING)
        return await call_next(context)


def add_tools_of_apps(mcp: FastMCP, store: ExpenseStore) -> None:
    """Add what an app may use, to a server that has `ToolsByCaller`."""
    mcp.add_middleware(ArgumentErrors({"count_expenses": Arguments({}, {})}))

    @mcp.tool(tags={FOR_APPS}, annotations={"readOnlyHint": True, "openWorldHint": False})
    async def count_expenses() -> dict[str, Any]:
        """Count the expenses of everyone in the organization by category: no amounts, and nobody's own. For apps."""
        counts = await asyncio.to_thread(store.count_by_category, calling_app().tenant_id)
        return {"count": sum(counts.values()), "by_category": counts}


def _is_for_caller(tool: Tool) -> bool:
    if is_app(get_access_token()):
        return FOR_APPS in tool.tags
    return FOR_APPS not in tool.tags or FOR_USERS in tool.tags
