"""Files: each user's drive, a tree of folders and files kept in SQLite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from practice_tenant.server.directory.store import Store

_ITEM = "SELECT id, user_id, parent_id, name, created, modified, content FROM drive_items"


@dataclass(frozen=True)
class DriveItem:
    """A folder or a file; times in Unix seconds, ``content`` None for a folder, ``parent_id`` '' for the root."""

    id: str
    user_id: str
    parent_id: str
    name: str
    created: float
    modified: float
    content: bytes | None

    @property
    def is_folder(self) -> bool:
        return self.content is None


def save(store: Store, tenant_id: str, item: DriveItem) -> None:
    store.run(
        "INSERT INTO drive_items (id, tenant_id, user_id, parent_id, name, created, modified, content)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant_id, id) DO UPDATE"
        " SET name = excluded.name, modified = excluded.modified, content = excluded.content",
        item.id, tenant_id, item.user_id, item.parent_id, item.name, item.created, item.modified, item.content,
    )  # fmt: skip


def root(store: Store, tenant_id: str, user_id: str) -> DriveItem | None:
    """Return the root of a user's drive; None where the user has no drive."""
    row = store.one(f"{_ITEM} WHERE tenant_id = ? AND user_id = ? AND parent_id = ''", tenant_id, user_id)
    return _item(row) if row else None


def item(store: Store, tenant_id: str, user_id: str, item_id: str) -> DriveItem | None:
    row = store.one(f"{_ITEM} WHERE tenant_id = ? AND user_id = ? AND id = ?", tenant_id, user_id, item_id)
    return _item(row) if row else None


def child(store: Store, tenant_id: str, parent: DriveItem, name: str) -> DriveItem | None:
    """Return what goes by that name in a folder; upper and lower case are the same."""
    row = store.one(
        f"{_ITEM} WHERE tenant_id = ? AND user_id = ? AND parent_id = ? AND name = ?",
        tenant_id, parent.user_id, parent.id, name,
    )  # fmt: skip
    return _item(row) if row else None


def children(store: Store, tenant_id: str, parent: DriveItem) -> list[DriveItem]:
    rows = store.all(
        f"{_ITEM} WHERE tenant_id = ? AND user_id = ? AND parent_id = ? ORDER BY content IS NOT NULL, name",
        tenant_id, parent.user_id, parent.id,
    )  # fmt: skip
    return [_item(row) for row in rows]


def everything(store: Store, tenant_id: str, user_id: str) -> list[DriveItem]:
    """Return all that is below the root."""
    rows = store.all(
        f"{_ITEM} WHERE tenant_id = ? AND user_id = ? AND parent_id != '' ORDER BY rowid", tenant_id, user_id
    )
    return [_item(row) for row in rows]


def remove(store: Store, tenant_id: str, item: DriveItem) -> None:
    """Delete a file, or a folder with what is in it; run it inside a transaction."""
    for inner in children(store, tenant_id, item):
        remove(store, tenant_id, inner)
    store.run("DELETE FROM drive_items WHERE tenant_id = ? AND id = ?", tenant_id, item.id)


def _item(row: tuple[Any, ...]) -> DriveItem:
    return DriveItem(*row)
