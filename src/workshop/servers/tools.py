"""The tools of the expense tracker."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, get_args

from fastmcp import Context, FastMCP
from fastmcp.server.dependencies import get_access_token
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from .arguments import ArgumentErrors, Arguments, one_line, refusal
from .caller import caller_of
from .expenses import Category, Expense, ExpenseStore, Filter, PaymentMethod

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
