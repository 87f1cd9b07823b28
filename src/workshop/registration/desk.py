"""The registration desk: who signs in, where the values are kept, and the four things one comes for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from workshop.core.off_loop import off_the_loop
from workshop.core.settings import Mode, Settings
from workshop.errors import WorkshopError
from workshop.registration.approach import approach_of, as_served, kept_client_id
from workshop.registration.declarations import DECLARED, PROXY, Declaration, Names
from workshop.registration.keeper import FileKeeper
from workshop.registration.sign_in import ADMINISTRATOR, SignIn, signed_in, usual
from workshop.servers.settings import TENANT_ID
from workshop.show.frame import AMBER, GREEN, frame

if TYPE_CHECKING:
    from msgraph.graph_service_client import GraphServiceClient

    from workshop.registration.plan import RegistrationPlan
    from workshop.registration.remove import ToRemove
    from workshop.registration.report import Report

T = TypeVar("T")

PATIENCE: Mapping[Mode, float] = {"practice": 60.0, "own": 60.0}
"""Seconds for the directory's replicas: a practice tenant has none unless a lesson switches their delay on."""


class NotAgreed(WorkshopError):
    """A person should agree first, and did not."""


@dataclass(frozen=True, repr=False)
class Applied:
    """What was done.

    Attributes:
        left: what only an administrator may do.
    """

    declaration: Declaration
    client_id: str
    tenant_id: str
    changes: int
    file: str
    left: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """Return what a person should know."""
        made = f"{self.changes} {'change' if self.changes == 1 else 'changes'} made"
        lines = [
            f"“{self.declaration.display_name}”: {made if self.changes else 'nothing to do'}",
            f"Application (client) id: {self.client_id}",
            f"Its values are kept in {self.file}. Only you can read that file.",
        ]
        if self.left:
            lines.append(f"Left for an administrator: to {'; to '.join(self.left)}.")
            lines.append("`workshop register ... --plan --for-admin` writes down what to ask for.")
        return lines

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def _repr_html_(self) -> str:
        first, *rest = self.lines()
        return frame(escape(first), [escape(line) for line in rest], AMBER if self.left else GREEN)


@dataclass(frozen=True)
class Desk:
    """Where an app is registered.

    Attributes:
        sign_in: how; the way that asks least of a person if None.
        account: who, in the practice tenant.
        tenant_id: the directory; the kept one, else the account's own, if empty.
        file: where values are kept, if not in the file of this mode.
    """

    settings: Settings
    sign_in: SignIn | None = None
    account: str = ADMINISTRATOR
    tenant_id: str = ""
    file: Path | None = None

    @property
    def keeper(self) -> FileKeeper:
        """Return what reads and writes the values."""
        return FileKeeper(self.settings, self.file)

    def plan(self, declaration: Declaration = PROXY) -> RegistrationPlan:
        """Say what would change. Nothing is changed.

        Raises:
            WorkshopError: the sign-in failed, or Graph refused a step.
        """
        from workshop.registration.survey import survey

        async def work(graph: GraphServiceClient) -> RegistrationPlan:
            return (await survey(graph, declaration, self.keeper)).plan()

        return self._run(work)

    def apply(
        self,
        declaration: Declaration = PROXY,
        *,
        replace_values: bool = False,
        agree: Callable[[RegistrationPlan], None] = lambda _: None,
    ) -> Applied:
        """Bring directory and kept values in line with the declaration. It may be run again at any time.

        Args:
            replace_values: whether values of an app that the workshop did not make may be overwritten.
            agree: is shown the plan first; raises to stop.

        Raises:
            NotAgreed: the values of another app stand where this one's would go.
            WorkshopError: the sign-in failed, or Graph refused a step.
        """
        from workshop.registration.apply import apply

        def asked(plan: RegistrationPlan) -> None:
            agree(plan)
            if plan.replaces and not replace_values:
                raise NotAgreed(f"{plan.warnings[0]} Agree with replace_values=True, or --yes in a terminal.")

        async def work(graph: GraphServiceClient) -> Applied:
            patience = PATIENCE[self.settings.mode]
            done = await apply(graph, declaration, self.keeper, agree=asked, patience=patience)
            file = self.keeper.place
            return Applied(declaration, done.client_id, done.tenant_id, len(done.changed), file, done.left)

        return self._run(work)

    def find(self, keys: Collection[str] = ()) -> ToRemove:
        """Say what `remove` would remove. Nothing is changed."""
        from workshop.registration import remove

        return self._run(lambda graph: remove.find(graph, self.keeper, _names(), keys))

    def remove(self, found: ToRemove) -> ToRemove:
        """Remove what `find` found, and return it.

        Raises:
            WorkshopError: the sign-in failed, or Graph refused a step.
        """
        from workshop.registration import remove

        async def work(graph: GraphServiceClient) -> ToRemove:
            await remove.remove(graph, found, self.keeper, _names())
            return found

        return self._run(work)

    def made_by_hand(self, display_name: str) -> str:
        """Return the client id of an app of this name that the workshop did not make; empty if there is none."""
        from workshop.registration import look
        from workshop.registration.marks import is_ours

        async def work(graph: GraphServiceClient) -> str:
            apps = await look.by_display_name(graph, display_name)
            return next((app.client_id for app in apps if not is_ours(app)), "")

        return self._run(work)

    def verify(self, client_id: str = "", declaration: Declaration | None = None, *, base_url: str = "") -> Report:
        """Look at a registration and judge every setting. Nothing is changed.

        Args:
            client_id: of the app; the kept one of the declaration, or of any, if empty.
            declaration: the approach to hold it against; guessed from the app if None.
            base_url: where the server is reached; as it is set up if empty.

        Raises:
            WorkshopError: it could not be looked at.
        """
        from workshop.registration import look
        from workshop.registration.report import Report
        from workshop.registration.verification import verify

        wanted = client_id or kept_client_id(self.keeper, declaration)

        async def work(graph: GraphServiceClient) -> Report:
            snapshot = await look.everything(graph, wanted)
            approach = as_served(declaration or approach_of(snapshot, self.keeper), self.keeper, base_url)
            snapshot = await look.with_owner(graph, snapshot, approach)
            return Report(verify(look.with_values(snapshot, self.keeper, approach.names), approach))

        return self._run(work)

    def verify_manifest(self, path: Path, declaration: Declaration | None = None, *, base_url: str = "") -> Report:
        """Judge what a manifest tells. Nobody signs in and nobody is asked; see `verify`.

        Raises:
            FileUnusable: it can't be read, or is not a manifest.
        """
        from workshop.registration import manifest
        from workshop.registration.report import Report
        from workshop.registration.verification import verify

        snapshot = manifest.read(path, datetime.now(UTC))
        approach = as_served(declaration or approach_of(snapshot, self.keeper), self.keeper, base_url)
        return Report(verify(manifest.with_values(snapshot, self.keeper, approach.names), approach))

    def group_id(self, display_name: str) -> str:
        """Return the object id of the group of this name; empty if there is none, or more than one.

        Raises:
            WorkshopError: the sign-in failed, or Graph refused.
        """
        from workshop.registration.graph import group_ids

        async def work(graph: GraphServiceClient) -> list[str]:
            return await group_ids(graph, display_name)

        ids = self._run(work)
        return ids[0] if len(ids) == 1 else ""

    def as_user(self, account: str) -> Desk:
        """Return the same desk with someone else signing in, in the practice tenant."""
        return replace(self, account=account)

    def _run(self, work: Callable[[GraphServiceClient], Awaitable[T]]) -> T:
        """Sign in and do the work off the notebook's event loop: the credentials of azure-identity block."""

        async def with_graph() -> T:
            from workshop.registration.graph import client

            return await work(client(credential))

        way = self.sign_in or usual(self.settings.mode)
        tenant_id = self.tenant_id or self.keeper.get(TENANT_ID)
        with signed_in(self.settings, way, tenant_id, self.account) as credential:
            return off_the_loop(lambda: asyncio.run(with_graph()))


def _names() -> list[Names]:
    return [declaration.names for declaration in DECLARED.values()]
