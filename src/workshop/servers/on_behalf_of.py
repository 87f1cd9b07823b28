"""The expense tracker behind the OAuth proxy, with tools that ask Microsoft Graph on behalf of the user.

It needs `msgraph-sdk` beside `fastmcp[azure]`. Its app needs Graph's delegated permissions User.Read,
GroupMember.Read.All, Files.Read and Mail.Send, with admin consent: an exchange can't ask anybody.

Run it with ``python -m workshop.servers.on_behalf_of``, ``fastmcp run -m workshop.servers.on_behalf_of`` or
``fastmcp run src/workshop/servers/run.py:on_behalf_of --transport http``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastmcp import FastMCP
from fastmcp.server.auth import AuthProvider
from fastmcp.server.auth.providers.azure import EntraOBOToken
from key_value.aio.protocols import AsyncKeyValue

from .acting import Acting
from .app_settings import LOCAL
from .apps import ToolsByCaller, add_tools_of_apps
from .audit import Audit
from .caller import CallerMiddleware
from .challenges import ChallengeErrors
from .expenses import ExpenseStore, add_tools
from .graph import Graph
from .proxy import EntraProxy, provider, server
from .settings import ProxySettings, load


def build(
    base_url: str | None = None,
    settings: ProxySettings | None = None,
    *,
    client_storage: AsyncKeyValue | None = None,
) -> FastMCP:
    """Return the server.

    Args:
        base_url: where clients reach it, without the path ``/mcp``; that of the settings if None, else
            http://localhost:8000.
        settings: from the environment if None.
        client_storage: where clients and tokens are kept; what the settings say if None.

    Raises:
        SettingsError: a value is missing or malformed.
    """
    settings = settings or load()
    proxy = provider(settings, base_url or settings.base_url or LOCAL, client_storage)
    return behind(proxy, proxy, settings)


def behind(auth: AuthProvider, proxy: EntraProxy, settings: ProxySettings, *, with_apps: bool = False) -> FastMCP:
    """Return the tools behind a door.

    Args:
        auth: the door: the proxy, or more than one that the proxy is part of.
        proxy: exchanges the users' tokens.
        with_apps: whether the door lets in apps that act for themselves; they have tools of their own.
    """
    acting = Acting(Graph(settings.graph_url), EntraOBOToken, proxy.close_obo_credentials)

    @asynccontextmanager
    async def lifespan(mcp: FastMCP[Any]) -> AsyncIterator[None]:
        async with proxy.lifespan(mcp), acting.lifespan(mcp):
            yield

    mcp = server("Expenses (on behalf of)", auth, proxy, settings, lifespan)
    mcp.add_middleware(CallerMiddleware())
    mcp.add_middleware(Audit(settings.audit_log))
    mcp.add_middleware(ChallengeErrors(proxy.pending.note))
    mcp.add_middleware(ToolsByCaller())
    store = ExpenseStore(settings.database)
    add_tools(mcp, store)
    acting.add_tools(mcp, store, settings.approvers_group_id)
    if with_apps:
        add_tools_of_apps(mcp, store)
    return mcp


if __name__ == "__main__":
    from .serve import main, with_settings

    main(with_settings(build, load))
