"""Who is in which group, directly and through other groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workshop.tenant.directory.store import Store, parsed


@dataclass(frozen=True)
class Group:
    """A group of a directory."""

    id: str
    tenant_id: str
    graph: Mapping[str, Any]

    @property
    def display_name(self) -> str:
        return str(self.graph["displayName"])

    @property
    def is_security_group(self) -> bool:
        return bool(self.graph.get("securityEnabled"))


def of_member(store: Store, tenant_id: str, member_id: str) -> list[Group]:
    """List the groups that someone is a member of directly."""
    rows = store.all(
        "SELECT g.id, g.tenant_id, g.graph FROM members m JOIN groups g ON g.tenant_id = m.tenant_id"
        " AND g.id = m.group_id WHERE m.tenant_id = ? AND m.member_id = ? ORDER BY g.rowid",
        tenant_id, member_id,
    )  # fmt: skip
    return [_group(row) for row in rows]


def of_member_transitively(store: Store, tenant_id: str, member_id: str) -> list[Group]:
    """List the groups that someone is in directly or through other groups, each once."""
    rows = store.all(
        "WITH RECURSIVE holding(id) AS ("
        " SELECT group_id FROM members WHERE tenant_id = ?1 AND member_id = ?2"
        " UNION SELECT m.group_id FROM members m JOIN holding h ON m.member_id = h.id WHERE m.tenant_id = ?1)"
        " SELECT g.id, g.tenant_id, g.graph FROM groups g JOIN holding h ON g.id = h.id"
        " WHERE g.tenant_id = ?1 ORDER BY g.rowid",
        tenant_id, member_id,
    )  # fmt: skip
    return [_group(row) for row in rows]


def _group(row: tuple[Any, ...]) -> Group:
    return Group(row[0], row[1], parsed(row[2]))
