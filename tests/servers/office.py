"""A server that acts on behalf of its users, and the app behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fastmcp import Client
from fastmcp.client.auth import BearerAuth
from server_help import serving
from tenant.world import App

from workshop.background import BackgroundServer
from workshop.servers import both_doors, graph_tools, preauthorized
from workshop.servers.preauthorized_settings import PreauthorizedSettings
from workshop.servers.settings import ProxySettings

from .conftest import Entra


@dataclass(frozen=True)
class Office:
    """The server with both doors, and the app behind it, which an administrator has consented to."""

    entra: Entra
    app: App
    server: BackgroundServer
    signed_in: dict[str, str] = field(default_factory=dict)

    def token(self, name: str = "robin") -> str:
        """Return a token of Entra for the server: the one of this user's first sign-in."""
        if name not in self.signed_in:
            self.signed_in[name] = self.fresh_token(name)
        return self.signed_in[name]

    def fresh_token(self, name: str = "robin", **asked: str) -> str:
        """Return a token of a new sign-in."""
        return str(self.entra.world.tokens(self.app, name, **asked)["access_token"])

    def call(self, tool: str, arguments: dict[str, Any] | None = None, token: str = "", **options: Any) -> Any:
        """Call a tool; an error is a result too."""

        async def call() -> Any:
            async with Client(self.server.url, auth=BearerAuth(token or self.token()), **options) as client:
                return await client.call_tool(tool, arguments or {}, raise_on_error=False)

        return asyncio.run(call())

    def said(self, tool: str, arguments: dict[str, Any] | None = None, token: str = "", **options: Any) -> str:
        """Return the words of an error."""
        result = self.call(tool, arguments, token, **options)
        assert result.is_error
        return str(result.content[0].text)


@contextmanager
def office(entra: Entra, app: App, door: str = "both", **changes: Any) -> Iterator[Office]:
    """Run a server.

    Args:
        door: "both" for the one with both doors, "preauthorized" for Entra's own tokens alone.
    """
    told: dict[str, Any] = {
        "client_id": app.client_id,
        "client_secret": app.secret,
        "tenant_id": entra.tenant.id,
        "required_scopes": ("access",),
        "approvers_group_id": entra.world.group_id("Expense approvers"),
    }
    if door == "preauthorized":
        direct = PreauthorizedSettings(**(told | changes))
        with serving(lambda url: preauthorized.build(url, direct)) as server:
            yield Office(entra, app, server)
        return
    settings = ProxySettings(**(told | {"storage": "memory", "jwt_signing_key": "k" * 32} | changes))
    with serving(lambda url: both_doors.build(url, settings)) as server:
        yield Office(entra, app, server)


def consented(entra: Entra, name: str) -> App:
    """Register an app that an administrator consents to."""
    app = entra.world.register(name)
    entra.world.grant(app, " ".join(graph_tools.PERMISSIONS))
    return app
