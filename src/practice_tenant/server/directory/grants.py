"""Stored consent: which permissions of a resource a client may use for whom."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

from practice_tenant.server.directory.ids import bytes_of
from practice_tenant.server.directory.objects import PermissionGrant
from practice_tenant.server.directory.store import Store

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


def identifier(client_id: str, resource_id: str, user_id: str) -> str:
    """Return the id of a grant: the object ids of client, resource and user in one, as Entra makes it.

    Source: recorded ids in https://github.com/Azure/azure-cli/issues/20974
    """
    parts = [part for part in (client_id, resource_id, user_id) if part]
    raw = b"".join(bytes_of(part) for part in parts)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def add(
    store: Store,
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
        kept = str(row[0]) if row else identifier(client_id, resource_id, user_id)
        store.run(
            "INSERT INTO permission_grants VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET scope = excluded.scope",
            kept, tenant_id, client_id, consent_type, user_id, resource_id, scope,
        )  # fmt: skip
    return PermissionGrant(kept, client_id, consent_type, user_id, resource_id, tuple(scope.split()))


def grant(store: Store, tenant_id: str, grant_id: str) -> PermissionGrant | None:
    row = store.one(f"{_GRANT} WHERE tenant_id = ? AND id = ?", tenant_id, grant_id)
    return _grant(row) if row else None


def change(store: Store, tenant_id: str, grant_id: str, scopes: Iterable[str]) -> None:
    """Replace the scopes of a grant."""
    scope = " ".join(dict.fromkeys(scopes))
    store.run("UPDATE permission_grants SET scope = ? WHERE tenant_id = ? AND id = ?", scope, tenant_id, grant_id)


def forget(store: Store, tenant_id: str, object_id: str) -> None:
    """Drop every grant of an object as client, resource or user; it is being deleted."""
    store.run(
        "DELETE FROM permission_grants WHERE tenant_id = ? AND ? IN (client_id, resource_id, principal_id)",
        tenant_id, object_id,
    )  # fmt: skip


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
