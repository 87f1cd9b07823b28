"""The tools of the expense tracker, called by a real client."""

from __future__ import annotations

import asyncio

from fastmcp import Client

from workshop.servers import unprotected

LUNCH = {
    "amount": 12.5,
    "date": "2026-01-15",
    "category": "meals",
    "payment_method": "cash",
    "description": "Lunch",
}


def test_what_is_added_is_listed_and_added_up() -> None:
    async def use() -> tuple[object, object, object]:
        async with Client(unprotected.build()) as client:
            added = await client.call_tool("add_expense", LUNCH)
            listed = await client.call_tool("list_expenses")
            summed = await client.call_tool("summarize_expenses")
            return added.data, listed.data, summed.data

    added, listed, summed = asyncio.run(use())
    assert added == {"number": 1, **LUNCH}
    assert listed == [added]
    assert summed == {"count": 1, "total": 12.5, "by_category": {"meals": 12.5}, "by_payment_method": {"cash": 12.5}}
