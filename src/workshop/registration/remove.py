"""Take away what the workshop made, and nothing else: consent, service principal, application, kept values.

Source: https://learn.microsoft.com/graph/api/application-delete (a deleted application can be restored for 30 days)
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from html import escape

from msgraph.graph_service_client import GraphServiceClient

from workshop.registration import look
from workshop.registration.declared import Names
from workshop.registration.graph import found_or_none, step
from workshop.registration.keeper import Keeper
from workshop.registration.marks import Journal, key_of, prefix
from workshop.registration.seen import App, Directory, Snapshot
from workshop.show.frame import BLUE, frame


@dataclass(frozen=True)
class Marked:
    """A registration that carries the mark of whoever is signed in."""

    key: str
    app: App
    snapshot: Snapshot


@dataclass(frozen=True, repr=False)
class Found:
    """What there is to remove, shown before anything goes.

    Attributes:
        where: the directory, in words.
        others: client ids that are kept, but whose applications the workshop did not make for this account.
    """

    where: str
    directory: Directory
    marked: tuple[Marked, ...]
    others: tuple[str, ...]

    def lines(self) -> list[str]:
        """Return a line for each thing."""
        told = [
            f"- “{one.app.display_name}” ({one.app.client_id}): the application"
            + (", its service principal" if one.snapshot.principal else "")
            + (f", {len(one.snapshot.grants)} grants of consent" if one.snapshot.grants else "")
            for one in self.marked
        ]
        told += [f"  {client_id} stays: the workshop did not make it for you" for client_id in self.others]
        return told or ["  nothing: no registration here carries your mark"]

    def __repr__(self) -> str:
        return "\n".join([f"To remove in {self.where}:", *self.lines()])

    def _repr_html_(self) -> str:
        return frame(escape(f"To remove in {self.where}"), [escape(line) for line in self.lines()], BLUE)


async def find(graph: GraphServiceClient, keeper: Keeper, names: Collection[Names], keys: Collection[str]) -> Found:
    """Look for registrations with the mark of whoever is signed in.

    Args:
        names: under which values are kept.
        keys: of the declarations; every one if empty.

    Raises:
        GraphRefused: Graph refused a step.
    """
    directory = await look.directory_of(graph)
    maker = await look.maker(graph)
    apps: dict[str, App] = {}
    for client_id in [keeper.get(one.client_id) for one in names]:
        app = await look.by_client_id(graph, client_id) if client_id else None
        apps |= {app.client_id: app} if app else {}
    for app in await look.by_tag_prefix(graph, prefix(maker)):
        apps.setdefault(app.client_id, app)
    ours = {app.client_id: key for app in apps.values() if (key := key_of(app, maker)) and (not keys or key in keys)}
    marked = [Marked(key, apps[one], await look.look(graph, apps[one], directory)) for one, key in ours.items()]
    kept = {keeper.get(one.client_id).lower() for one in names}
    others = tuple(one for one, app in apps.items() if one in kept and key_of(app, maker) is None)
    return Found(directory.name, directory, tuple(marked), others)


async def remove(graph: GraphServiceClient, found: Found, keeper: Keeper, names: Collection[Names]) -> None:
    """Remove what was found. The application goes last: it carries the mark by which an interrupted run is taken up.

    Raises:
        GraphRefused: Graph refused a step.
    """
    for one in found.marked:
        await _remove(graph, one)
        for name in names:
            if keeper.get(name.client_id).lower() == one.app.client_id:
                path = keeper.path(name.certificate) if keeper.get(name.certificate) else None
                keeper.keep(dict.fromkeys((name.client_id, name.client_secret, name.certificate), ""))
                if path and path.parent == keeper.folder:
                    path.unlink(missing_ok=True)
        Journal(keeper, one.key, found.directory.tenant_id).end()


async def _remove(graph: GraphServiceClient, one: Marked) -> None:
    name = f"“{one.app.display_name}”"
    for grant in one.snapshot.grants:
        with step(f"Withdrawing the consent of {name}"):
            await found_or_none(graph.oauth2_permission_grants.by_o_auth2_permission_grant_id(grant.id).delete())
    if one.snapshot.principal:
        with step(f"Removing the service principal of {name}"):
            item = graph.service_principals.by_service_principal_id(one.snapshot.principal.id)
            await found_or_none(item.delete())
    with step(f"Removing {name}"):
        await found_or_none(graph.applications.by_application_id(one.app.object_id).delete())
