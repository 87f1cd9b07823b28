"""Who owns an application, a service principal or a group."""

from __future__ import annotations

from practice_tenant.server.directory.store import Store


def add(store: Store, tenant_id: str, object_id: str, owner_id: str) -> bool:
    """Add an owner; False when it is one already."""
    return bool(store.run("INSERT OR IGNORE INTO owners VALUES (?, ?, ?)", tenant_id, object_id, owner_id))


def remove(store: Store, tenant_id: str, object_id: str, owner_id: str) -> bool:
    """Remove an owner; False when it is none."""
    return bool(
        store.run(
            "DELETE FROM owners WHERE tenant_id = ? AND object_id = ? AND owner_id = ?", tenant_id, object_id, owner_id
        )
    )


def owns(store: Store, tenant_id: str, object_id: str, owner_id: str) -> bool:
    return bool(
        store.one(
            "SELECT 1 FROM owners WHERE tenant_id = ? AND object_id = ? AND owner_id = ?",
            tenant_id, object_id, owner_id,
        )
    )  # fmt: skip


def owners_of(store: Store, tenant_id: str, object_id: str) -> list[str]:
    """Return the object ids of the owners."""
    rows = store.all(
        "SELECT owner_id FROM owners WHERE tenant_id = ? AND object_id = ? ORDER BY rowid", tenant_id, object_id
    )
    return [str(row[0]) for row in rows]


def owned_by(store: Store, tenant_id: str, owner_id: str) -> list[str]:
    """Return the object ids of what a user or a service principal owns."""
    rows = store.all(
        "SELECT object_id FROM owners WHERE tenant_id = ? AND owner_id = ? ORDER BY rowid", tenant_id, owner_id
    )
    return [str(row[0]) for row in rows]
