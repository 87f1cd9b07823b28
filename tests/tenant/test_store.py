"""The directory's file: rows that were read are kept, and never shown once they are no longer true."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from practice_tenant.server.directory.store import MOST_KEPT, Store

QUERY = "SELECT name FROM directories WHERE tenant_id = ?"
INSERT = "INSERT INTO directories (tenant_id, name, domain, graph) VALUES (?, ?, ?, '{}')"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A new file with one directory, `a`, named first."""
    with contextlib.closing(Store(tmp_path / "directory.sqlite")) as made:
        made.run(INSERT, "a", "first", "a.example")
        yield made


def asked(store: Store) -> list[str]:
    """Return a list to which each statement is added that reaches SQLite from now on."""
    statements: list[str] = []
    store.connection.set_trace_callback(statements.append)
    return statements


def rename(store: Store, name: str) -> None:
    store.run("UPDATE directories SET name = ? WHERE tenant_id = 'a'", name)


def test_a_row_is_read_once(store: Store) -> None:
    statements = asked(store)
    assert [store.one(QUERY, "a"), store.one(QUERY, "a")] == [("first",), ("first",)]
    assert [store.one(QUERY, "b"), store.one(QUERY, "b")] == [None, None]
    assert len(statements) == 2


def test_what_this_program_writes_counts_at_once(store: Store) -> None:
    assert store.one(QUERY, "a") == ("first",)
    rename(store, "second")
    assert store.one(QUERY, "a") == ("second",)
    with store.transaction():
        rename(store, "third")
        assert store.one(QUERY, "a") == ("third",)
    assert store.one(QUERY, "a") == ("third",)
    store.clear()
    assert store.one(QUERY, "a") is None


def test_what_was_rolled_back_is_not_kept(store: Store) -> None:
    with contextlib.suppress(ZeroDivisionError), store.transaction():
        rename(store, "never")
        assert store.all(QUERY, "a") == [("never",)]
        raise ZeroDivisionError
    assert store.all(QUERY, "a") == [("first",)]


def test_what_another_program_writes_counts_from_the_next_look(store: Store, tmp_path: Path) -> None:
    assert store.one(QUERY, "a") == ("first",)
    with contextlib.closing(sqlite3.connect(tmp_path / "directory.sqlite")) as other, other:
        other.execute("UPDATE directories SET name = 'second'")
    store.look_again()
    assert store.one(QUERY, "a") == ("second",)


def test_a_list_belongs_to_its_caller(store: Store) -> None:
    store.all(QUERY, "a").clear()
    assert store.all(QUERY, "a") == [("first",)]


def test_no_more_is_kept_than_said(store: Store) -> None:
    statements = asked(store)
    for number in range(MOST_KEPT + 1):
        store.one(QUERY, f"{number}")
    store.one(QUERY, "0")
    assert len(statements) == MOST_KEPT + 2
