"""Directories and users: reading and writing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from practice_tenant.server.directory.objects import EntraTenant, User
from practice_tenant.server.directory.store import Store, parsed

_USER = "SELECT id, tenant_id, upn, roles, graph FROM users"


def add_directory(store: Store, directory: EntraTenant) -> None:
    store.run(
        "INSERT INTO directories VALUES (?, ?, ?, ?)",
        directory.tenant_id, directory.name, directory.domain, json.dumps(directory.graph),
    )  # fmt: skip


def directories(store: Store) -> list[EntraTenant]:
    """List the directories, the default one first."""
    rows = store.all("SELECT tenant_id, name, domain, graph FROM directories ORDER BY rowid")
    return [EntraTenant(row[0], row[1], row[2], parsed(row[3])) for row in rows]


def directory(store: Store, id_or_domain: str) -> EntraTenant | None:
    query = "SELECT tenant_id, name, domain, graph FROM directories WHERE"
    row = store.one(f"{query} tenant_id = ?", id_or_domain.lower()) or store.one(f"{query} domain = ?", id_or_domain)
    return EntraTenant(row[0], row[1], row[2], parsed(row[3])) if row else None


def add_user(store: Store, user: User) -> None:
    store.run(
        "INSERT INTO users VALUES (?, ?, ?, ?, ?)",
        user.id, user.tenant_id, user.upn, json.dumps(user.roles), json.dumps(user.graph),
    )  # fmt: skip


def save_user(store: Store, user: User) -> None:
    """Write what has changed of a user."""
    store.run(
        "UPDATE users SET upn = ?, roles = ?, graph = ? WHERE tenant_id = ? AND id = ?",
        user.upn, json.dumps(user.roles), json.dumps(user.graph), user.tenant_id, user.id,
    )  # fmt: skip


def remove_user(store: Store, tenant_id: str, user_id: str) -> None:
    """Delete a user and their memberships; run it inside a transaction."""
    store.run("DELETE FROM users WHERE tenant_id = ? AND id = ?", tenant_id, user_id)
    store.run("DELETE FROM members WHERE tenant_id = ? AND member_id = ?", tenant_id, user_id)


def users(store: Store, tenant_id: str) -> list[User]:
    return [_user(row) for row in store.all(f"{_USER} WHERE tenant_id = ? ORDER BY rowid", tenant_id)]


def user(store: Store, tenant_id: str, id_or_upn: str) -> User | None:
    row = store.one(f"{_USER} WHERE tenant_id = ? AND (id = ? OR upn = ?)", tenant_id, id_or_upn, id_or_upn)
    return _user(row) if row else None


def change_user(store: Store, user: User, changes: Mapping[str, Any]) -> None:
    """Write some of a user's properties over what they were."""
    store.run(
        "UPDATE users SET graph = ? WHERE tenant_id = ? AND id = ?",
        json.dumps({**user.graph, **changes}), user.tenant_id, user.id,
    )  # fmt: skip


def _user(row: tuple[Any, ...]) -> User:
    return User(row[0], row[1], row[2], tuple(parsed(row[3])), parsed(row[4]))
