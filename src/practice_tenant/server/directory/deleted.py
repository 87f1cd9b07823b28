"""Deleted applications, service principals, users and groups, kept for thirty days.

Source: https://learn.microsoft.com/graph/api/resources/directory and
https://learn.microsoft.com/entra/architecture/recoverability-overview
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from practice_tenant.server.directory.store import Store, parsed

KEPT_SECONDS = 30 * 86_400

_ITEM = "SELECT id, type, app_id, deleted, graph FROM deleted_items"


@dataclass(frozen=True)
class DeletedItem:
    """An object as it was when it was deleted; ``deleted`` is in Unix seconds, ``app_id`` empty for people."""

    id: str
    type: str
    app_id: str
    deleted: float
    graph: Mapping[str, Any]


def keep(store: Store, tenant_id: str, item: DeletedItem) -> None:
    store.run(
        "INSERT OR REPLACE INTO deleted_items VALUES (?, ?, ?, ?, ?, ?)",
        item.id, tenant_id, item.type, item.app_id, item.deleted, json.dumps(item.graph),
    )  # fmt: skip


def items(store: Store, tenant_id: str, now: float) -> list[DeletedItem]:
    """Return what was deleted during the last thirty days."""
    rows = store.all(f"{_ITEM} WHERE tenant_id = ? AND deleted > ? ORDER BY rowid", tenant_id, now - KEPT_SECONDS)
    return [_item(row) for row in rows]


def item(store: Store, tenant_id: str, object_id: str, now: float) -> DeletedItem | None:
    row = store.one(
        f"{_ITEM} WHERE tenant_id = ? AND id = ? AND deleted > ?", tenant_id, object_id.lower(), now - KEPT_SECONDS
    )
    return _item(row) if row else None


def drop(store: Store, tenant_id: str, object_id: str) -> None:
    """Forget a deleted object for good."""
    store.run("DELETE FROM deleted_items WHERE tenant_id = ? AND id = ?", tenant_id, object_id)


def _item(row: tuple[Any, ...]) -> DeletedItem:
    return DeletedItem(row[0], row[1], row[2], row[3], parsed(row[4]))
