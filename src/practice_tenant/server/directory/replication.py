"""Objects that were just made and that the replicas do not show yet, where a teacher asked for such a delay.

Source: https://learn.microsoft.com/entra/architecture/architecture (eventual consistency)
"""

from __future__ import annotations

from practice_tenant.server.directory.store import Store


def made(store: Store, tenant_id: str, object_id: str, visible: float) -> None:
    """Say from when on an object is shown, in Unix seconds."""
    store.run("INSERT OR REPLACE INTO unreplicated VALUES (?, ?, ?)", object_id, tenant_id, visible)


def hidden(store: Store, tenant_id: str, now: float) -> frozenset[str]:
    """Return the ids of the objects that are not shown yet; nearly always none."""
    rows = store.all("SELECT id FROM unreplicated WHERE tenant_id = ? AND visible > ?", tenant_id, now)
    return frozenset(str(row[0]) for row in rows)
