"""The SQLite file behind the directory: opening, transactions, and forgetting what is over."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from binascii import crc32
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

TABLES_OF_THE_SEED = (
    "directories",
    "users",
    "groups",
    "members",
    "applications",
    "identifier_uris",
    "secrets",
    "service_principals",
    "permission_grants",
    "app_role_assignments",
    "authorization_codes",
    "refresh_tokens",
    "browser_sessions",
    "session_clients",
    "authorization_policies",
    "policies",
    "issuers",
    "device_codes",
    "directory_settings",
    "directory_keys",
    "faults",
    "owners",
    "deleted_items",
    "unreplicated",
    "drive_items",
    "messages",
)
MOST_KEPT = 256
BUSY_SECONDS = 30.0
_ADDED_COLUMNS = (("app_role_assignments", "created", "REAL NOT NULL DEFAULT 0"),)
# Which rows belong to a directory, in tables where no column ``tenant_id`` says it; cleared before the others.
_OF_DIRECTORY = {
    "secrets": "application_id IN (SELECT id FROM applications WHERE tenant_id = ?1"
    " UNION SELECT id FROM service_principals WHERE tenant_id = ?1"
    " UNION SELECT id FROM deleted_items WHERE tenant_id = ?1)",
    "service_principals": "tenant_id = ?1 OR app_id IN (SELECT app_id FROM applications WHERE tenant_id = ?1)",
    "authorization_codes": "json_extract(sign_in, '$.tenant_id') = ?1",
    "refresh_tokens": "json_extract(sign_in, '$.tenant_id') = ?1",
    "session_clients": "digest IN (SELECT digest FROM browser_sessions WHERE tenant_id = ?1)",
    "device_codes": "json_extract(flow, '$.tenant_id') = ?1",
}


class Store:
    """Open the directory's file, made with mode 0600 when it is missing.

    WAL with ``synchronous=NORMAL``: what was committed survives the death of the process at any moment.
    Every statement commits by itself unless it stands in ``transaction()``.

    Rows that were read are kept until something is written: a token takes eight queries, most of them the last
    token's. What another program writes into the file counts from the next ``look_again()``: after a second, or
    at the next question at the control door.
    """

    def __init__(self, path: Path) -> None:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self.connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.execute("PRAGMA synchronous=NORMAL")
        self._make_tables(Path(__file__).with_name("schema.sql").read_text("utf-8"))
        self._kept: dict[tuple[str, tuple[object, ...]], list[tuple[Any, ...]]] = {}
        self._changes = self.connection.total_changes
        self._version = self._data_version()

    def close(self) -> None:
        self.connection.close()

    def _make_tables(self, schema: str) -> None:
        """Make what is missing, unless the file says that this very schema is in it; reading it takes 2 ms."""
        mark = crc32(schema.encode()) >> 1  # a number that SQLite leaves to applications, 31 bits of it
        if self.connection.execute("PRAGMA application_id").fetchone()[0] == mark:
            return
        # A file of an earlier version may lack columns.
        for table, column, kind in _ADDED_COLUMNS:
            there = {row[1] for row in self.connection.execute(f"PRAGMA table_info({table})")}
            if there and column not in there:
                self.connection.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
        self.connection.executescript(schema)
        self.connection.execute(f"PRAGMA application_id = {mark}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write all of the statements inside, or none; one inside another joins it."""
        if self.connection.in_transaction:
            yield
            return
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def one(self, query: str, *values: object) -> tuple[Any, ...] | None:
        """Return the first row of a query, None when there is none."""
        rows = self._rows(query, values)
        return rows[0] if rows else None

    def all(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows of a query, in a list of the caller's own."""
        return list(self._rows(query, values))

    def _rows(self, query: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        # Inside a transaction nothing is kept: what is read there may be rolled back.
        if self.connection.in_transaction:
            return self.connection.execute(query, values).fetchall()
        if self._changes != self.connection.total_changes or len(self._kept) >= MOST_KEPT:
            self._changes = self.connection.total_changes
            self._kept.clear()
        rows = self._kept.get((query, values))
        if rows is None:
            rows = self._kept[query, values] = self.connection.execute(query, values).fetchall()
        return rows

    def look_again(self) -> None:
        """Forget the rows read so far if another program has written into the file since the last look."""
        version = self._data_version()
        if version != self._version:
            self._version = version
            self._kept.clear()

    def _data_version(self) -> int:
        """Return the number that SQLite changes with each commit of another connection.

        Source: https://www.sqlite.org/pragma.html#pragma_data_version
        """
        return int(self.connection.execute("PRAGMA data_version").fetchone()[0])

    def run(self, query: str, *values: object) -> int:
        """Execute one statement and return how many rows it changed."""
        return self.connection.execute(query, values).rowcount

    def clear(self) -> None:
        """Empty every table but the shared signing keys."""
        for table in TABLES_OF_THE_SEED:
            self.connection.execute(f"DELETE FROM {table}")  # noqa: S608 - a name from the table above

    def clear_directory(self, tenant_id: str) -> None:
        """Delete everything of one directory; run it inside a transaction."""
        for table in sorted(TABLES_OF_THE_SEED, key=lambda table: table not in _OF_DIRECTORY):
            rows = _OF_DIRECTORY.get(table, "tenant_id = ?1")
            self.connection.execute(f"DELETE FROM {table} WHERE {rows}", (tenant_id,))  # noqa: S608 - as above

    def forget(self, now: float) -> None:
        """Drop codes and sessions that are long over, so that the file does not grow for ever."""
        self.run("DELETE FROM authorization_codes WHERE issued < ?", now - 86_400)
        self.run("DELETE FROM device_codes WHERE issued < ?", now - 86_400)
        self.run("DELETE FROM browser_sessions WHERE started < ?", now - 86_400)
        self.run("DELETE FROM session_clients WHERE digest NOT IN (SELECT digest FROM browser_sessions)")
        self.run("DELETE FROM refresh_tokens WHERE last_used < ?", now - 91 * 86_400)


@lru_cache(maxsize=1_024)
def parsed(text: str) -> Mapping[str, Any]:
    """Return stored JSON, read once for each text; nobody may change what comes back."""
    value: Mapping[str, Any] = json.loads(text)
    return value


def digest(secret: str) -> bytes:
    """Return the SHA-256 of a random secret: only digests are stored."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
