"""Find a declaration's registration, look at it, and say what would have to change."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace

from msgraph.graph_service_client import GraphServiceClient

from workshop.errors import WorkshopError
from workshop.registration import look
from workshop.registration.compare import PlannedChange, changes
from workshop.registration.consent import consent_changes
from workshop.registration.credentials import credential_changes
from workshop.registration.declarations import Declaration
from workshop.registration.keeper import Keeper
from workshop.registration.marks import Journal, is_ours, mark
from workshop.registration.plan import RegistrationPlan
from workshop.registration.resource_uri import OTHERWISE, unverified
from workshop.registration.seen import App, SeenDirectory, Snapshot
from workshop.registration.wanted_app import wanted_app
from workshop.servers.settings import TENANT_ID


@dataclass(frozen=True)
class Survey:
    """What there is of a declaration, and where its values are kept.

    Attributes:
        mark: the tag of the registration, there or not.
        foreign: another application whose values are kept now; the workshop did not make it.
    """

    declaration: Declaration
    keeper: Keeper
    directory: SeenDirectory
    mark: str
    journal: Journal
    snapshot: Snapshot
    foreign: App | None

    @property
    def app(self) -> App | None:
        """Return the application, None if there is none."""
        return self.snapshot.app

    def wanted(self) -> App:
        """Return the application as it should be. The ids of what is new come from the name of the attempt."""
        seed = self.journal.name() or str(uuid.uuid4())

        def new_id(value: str) -> str:
            return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{seed}/{value}"))

        return wanted_app(self.declaration, self.mark, self.app, self.directory.graph_permissions, new_id)

    def changes(self) -> tuple[PlannedChange, ...]:
        """Return what differs from the declaration."""
        return (
            *changes(self.app, self.wanted(), self.directory.permission_names),
            *self._principal_changes(),
            *credential_changes(self.declaration, self.snapshot),
            *consent_changes(self.declaration, self.snapshot),
            *self._value_changes(),
        )

    def plan(self) -> RegistrationPlan:
        """Return the changes as a person reads them."""
        file = self.keeper.place
        warnings = []
        if self.foreign:
            warnings.append(
                f"{file} holds the values of “{self.foreign.display_name}” ({self.foreign.client_id}), which the "
                "workshop did not make. They would be replaced."
            )
        names = (TENANT_ID, *self._own_names())
        hidden = [name for name in names if self.keeper.preset(name) is not None]
        if hidden:
            warnings.append(f"{' and '.join(hidden)} stands in your environment, where it wins over {file}.")
        client_id = self.app.client_id if self.app else None
        return RegistrationPlan(
            self.declaration,
            self.directory.name,
            client_id,
            self.changes(),
            tuple(warnings),
            replaces=self.foreign is not None,
            seen=self.snapshot,
        )

    def _own_names(self) -> tuple[str, ...]:
        names = self.declaration.names
        secret = (names.client_secret,) if self.declaration.secret else ()
        return (names.client_id, *secret, *((names.identifier_uri,) if names.identifier_uri else ()))

    def _principal_changes(self) -> tuple[PlannedChange, ...]:
        there = self.snapshot.principal or "principal" in self.snapshot.unseen
        return () if there else (PlannedChange("add", "Service principal", "", "", "in this directory"),)

    def _value_changes(self) -> tuple[PlannedChange, ...]:
        values, file = self.snapshot.values, self.keeper.place
        client_id = self.app.client_id if self.app else ""
        if values and client_id and (values.client_id, values.tenant) == (client_id, self.directory.tenant_id):
            return ()
        before = values.client_id if values else ""
        verb = "change" if before else "add"
        return (PlannedChange(verb, file, "", before, client_id or "the ids"),)  # type: ignore[arg-type]


async def survey(graph: GraphServiceClient, declaration: Declaration, keeper: Keeper) -> Survey:
    """Look for the registration of a declaration and at it.

    Raises:
        GraphRefused: Graph refused a step.
        WorkshopError: this is another directory than the kept one, or more than one registration is there.
    """
    directory = await look.directory_of(graph)
    kept = keeper.get(TENANT_ID)
    if kept and kept.lower() != directory.tenant_id.lower():
        raise WorkshopError(
            f"You are signed in to {directory.name} ({directory.tenant_id}), but {TENANT_ID} in {keeper.place} "
            f"is {kept}. Sign in to that one, or change the value."
        )
    tag = mark(declaration.key, await look.maker(graph))
    journal = Journal(keeper, declaration.key, directory.tenant_id)
    app, foreign = await _find(graph, keeper.get(declaration.names.client_id), journal, tag)
    _check_domain(declaration, app, directory)
    snapshot = await look.look(graph, app, directory)
    snapshot = look.with_values(snapshot, keeper, declaration.names)
    return Survey(declaration, keeper, directory, tag, journal, snapshot, foreign)


def _check_domain(declaration: Declaration, app: App | None, directory: SeenDirectory) -> None:
    """See that the directory will take the declared URI before anything is made. One that is there stays.

    Raises:
        WorkshopError: it will not.
    """
    uri = declaration.identifier_uri
    why = "" if app and uri in app.identifier_uris else unverified(uri, directory.domains)
    if why:
        raise WorkshopError(f"{uri} can't be the Application ID URI: {why}. {OTHERWISE}")


async def again(graph: GraphServiceClient, before: Survey, app: App) -> Survey:
    """Look at the same registration once more."""
    now = await look.by_client_id(graph, app.client_id)
    snapshot = await look.look(graph, now, before.directory)
    snapshot = look.with_values(snapshot, before.keeper, before.declaration.names)
    return replace(before, snapshot=snapshot, foreign=None)


async def _find(graph: GraphServiceClient, client_id: str, journal: Journal, tag: str) -> tuple[App | None, App | None]:
    """Return the registration, and another application that stands in its place among the kept values."""
    kept = await look.by_client_id(graph, client_id) if client_id else None
    if kept and is_ours(kept) and tag in kept.tags:
        return kept, None
    name = journal.name()
    unfinished = await look.by_unique_name(graph, name) if name else None
    if unfinished:
        return unfinished, kept
    tagged = await look.by_tag(graph, tag)
    if len(tagged) > 1:
        raise WorkshopError(
            f"{len(tagged)} registrations carry your mark {tag}: {', '.join(app.client_id for app in tagged)}. "
            "Delete all but one: `workshop register remove` takes all of them."
        )
    return (tagged[0] if tagged else None), kept
