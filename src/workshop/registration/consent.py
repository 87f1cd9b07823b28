"""Consent for everyone: which permissions an administrator grants, so that nobody is asked at sign-in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from workshop.registration.compare import PlannedChange
from workshop.registration.declarations import Declaration
from workshop.registration.seen import Grant, Snapshot


@dataclass(frozen=True)
class WantedGrant:
    """What one resource's grant should hold, and what it holds.

    Attributes:
        resource_id: object id of the resource's service principal; empty while there is none.
        grants: those that are there; more than one only where something went wrong.
    """

    resource: str
    resource_id: str
    scopes: frozenset[str]
    grants: tuple[Grant, ...]

    @property
    def right(self) -> bool:
        """Say whether nothing has to be done."""
        return len(self.grants) == 1 and self.grants[0].scopes == self.scopes


def wanted_grants(declaration: Declaration, snapshot: Snapshot) -> tuple[WantedGrant, ...]:
    """Return what should be granted to the app: its own scopes if people sign in to it, and Graph's permissions."""
    wanted: list[WantedGrant] = []
    own = snapshot.principal.id if snapshot.principal else ""
    if is_client(declaration):
        wanted.append(_wanted("the app itself", own, (scope.value for scope in declaration.scopes), snapshot))
    if declaration.graph_permissions:
        graph = snapshot.directory.graph_principal_id if snapshot.directory else ""
        wanted.append(_wanted("Microsoft Graph", graph, declaration.graph_permissions, snapshot))
    return tuple(wanted)


def is_client(declaration: Declaration) -> bool:
    """Say whether people sign in to the app itself, so that it needs consent for its own scopes."""
    return bool(declaration.web_redirect_uris or declaration.spa_redirect_uris or declaration.public_redirect_uris)


def consent_changes(declaration: Declaration, snapshot: Snapshot) -> tuple[PlannedChange, ...]:
    """Return the lines of a plan."""
    if "consent" in snapshot.unseen:
        return ()
    changes: list[PlannedChange] = []
    for wanted in wanted_grants(declaration, snapshot):
        if wanted.right:
            continue
        before = "; ".join(" ".join(sorted(grant.scopes)) for grant in wanted.grants)
        changes.append(
            PlannedChange(
                "change" if before else "add", "Consent for everyone:", wanted.resource, before, _listed(wanted.scopes)
            )
        )
    return tuple(changes)


def _wanted(resource: str, resource_id: str, scopes: Iterable[str], snapshot: Snapshot) -> WantedGrant:
    there = tuple(grant for grant in snapshot.grants if grant.everyone and grant.resource_id == resource_id)
    return WantedGrant(resource, resource_id, frozenset(scopes), there)


def _listed(scopes: frozenset[str]) -> str:
    return " ".join(sorted(scopes))
