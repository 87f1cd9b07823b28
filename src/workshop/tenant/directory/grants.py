"""Stored consent: which permissions of a resource a client may use for whom."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from workshop.tenant.directory.objects import PermissionGrant
from workshop.tenant.directory.store import Store

ALL_PRINCIPALS = "AllPrincipals"
PRINCIPAL = "Principal"

_GRANT = "SELECT id, client_id, consent_type, principal_id, resource_id, scope FROM permission_grants"


def granted(store: Store, tenant_id: str, client_id: str, resource_id: str, user_id: str) -> set[str]:
    """Return the scope values granted to the client for this user, by them or by an administrator for all.

    Args:
        client_id: object id of the client's service principal.
        resource_id: object id of the resource's service principal.
        user_id: object id of the user.
    """
    rows = store.all(
        f"{_GRANT} WHERE tenant_id = ? AND client_id = ? AND resource_id = ? AND principal_id IN ('', ?)",
        tenant_id, client_id, resource_id, user_id,
    )  # fmt: skip
    return {scope for row in rows for scope in _grant(row).scopes}


def add(
    store: Store,
    grant_id: str,
    tenant_id: str,
    client_id: str,
    resource_id: str,
    user_id: str,
    scopes: Iterable[str],
) -> PermissionGrant:
    """Add scopes to the grant of this user, or of everyone when ``user_id`` is empty, and return it."""
    consent_type = PRINCIPAL if user_id else ALL_PRINCIPALS
    with store.transaction():
        row = store.one(
            f"{_GRANT} WHERE tenant_id = ? AND client_id = ? AND resource_id = ? AND principal_id = ?",
            tenant_id, client_id, resource_id, user_id,
        )  # fmt: skip
        before = _grant(row).scopes if row else ()
        scope = " ".join(dict.fromkeys([*before, *scopes]))
        kept = str(row[0]) if row else grant_id
        store.run(
            "INSERT INTO permission_grants VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET scope = excluded.scope",
            kept, tenant_id, client_id, consent_type, user_id, resource_id, scope,
        )  # fmt: skip
    return PermissionGrant(kept, client_id, consent_type, user_id, resource_id, tuple(scope.split()))


def exists(store: Store, tenant_id: str, client_id: str, resource_id: str, user_id: str) -> bool:
    return bool(
        store.one(
            f"{_GRANT} WHERE tenant_id = ? AND client_id = ? AND resource_id = ? AND principal_id = ?",
            tenant_id, client_id, resource_id, user_id,
        )
    )  # fmt: skip


def remove(store: Store, tenant_id: str, grant_id: str) -> bool:
    """Remove a grant; False when there was none of that id."""
    return bool(store.run("DELETE FROM permission_grants WHERE tenant_id = ? AND id = ?", tenant_id, grant_id))


def grants(store: Store, tenant_id: str) -> list[PermissionGrant]:
    return [_grant(row) for row in store.all(f"{_GRANT} WHERE tenant_id = ? ORDER BY rowid", tenant_id)]


def _grant(row: tuple[Any, ...]) -> PermissionGrant:
    return PermissionGrant(row[0], row[1], row[2], row[3], row[4], tuple(row[5].split()))
