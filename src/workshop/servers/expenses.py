"""The expense tracker: what is kept in SQLite, each user's apart, and the tools on it."""

from __future__ import annotations

import asyncio
import os
import re
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from fastmcp import Context, FastMCP
from fastmcp.server.dependencies import get_access_token
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from .arguments import ArgumentErrors, Arguments, one_line, refusal
from .caller import Owner, caller_of

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
TENANT_COUNTS = "SELECT category, count(*) FROM expense WHERE tid = :tid GROUP BY category ORDER BY category"
TENANT_SUMS = "SELECT count(DISTINCT oid), count(*), coalesce(sum(cents), 0) FROM expense WHERE tid = :tid"

# How long a write waits for another process that writes to the same file.
BUSY_SECONDS = 30.0


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

    def count_by_category(self, tenant_id: str) -> dict[str, int]:
        """Return how many expenses a tenant has of each category."""
        with self._lock:
            return dict(self._connection.execute(TENANT_COUNTS, {"tid": tenant_id}).fetchall())

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


LARGEST = 1_000_000
LONGEST = 200
MOST = 500
FIRST_DAY = date(2000, 1, 1)

EXAMPLE = {
    "amount": 12.50,
    "date": "2026-01-15",
    "category": "meals",
    "payment_method": "company card",
    "description": "Lunch with the auditors",
}
CATEGORIES = "one of: " + ", ".join(get_args(Category))
DAY = "a day as YYYY-MM-DD, such as 2026-01-15"
FILTERS = {
    "category": f"{CATEGORIES}; or leave it out for all",
    "from_date": f"{DAY}; or leave it out",
    "to_date": f"{DAY}; or leave it out",
}
FILTERS_EXAMPLE = {"category": "travel", "from_date": "2026-01-01", "to_date": "2026-01-31"}

ARGUMENTS = {
    "add_expense": Arguments(
        {
            "amount": f"a number greater than 0 and at most {LARGEST}, with at most two decimals, such as 12.50",
            "date": f"{DAY}: the day it was paid, from {FIRST_DAY} to today",
            "category": CATEGORIES,
            "payment_method": "one of: " + ", ".join(get_args(PaymentMethod)),
            "description": f"what it was for, in 1 to {LONGEST} characters on one line",
        },
        EXAMPLE,
    ),
    "list_expenses": Arguments(
        {**FILTERS, "limit": f"a whole number from 1 to {MOST}; or leave it out for 100"},
        {**FILTERS_EXAMPLE, "limit": 20},
    ),
    "summarize_expenses": Arguments(FILTERS, FILTERS_EXAMPLE),
    "get_user_info": Arguments({}, {}),
}

# What get_user_info says, and the claim it is read from.
USER_INFO = {
    "name": "name",
    "username": "preferred_username",
    "email": "email",
    "object_id": "oid",
    "tenant_id": "tid",
}


def _day(value: object) -> object:
    # Pydantic would take 20260115 for a number of seconds.
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError("not a day")
    return value


def _number(value: object) -> object:
    # Pydantic would take true for 1.
    if isinstance(value, bool):
        raise ValueError("not a number")
    return value


Amount = Annotated[
    Decimal,
    Field(gt=0, le=LARGEST, decimal_places=2),
    WithJsonSchema(
        {
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": LARGEST,
            "description": ARGUMENTS["add_expense"].described("amount"),
        }
    ),
]
Day = Annotated[date, BeforeValidator(_day)]
PaidOn = Annotated[Day, Field(description=ARGUMENTS["add_expense"].described("date"))]
NewCategory = Annotated[Category, Field(description=ARGUMENTS["add_expense"].described("category"))]
NewPaymentMethod = Annotated[PaymentMethod, Field(description=ARGUMENTS["add_expense"].described("payment_method"))]
Description = Annotated[
    str,
    Field(max_length=LONGEST, description=ARGUMENTS["add_expense"].described("description")),
    AfterValidator(one_line),
]
CategoryFilter = Annotated[Category | None, Field(description=ARGUMENTS["list_expenses"].described("category"))]
FromDate = Annotated[Day | None, Field(description=ARGUMENTS["list_expenses"].described("from_date"))]
ToDate = Annotated[Day | None, Field(description=ARGUMENTS["list_expenses"].described("to_date"))]
Limit = Annotated[
    int, BeforeValidator(_number), Field(ge=1, le=MOST, description=ARGUMENTS["list_expenses"].described("limit"))
]


def add_tools(mcp: FastMCP, store: ExpenseStore, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
    """Add the tools of the expense tracker to a server that has a `CallerMiddleware`.

    Args:
        store: where the expenses are kept.
        now: the time, with its zone.
    """
    mcp.add_middleware(ArgumentErrors(ARGUMENTS))

    @mcp.tool(annotations={"destructiveHint": False, "openWorldHint": False})
    async def add_expense(
        amount: Amount,
        date: PaidOn,
        category: NewCategory,
        payment_method: NewPaymentMethod,
        description: Description,
        context: Context,
    ) -> dict[str, Any]:
        """Add an expense of the signed-in user and return it with its number."""
        # Where the sun rises first it is tomorrow already.
        if not FIRST_DAY <= date <= now().date() + timedelta(days=1):
            raise refusal("add_expense", ARGUMENTS["add_expense"], date=date.isoformat())
        owner = await caller_of(context)
        expense = Expense(amount, date, category, payment_method, description)
        return _as_json(await asyncio.to_thread(store.add, owner, expense))

    @mcp.tool(annotations={"readOnlyHint": True, "openWorldHint": False})
    async def list_expenses(
        context: Context,
        category: CategoryFilter = None,
        from_date: FromDate = None,
        to_date: ToDate = None,
        limit: Limit = 100,
    ) -> list[dict[str, Any]]:
        """List the signed-in user's own expenses, the newest first."""
        which = _filter("list_expenses", category, from_date, to_date)
        owner = await caller_of(context)
        return [_as_json(expense) for expense in await asyncio.to_thread(store.list, owner, which, limit)]

    @mcp.tool(annotations={"readOnlyHint": True, "openWorldHint": False})
    async def summarize_expenses(
        context: Context, category: CategoryFilter = None, from_date: FromDate = None, to_date: ToDate = None
    ) -> dict[str, Any]:
        """Add up the signed-in user's own expenses: the total, and by category and payment method."""
        which = _filter("summarize_expenses", category, from_date, to_date)
        owner = await caller_of(context)
        summary = await asyncio.to_thread(store.summarize, owner, which)
        return {
            "count": summary.count,
            "total": float(summary.total),
            "by_category": {name: float(amount) for name, amount in summary.by_category.items()},
            "by_payment_method": {name: float(amount) for name, amount in summary.by_payment_method.items()},
        }

    @mcp.tool(annotations={"readOnlyHint": True, "openWorldHint": False})
    def get_user_info() -> dict[str, str | None]:
        """Tell who is signed in, as the token says; null for what the token does not say."""
        token = get_access_token()
        claims = token.claims if token else {}
        return {name: claims.get(claim) for name, claim in USER_INFO.items()}


def _filter(tool: str, category: Category | None, first: date | None, last: date | None) -> Filter:
    if first and last and first > last:
        raise refusal(tool, ARGUMENTS[tool], from_date=first.isoformat(), to_date=last.isoformat())
    return Filter(category, first, last)


def _as_json(expense: Expense) -> dict[str, Any]:
    return {
        "number": expense.number,
        "amount": float(expense.amount),
        "date": expense.date.isoformat(),
        "category": expense.category,
        "payment_method": expense.payment_method,
        "description": expense.description,
    }
