"""Entra's token as it came by way of the proxy: which MCP client brought it.

Entra knows the server's own app alone. The MCP client registered at the proxy, which issued the token that it brought.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

from fastmcp.server.auth import AccessToken

from .logs import escaped

LONGEST_ID = 200
LONGEST_NAME = 60
MOST = 1_000


class ProxiedToken(AccessToken):
    """A verified token of Entra, with the MCP client that it was issued for.

    Attributes:
        mcp_client: its id at the proxy; that of a client that names itself by a document is the document's address.
        mcp_client_name: what it calls itself. Any program may call itself anything.
    """

    mcp_client: str
    mcp_client_name: str | None = None

    def client(self) -> dict[str, Any]:
        """Return both for a log."""
        name = self.mcp_client_name
        return {
            "mcp_client": escaped(self.mcp_client, LONGEST_ID),
            "mcp_client_calls_itself": None if name is None else escaped(name, LONGEST_NAME),
        }


class ClientNames:
    """What the MCP clients call themselves, asked for once each: a registration does not change."""

    def __init__(self, ask: Callable[[str], Awaitable[Any]]) -> None:
        self.ask = ask
        self._known: OrderedDict[str, str | None] = OrderedDict()

    async def of(self, client_id: str) -> str | None:
        """Return the name of a client, or None if it has none or is no longer known."""
        if client_id not in self._known:
            # Of a document's address nothing is fetched here.
            client = None if "://" in client_id else await self.ask(client_id)
            self._known[client_id] = getattr(client, "client_name", None)
        self._known.move_to_end(client_id)
        while len(self._known) > MOST:
            self._known.popitem(last=False)
        return self._known[client_id]


def proxied(access: AccessToken, mcp_client: str, name: str | None) -> ProxiedToken:
    """Return a verified token with the client that brought it."""
    return ProxiedToken(**access.model_dump(), mcp_client=mcp_client, mcp_client_name=name)
