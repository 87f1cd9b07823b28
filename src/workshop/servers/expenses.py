"""Expenses in SQLite, each user's apart."""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal

Category = Literal["travel", "lodging", "meals", "equipment", "software", "training", "other"]
PaymentMethod = Literal["company card", "own card", "cash", "bank transfer"]

SCHEMA = """
CREATE TABLE IF NOT EXISTS expense (
    tid TEXT NOT NULL,
    oid TEXT NOT NULL,
    number INTEGER NOT NULL,
    cents INTEGER NOT NULL CHECK (cents > 0),
    day TEXT NOT NULL,
    category TEXT NOT NULL,
    payment_method TEXT NOT NULL,
    description TEXT NOT NULL,
    PRIMARY KEY (tid, oid, number)
) WITHOUT ROWID;
"""

NEXT = "SELECT coalesce(max(number), 0) + 1 FROM expense WHERE tid = :tid AND oid = :oid"
ADD = "INSERT INTO expense VALUES (:tid, :oid, :number, :cents, :day, :category, :payment_method, :description)"

OWN = """
FROM expense
WHERE tid = :tid AND oid = :oid
    AND (:category IS NULL OR category = :category)
    AND (:first IS NULL OR day >= :first)
    AND (:last IS NULL OR day <= :last)
"""
COLUMNS = "number, cents, day, category, payment_method, description"
LIST = f"SELECT {COLUMNS} {OWN} ORDER BY day DESC, number DESC LIMIT :limit"
SUMS = f"SELECT category, payment_method, count(*), sum(cents) {OWN} GROUP BY category, payment_method"
TENANT_SUMS = "SELECT count(DISTINCT oid), count(*), coalesce(sum(cents), 0) FROM expense WHERE tid = :tid"

# How long a write waits for another process that writes to the same file.
BUSY_SECONDS = 30.0


@dataclass(frozen=True)
class Owner:
    """Whose rows: a user is the same one only if tenant id and object id are.

    Source: https://learn.microsoft.com/entra/identity-platform/claims-validation#validate-the-subject
    """

    tenant_id: str
    object_id: str


@dataclass(frozen=True)
class Expense:
    """What somebody spent.

    Attributes:
        amount: more than 0, with at most two decimals.
        number: counts from 1 for each owner; 0 until it is stored.
    """

    amount: Decimal
    date: date
    category: Category
    payment_method: PaymentMethod
    description: str
    number: int = 0


@dataclass(frozen=True)
class Filter:
    """Which of an owner's expenses; None leaves a condition out. Both dates are included."""

    category: Category | None = None
    from_date: date | None = None
    to_date: date | None = None


@dataclass(frozen=True)
class Summary:
    """Sums of an owner's expenses."""

    count: int
    total: Decimal
    by_category: Mapping[str, Decimal]
    by_payment_method: Mapping[str, Decimal]


EVERYTHING = Filter()


class ExpenseStore:
    """A table of expenses. It may be used from several threads, and its file from several processes."""

    def __init__(self, path: Path | None = None) -> None:
        """Open the file, or make it with mode 0600.

        Args:
            path: a file on a local disk (SQLite's write-ahead log is not safe on a network one); None keeps
                everything in memory, for as long as the store lives.
        """
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self._connection = sqlite3.connect(
            path or ":memory:", timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._lock = threading.Lock()
        self._close = weakref.finalize(self, self._connection.close)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute(SCHEMA)

    def add(self, owner: Owner, expense: Expense) -> Expense:
        """Store an expense and return it with its number."""
        values = _of(owner) | {
            "cents": int(expense.amount.scaleb(2)),
            "day": expense.date.isoformat(),
            "category": expense.category,
            "payment_method": expense.payment_method,
            "description": expense.description,
        }
        with self._transaction() as connection:
            (number,) = connection.execute(NEXT, _of(owner)).fetchone()
            connection.execute(ADD, values | {"number": number})
        return replace(expense, number=number)

    def list(self, owner: Owner, which: Filter = EVERYTHING, limit: int = 100) -> list[Expense]:
        """Return the owner's expenses, the newest first."""
        with self._lock:
            rows = self._connection.execute(LIST, _of(owner) | _where(which) | {"limit": limit}).fetchall()
        return [_expense(row) for row in rows]

    def summarize(self, owner: Owner, which: Filter = EVERYTHING) -> Summary:
        """Add the owner's expenses up."""
        with self._lock:
            rows = self._connection.execute(SUMS, _of(owner) | _where(which)).fetchall()
        by_category: dict[str, Decimal] = {}
        by_payment_method: dict[str, Decimal] = {}
        for category, payment_method, _, cents in rows:
            amount = _amount(cents)
            by_category[category] = by_category.get(category, Decimal(0)) + amount
            by_payment_method[payment_method] = by_payment_method.get(payment_method, Decimal(0)) + amount
        return Summary(
            count=sum(row[2] for row in rows),
            total=sum(by_category.values(), Decimal(0)),
            by_category=by_category,
            by_payment_method=by_payment_method,
        )

    def summarize_tenant(self, tenant_id: str) -> tuple[int, int, Decimal]:
        """Return how many people of a tenant have expenses, how many there are, and their sum."""
        with self._lock:
            people, count, cents = self._connection.execute(TENANT_SUMS, {"tid": tenant_id}).fetchone()
        return people, count, _amount(cents)

    def close(self) -> None:
        """Close the file. It closes by itself when the store is gone."""
        self._close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")


def _of(owner: Owner) -> dict[str, object]:
    return {"tid": owner.tenant_id, "oid": owner.object_id}


def _where(which: Filter) -> dict[str, object]:
    return {
        "category": which.category,
        "first": which.from_date and which.from_date.isoformat(),
        "last": which.to_date and which.to_date.isoformat(),
    }


def _expense(row: tuple[object, ...]) -> Expense:
    number, cents, day, category, payment_method, description = row
    return Expense(
        amount=_amount(cents),
        date=date.fromisoformat(str(day)),
        category=category,  # type: ignore[arg-type]  # it was one when it was stored
        payment_method=payment_method,  # type: ignore[arg-type]
        description=str(description),
        number=int(str(number)),
    )


def _amount(cents: object) -> Decimal:
    return Decimal(str(cents)).scaleb(-2)
