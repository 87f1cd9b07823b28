"""App role assignments: which user, group or service principal holds which role of which resource.

Source: https://learn.microsoft.com/graph/api/resources/approleassignment
"""

from __future__ import annotations

from dataclasses import dataclass

from practice_tenant.server.directory.store import Store

# Assigned to an application that has no roles, or without choosing one.
DEFAULT_ROLE = "00000000-0000-0000-0000-000000000000"

_ASSIGNMENT = "SELECT id, principal_id, resource_id, app_role_id, created FROM app_role_assignments"


@dataclass(frozen=True)
class RoleAssignment:
    """An app role of a resource, given to a user, a group or a service principal; ``created`` is in Unix seconds."""

    id: str
    principal_id: str
    resource_id: str
    app_role_id: str
    created: float


def add(store: Store, tenant_id: str, assignment: RoleAssignment) -> bool:
    """Record an app role assignment; False when it is there already."""
    return bool(
        store.run(
            "INSERT OR IGNORE INTO app_role_assignments"
            " (id, tenant_id, principal_id, resource_id, app_role_id, created) VALUES (?, ?, ?, ?, ?, ?)",
            assignment.id, tenant_id, assignment.principal_id, assignment.resource_id, assignment.app_role_id,
            assignment.created,
        )
    )  # fmt: skip


def remove(store: Store, tenant_id: str, assignment_id: str) -> None:
    store.run("DELETE FROM app_role_assignments WHERE tenant_id = ? AND id = ?", tenant_id, assignment_id)


def held_by(store: Store, tenant_id: str, principal_id: str) -> list[RoleAssignment]:
    """Return what a user, group or service principal was assigned itself."""
    rows = store.all(f"{_ASSIGNMENT} WHERE tenant_id = ? AND principal_id = ? ORDER BY rowid", tenant_id, principal_id)
    return [RoleAssignment(*row) for row in rows]


def given_on(store: Store, tenant_id: str, resource_id: str) -> list[RoleAssignment]:
    """Return who was assigned roles of a resource."""
    rows = store.all(f"{_ASSIGNMENT} WHERE tenant_id = ? AND resource_id = ? ORDER BY rowid", tenant_id, resource_id)
    return [RoleAssignment(*row) for row in rows]


def forget(store: Store, tenant_id: str, object_id: str) -> None:
    """Drop every assignment that an object holds or gives; it is being deleted."""
    store.run(
        "DELETE FROM app_role_assignments WHERE tenant_id = ? AND ? IN (principal_id, resource_id)",
        tenant_id, object_id,
    )  # fmt: skip
