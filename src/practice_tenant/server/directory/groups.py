"""Groups and who is in them, directly and through other groups."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from practice_tenant.server.directory.store import Store, parsed


@dataclass(frozen=True)
class Group:
    """A group of a directory; its members may be users, groups and service principals."""

    id: str
    tenant_id: str
    graph: Mapping[str, Any]

    @property
    def display_name(self) -> str:
        return str(self.graph["displayName"])

    @property
    def is_security_group(self) -> bool:
        return bool(self.graph.get("securityEnabled"))


_GROUP = "SELECT id, tenant_id, graph FROM groups"


def save(store: Store, group: Group) -> None:
    store.run(
        "INSERT INTO groups VALUES (?, ?, ?) ON CONFLICT (tenant_id, id) DO UPDATE SET graph = excluded.graph",
        group.id, group.tenant_id, json.dumps(group.graph),
    )  # fmt: skip


def group(store: Store, tenant_id: str, group_id: str) -> Group | None:
    row = store.one(f"{_GROUP} WHERE tenant_id = ? AND id = ?", tenant_id, group_id.lower())
    return _group(row) if row else None


def groups(store: Store, tenant_id: str) -> list[Group]:
    return [_group(row) for row in store.all(f"{_GROUP} WHERE tenant_id = ? ORDER BY rowid", tenant_id)]


def remove(store: Store, tenant_id: str, group_id: str) -> None:
    """Delete a group and its memberships; run it inside a transaction."""
    store.run("DELETE FROM groups WHERE tenant_id = ? AND id = ?", tenant_id, group_id)
    store.run("DELETE FROM members WHERE tenant_id = ? AND ? IN (group_id, member_id)", tenant_id, group_id)


def of_member(store: Store, tenant_id: str, member_id: str) -> list[Group]:
    """List the groups that an object is a direct member of (Graph's ``memberOf``)."""
    rows = store.all(
        "SELECT g.id, g.tenant_id, g.graph FROM groups g JOIN members m ON m.group_id = g.id"
        " AND m.tenant_id = g.tenant_id WHERE m.tenant_id = ? AND m.member_id = ? ORDER BY g.rowid",
        tenant_id, member_id,
    )  # fmt: skip
    return [_group(row) for row in rows]


def of_member_transitively(store: Store, tenant_id: str, member_id: str) -> list[Group]:
    """List the groups that an object is in, also through other groups, each once (``transitiveMemberOf``)."""
    rows = store.all(
        "WITH RECURSIVE around (id) AS ("
        " SELECT group_id FROM members WHERE tenant_id = ?1 AND member_id = ?2"
        " UNION SELECT m.group_id FROM members m JOIN around a ON m.member_id = a.id WHERE m.tenant_id = ?1)"
        " SELECT g.id, g.tenant_id, g.graph FROM groups g JOIN around USING (id) WHERE g.tenant_id = ?1"
        " ORDER BY g.rowid",
        tenant_id, member_id,
    )  # fmt: skip
    return [_group(row) for row in rows]


def members_of(store: Store, tenant_id: str, group_id: str) -> list[str]:
    """Return the object ids of a group's direct members."""
    rows = store.all(
        "SELECT member_id FROM members WHERE tenant_id = ? AND group_id = ? ORDER BY rowid", tenant_id, group_id
    )
    return [str(row[0]) for row in rows]


def members_within(store: Store, tenant_id: str, group_id: str) -> list[str]:
    """Return the object ids of a group's members, also of those in groups within it."""
    rows = store.all(
        "WITH RECURSIVE within (id) AS ("
        " SELECT member_id FROM members WHERE tenant_id = ?1 AND group_id = ?2"
        " UNION SELECT m.member_id FROM members m JOIN within w ON m.group_id = w.id WHERE m.tenant_id = ?1)"
        " SELECT id FROM within",
        tenant_id, group_id,
    )  # fmt: skip
    return [str(row[0]) for row in rows]


def add_member(store: Store, tenant_id: str, group_id: str, member_id: str) -> bool:
    """Add a member; False when it is one already."""
    return bool(store.run("INSERT OR IGNORE INTO members VALUES (?, ?, ?)", tenant_id, group_id, member_id))


def remove_member(store: Store, tenant_id: str, group_id: str, member_id: str) -> bool:
    """Remove a direct member; False when it is none."""
    return bool(
        store.run(
            "DELETE FROM members WHERE tenant_id = ? AND group_id = ? AND member_id = ?", tenant_id, group_id, member_id
        )
    )


def _group(row: tuple[Any, ...]) -> Group:
    return Group(row[0], row[1], parsed(row[2]))
