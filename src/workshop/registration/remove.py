"""Take away what the workshop made, and nothing else: consent, service principal, application, kept values.

Source: https://learn.microsoft.com/graph/api/application-delete (a deleted application can be restored for 30 days)
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from html import escape

from msgraph.graph_service_client import GraphServiceClient

from workshop.registration import look
from workshop.registration.declarations import Names
from workshop.registration.graph import found_or_none, step
from workshop.registration.keeper import Keeper
from workshop.registration.marks import Journal, key_of, prefix
from workshop.registration.seen import App, SeenDirectory, Snapshot
from workshop.servers.settings import TENANT_ID
from workshop.show.frame import BLUE, frame


@dataclass(frozen=True)
class Marked:
    """A registration that carries the mark of whoever is signed in."""

    key: str
    app: App
    snapshot: Snapshot


@dataclass(frozen=True, repr=False)
class ToRemove:
    """What there is to remove, shown before anything goes.

    Attributes:
        where: the directory, in words.
        others: client ids that are kept, but whose applications the workshop did not make for this account.
        leftover: client ids that are kept, though this directory has no such application any more.
    """

    where: str
    directory: SeenDirectory
    marked: tuple[Marked, ...]
    others: tuple[str, ...]
    leftover: tuple[str, ...] = ()

    @property
    def anything(self) -> bool:
        """Say whether there is anything to remove."""
        return bool(self.marked or self.leftover)

    def lines(self) -> list[str]:
        """Return a line for each thing."""
        lines = [
            f"- “{marked.app.display_name}” ({marked.app.client_id}): the application"
            + (", its service principal" if marked.snapshot.principal else "")
            + (f", {len(marked.snapshot.grants)} grants of consent" if marked.snapshot.grants else "")
            for marked in self.marked
        ]
        lines += [f"- the kept values of {client_id}, an app that is gone" for client_id in self.leftover]
        lines += [f"  {client_id} stays: the workshop did not make it for you" for client_id in self.others]
        return lines or ["  nothing: no registration here carries your mark"]

    def __repr__(self) -> str:
        return "\n".join([f"To remove in {self.where}:", *self.lines()])

    def _repr_html_(self) -> str:
        return frame(escape(f"To remove in {self.where}"), [escape(line) for line in self.lines()], BLUE)


async def find(graph: GraphServiceClient, keeper: Keeper, names: Collection[Names], keys: Collection[str]) -> ToRemove:
    """Look for registrations with the mark of whoever is signed in.

    Args:
        names: under which values are kept.
        keys: of the declarations; every one if empty.

    Raises:
        GraphRefused: Graph refused a step.
    """
    directory = await look.directory_of(graph)
    maker = await look.maker(graph)
    kept = {client_id.lower(): True for declared in names if (client_id := keeper.get(declared.client_id))}
    apps = {client_id: app for client_id in kept if (app := await look.by_client_id(graph, client_id))}
    for app in await look.by_tag_prefix(graph, prefix(maker)):
        apps.setdefault(app.client_id, app)
    ours = {app.client_id: key for app in apps.values() if (key := key_of(app, maker)) and (not keys or key in keys)}
    marked = [
        Marked(key, apps[client_id], await look.look(graph, apps[client_id], directory))
        for client_id, key in ours.items()
    ]
    others = tuple(client_id for client_id, app in apps.items() if client_id in kept and key_of(app, maker) is None)
    here = keeper.get(TENANT_ID).lower() == directory.tenant_id.lower()
    leftover = tuple(client_id for client_id in kept if here and not keys and client_id not in apps)
    return ToRemove(directory.name, directory, tuple(marked), others, leftover)


async def remove(graph: GraphServiceClient, to_remove: ToRemove, keeper: Keeper, names: Collection[Names]) -> None:
    """Remove what was found. The application goes last: it carries the mark by which an interrupted run is taken up.

    Raises:
        GraphRefused: Graph refused a step.
    """
    for marked in to_remove.marked:
        await _remove(graph, marked)
        Journal(keeper, marked.key, to_remove.directory.tenant_id).end()
        _forget(keeper, names, marked.app.client_id)
    for client_id in to_remove.leftover:
        _forget(keeper, names, client_id)


def _forget(keeper: Keeper, names: Collection[Names], client_id: str) -> None:
    """Take away what is kept for an app. The private key goes first: the values say where it is."""
    for name in names:
        if keeper.get(name.client_id).lower() != client_id:
            continue
        path = keeper.path(name.certificate) if keeper.get(name.certificate) else None
        if path and path.parent == keeper.folder:
            path.unlink(missing_ok=True)
        kept = (name.client_id, name.client_secret, name.certificate, name.identifier_uri)
        keeper.keep({one: "" for one in kept if one})


async def _remove(graph: GraphServiceClient, marked: Marked) -> None:
    name = f"“{marked.app.display_name}”"
    for grant in marked.snapshot.grants:
        with step(f"Withdrawing the consent of {name}"):
            await found_or_none(graph.oauth2_permission_grants.by_o_auth2_permission_grant_id(grant.id).delete())
    if marked.snapshot.principal:
        with step(f"Removing the service principal of {name}"):
            item = graph.service_principals.by_service_principal_id(marked.snapshot.principal.id)
            await found_or_none(item.delete())
    with step(f"Removing {name}"):
        await found_or_none(graph.applications.by_application_id(marked.app.object_id).delete())
