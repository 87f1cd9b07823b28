"""A directory tenant of a program's own in the practice tenant, and Microsoft Graph as its administrator."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from practice_tenant import ANSWER_SECONDS, Directory, Running
from workshop.errors import WorkshopError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

GRAPH = "https://graph.microsoft.com"
ADMINISTRATOR = "avery"
"""Who administers every directory of the practice tenant: the part of the account before the @."""


class OnlyInPractice(WorkshopError):
    """There is no sandbox in an own tenant. A notebook shows one line instead of a traceback."""

    def __str__(self) -> str:
        return "A sandbox needs the practice tenant: set WORKSHOP_TENANT=practice and restart the kernel."

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


@dataclass(eq=False)
class GraphCallRefused(WorkshopError):
    """Microsoft Graph refused a call of the administrator.

    Attributes:
        what: it refused, in words.
    """

    what: str
    status: int
    reason: str

    def __str__(self) -> str:
        return f"Microsoft Graph refused {self.what}: {self.status} {self.reason}"


@dataclass(frozen=True)
class DirectoryTenant:
    """A directory tenant with the same people as every one of the practice tenant, and no app yet.

    Attributes:
        directory: by which its clock, its policies and its tokens' lifetimes are set.
        domain: what stands behind the @ of its accounts.
    """

    directory: Directory
    domain: str

    @property
    def tenant_id(self) -> str:
        """The directory's id."""
        return self.directory.tenant_id

    def account(self, name: str) -> str:
        """Return the user principal name of somebody in it, such as that of "robin"."""
        return f"{name}@{self.domain}"


def make(running: Running | None, name: str) -> DirectoryTenant:
    """Make a directory tenant, or find the one of this name.

    Args:
        running: the practice tenant.
        name: what tells it from the others: letters are enough, for digits would be masked in diagrams.

    Raises:
        OnlyInPractice: this is an own tenant.
    """
    if running is None:
        raise OnlyInPractice
    directory = running.directory(running.new_directory(name))
    return DirectoryTenant(directory, str(directory.show()["domain"]))


def name_of_this_process(begins: str = "sandbox", number: int = 0) -> str:
    """Return a name that no other process of this machine has, in letters only and always as long.

    Args:
        number: tells several of one process apart; below 100.
    """
    return begins + "".join(chr(ord("a") + int(digit)) for digit in f"{os.getpid():07}{number:02}")


def graph_token(credential: TokenCredential) -> str:
    """Return an access token for Microsoft Graph."""
    return credential.get_token(f"{GRAPH}/.default").token


def ask_graph(
    token: str,
    method: str,
    path: str,
    body: Mapping[str, object] | None = None,
    *,
    what: str = "that",
    http: httpx.Client | None = None,
) -> dict[str, Any]:
    """Call Microsoft Graph and return the answer, empty if it has no content.

    Args:
        token: the administrator's access token.
        path: behind `https://graph.microsoft.com/v1.0`.
        what: is asked for, in the words of a refusal.
        http: goes to Entra's hosts; one for this call if None.

    Raises:
        GraphCallRefused: Graph's reason.
    """
    send = http.request if http else httpx.request
    headers = {"Authorization": f"Bearer {token}"}
    answer = send(method, f"{GRAPH}/v1.0{path}", json=body, headers=headers, timeout=ANSWER_SECONDS)
    if not answer.is_success:
        raise GraphCallRefused(what, answer.status_code, str(answer.json().get("error", {}).get("message", "")))
    return dict(answer.json()) if answer.content else {}
