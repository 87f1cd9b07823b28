"""A sandbox: a directory tenant of one notebook's own, with an app registered in it.

What a lesson changes there, such as how long tokens live or which claims they carry, disturbs no other notebook.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from practice_tenant import Running
from workshop.core.off_loop import off_the_loop
from workshop.playground import directory_tenant
from workshop.playground.directory_tenant import ADMINISTRATOR, DirectoryTenant, ask_graph, graph_token
from workshop.registration.declarations import PROXY, Declaration
from workshop.registration.keeper import MemoryKeeper
from workshop.servers.settings import ProxySettings
from workshop.signin import UserAgent

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential


@dataclass(frozen=True)
class Sandbox(DirectoryTenant):
    """A directory tenant and the app in it.

    Attributes:
        settings: the app's values, as a server wants them.
        agent: the browser with which its administrator signs in.
    """

    settings: ProxySettings
    agent: UserAgent = field(repr=False)

    @property
    def names(self) -> dict[str, str]:
        """Names for what is different in every sandbox, to show them instead."""
        return {self.settings.tenant_id: "{tenant}", self.settings.client_id: "{client}", self.domain: "{domain}"}

    def change(self, **properties: object) -> None:
        """Change the registered app, as its manifest page in the Entra admin center does.

        Args:
            properties: by their names in Microsoft Graph, such as `optionalClaims`.

        Raises:
            GraphCallRefused: Graph's reason.
        """
        self.graph("PATCH", f"applications(appId='{self.settings.client_id}')", **properties)

    def graph(self, method: str, path: str, **body: object) -> dict[str, Any]:
        """Call Microsoft Graph as the sandbox's administrator and return the answer, empty if it has no content.

        Args:
            path: behind `https://graph.microsoft.com/v1.0/`.

        Raises:
            GraphCallRefused: Graph's reason.
        """
        return off_the_loop(lambda: self._ask(method, path, body))

    def _ask(self, method: str, path: str, body: dict[str, object]) -> dict[str, Any]:
        with _administrator(self.agent, self.settings.tenant_id, self.domain) as credential:
            token = graph_token(credential)
        return ask_graph(token, method, f"/{path}", body or None, what="that in the sandbox")

    def __repr__(self) -> str:
        return "A directory tenant of this notebook's own, with the same people and an app in it."


def make(running: Running | None, agent: UserAgent, name: str, declaration: Declaration = PROXY) -> Sandbox:
    """Make a sandbox.

    Args:
        running: the practice tenant.
        agent: the browser with which the sandbox's administrator signs in.
        name: what tells it from the others, see `directory_tenant.make`.
        declaration: of the app.

    Raises:
        OnlyInPractice: this is an own tenant.
    """
    place = directory_tenant.make(running, name)
    settings = off_the_loop(lambda: _register(agent, place, declaration))
    return Sandbox(place.directory, place.domain, settings, agent)


def _register(agent: UserAgent, place: DirectoryTenant, declaration: Declaration) -> ProxySettings:
    from workshop.registration.apply import apply
    from workshop.registration.graph import client

    kept = MemoryKeeper(Path())
    with _administrator(agent, place.tenant_id, place.domain) as credential:
        made = asyncio.run(apply(client(credential), declaration, kept))
    return ProxySettings(made.client_id, kept.get(declaration.names.client_secret), made.tenant_id)


@contextmanager
def _administrator(agent: UserAgent, tenant_id: str, domain: str) -> Iterator[TokenCredential]:
    """Sign in as the sandbox's administrator while the block runs."""
    from azure.identity import InteractiveBrowserCredential

    as_administrator = agent.as_user(f"{ADMINISTRATOR}@{domain}")
    with as_administrator, InteractiveBrowserCredential(tenant_id=tenant_id) as credential:
        yield credential
