"""A sandbox: a directory tenant of one notebook's own, with an app registered in it.

What a lesson changes there, such as how long tokens live or which claims they carry, disturbs no other notebook.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from practice_tenant import ANSWER_SECONDS, Directory, Running
from workshop.errors import WorkshopError
from workshop.registration.declared import PROXY, Declaration
from workshop.registration.keeper import MemoryKeeper
from workshop.servers.settings import ProxySettings
from workshop.signin import UserAgent

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

GRAPH = "https://graph.microsoft.com"

T = TypeVar("T")


class OnlyInPractice(WorkshopError):
    """There is no sandbox in an own tenant. A notebook shows one line instead of a traceback."""

    def __str__(self) -> str:
        return "A sandbox needs the practice tenant: set WORKSHOP_TENANT=practice and restart the kernel."

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


@dataclass(eq=False)
class SandboxRefused(WorkshopError):
    """Microsoft Graph refused a call of the sandbox's administrator."""

    status: int
    reason: str

    def __str__(self) -> str:
        return f"Microsoft Graph refused that in the sandbox: {self.status} {self.reason}"


@dataclass(frozen=True)
class Sandbox:
    """A directory tenant and the app in it.

    Attributes:
        directory: by which its clock and its tokens' lifetimes are set.
        domain: what stands behind the @ of its accounts.
        settings: the app's values, as a server wants them.
    """

    directory: Directory
    domain: str
    settings: ProxySettings
    agent: UserAgent = field(repr=False)

    @property
    def names(self) -> dict[str, str]:
        """Names for what is different in every sandbox, to show them instead."""
        return {self.settings.tenant_id: "{tenant}", self.settings.client_id: "{client}", self.domain: "{domain}"}

    def account(self, name: str) -> str:
        """Return the user principal name of somebody in it, such as that of "robin"."""
        return f"{name}@{self.domain}"

    def change(self, **properties: object) -> None:
        """Change the registered app, as its manifest page in the Entra admin center does.

        Args:
            properties: by their names in Microsoft Graph, such as `optionalClaims`.

        Raises:
            SandboxRefused: Graph's reason.
        """
        self.graph("PATCH", f"applications(appId='{self.settings.client_id}')", **properties)

    def graph(self, method: str, path: str, **body: object) -> dict[str, Any]:
        """Call Microsoft Graph as the sandbox's administrator and return the answer, empty if it has no content.

        Args:
            path: behind `https://graph.microsoft.com/v1.0/`.

        Raises:
            SandboxRefused: Graph's reason.
        """
        return _in_a_thread(lambda: self._ask(method, path, body))

    def _ask(self, method: str, path: str, body: dict[str, object]) -> dict[str, Any]:
        import httpx

        with _administrator(self.agent, self.settings.tenant_id, self.domain) as credential:
            token = credential.get_token(f"{GRAPH}/.default").token
        with httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=ANSWER_SECONDS) as graph:
            answer = graph.request(method, f"{GRAPH}/v1.0/{path}", json=body or None)
        if not answer.is_success:
            raise SandboxRefused(answer.status_code, str(answer.json().get("error", {}).get("message", "")))
        return dict(answer.json()) if answer.content else {}

    def __repr__(self) -> str:
        return "A directory tenant of this notebook's own, with the same people and an app in it."


def make(running: Running | None, agent: UserAgent, name: str, declaration: Declaration = PROXY) -> Sandbox:
    """Make a sandbox.

    Args:
        running: the practice tenant.
        agent: the browser with which the sandbox's administrator signs in.
        name: what tells it from the others: letters are enough, for digits would be masked in diagrams.
        declaration: of the app.

    Raises:
        OnlyInPractice: this is an own tenant.
    """
    if running is None:
        raise OnlyInPractice
    directory = running.directory(running.new_directory(name))
    domain = str(directory.show()["domain"])
    settings = _in_a_thread(lambda: _register(agent, directory.tenant_id, domain, declaration))
    return Sandbox(directory, domain, settings, agent)


def name_of_this_process(begins: str = "sandbox", number: int = 0) -> str:
    """Return a name that no other process of this machine has, in letters only and always as long.

    Args:
        number: tells several of one process apart; below 100.
    """
    return begins + "".join(chr(ord("a") + int(digit)) for digit in f"{os.getpid():07}{number:02}")


def _register(agent: UserAgent, tenant_id: str, domain: str, declaration: Declaration) -> ProxySettings:
    from workshop.registration.apply import apply
    from workshop.registration.graph import client

    kept = MemoryKeeper(Path())
    with _administrator(agent, tenant_id, domain) as credential:
        made = asyncio.run(apply(client(credential), declaration, kept))
    return ProxySettings(made.client_id, kept.get(declaration.names.client_secret), made.tenant_id)


@contextmanager
def _administrator(agent: UserAgent, tenant_id: str, domain: str) -> Iterator[TokenCredential]:
    """Sign in as the sandbox's administrator while the block runs."""
    from azure.identity import InteractiveBrowserCredential

    with agent.as_user(f"avery@{domain}"), InteractiveBrowserCredential(tenant_id=tenant_id) as credential:
        yield credential


def _in_a_thread(work: Callable[[], T]) -> T:
    """Run blocking work off the notebook's event loop."""
    with ThreadPoolExecutor(1, thread_name_prefix="sandbox") as pool:
        return pool.submit(work).result()
