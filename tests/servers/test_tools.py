"""The tools of the expense tracker over HTTP, and errors from which a model knows what to send instead."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastmcp import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from server_help import serving

from workshop.background import BackgroundServer
from workshop.servers import unprotected
from workshop.servers.expenses import ARGUMENTS

LUNCH = {
    "amount": 12.5,
    "date": "2026-01-15",
    "category": "meals",
    "payment_method": "cash",
    "description": "Lunch",
}
AMOUNT = "Send a number greater than 0 and at most 1000000, with at most two decimals, such as 12.50."
DATE = "Send a day as YYYY-MM-DD, such as 2026-01-15: the day it was paid, from 2000-01-01 to today."
CATEGORY = "Send one of: travel, lodging, meals, equipment, software, training, other."
PAYMENT = "Send one of: company card, own card, cash, bank transfer."
DESCRIPTION = "Send what it was for, in 1 to 200 characters on one line."
DAY = "Send a day as YYYY-MM-DD, such as 2026-01-15; or leave it out."
LIMIT = "Send a whole number from 1 to 500; or leave it out for 100."


@dataclass(frozen=True)
class Answer:
    """What a tool answered."""

    failed: bool
    text: str
    data: Any


@dataclass(frozen=True)
class Calls:
    """A server and a real client that stays connected to it."""

    server: BackgroundServer
    runner: asyncio.Runner
    client: Client[Any]

    def __call__(self, tool: str, arguments: dict[str, Any] | None = None) -> Answer:
        """Call a tool."""
        result = self.runner.run(self.client.call_tool(tool, arguments, raise_on_error=False))
        text = result.content[0].text if result.content else ""  # type: ignore[union-attr]
        return Answer(result.is_error, text, result.data)


@contextmanager
def calls_to(name: str) -> Iterator[Calls]:
    """Run an unprotected server and connect to it."""
    with serving(unprotected.build, name=name) as server, asyncio.Runner() as runner, ExitStack() as ended:
        stack = AsyncExitStack()
        ended.callback(lambda: runner.run(stack.aclose()))
        yield Calls(server, runner, runner.run(stack.enter_async_context(Client(server.url))))


@pytest.fixture(scope="module")
def call() -> Iterator[Calls]:
    with calls_to("tools") as calls:
        yield calls


def test_what_is_added_is_listed_and_added_up() -> None:
    with calls_to("fresh") as fresh:
        taxi = LUNCH | {"amount": 40.1, "date": "2026-01-16", "category": "travel", "description": "Taxi"}
        assert fresh("add_expense", LUNCH).data == {"number": 1, **LUNCH}
        assert fresh("add_expense", taxi).data == {"number": 2, **taxi}
        assert fresh("list_expenses").data == [{"number": 2, **taxi}, {"number": 1, **LUNCH}]
        assert fresh("list_expenses", {"limit": 1}).data == [{"number": 2, **taxi}]
        assert fresh("list_expenses", {"category": "meals"}).data == [{"number": 1, **LUNCH}]
        assert fresh("list_expenses", {"from_date": "2026-01-16"}).data == [{"number": 2, **taxi}]
        assert fresh("list_expenses", {"to_date": "2026-01-15"}).data == [{"number": 1, **LUNCH}]
        assert fresh("summarize_expenses").data == {
            "count": 2,
            "total": 52.6,
            "by_category": {"meals": 12.5, "travel": 40.1},
            "by_payment_method": {"cash": 52.6},
        }
        one_day = {"from_date": "2026-01-15", "to_date": "2026-01-15"}
        assert fresh("summarize_expenses", one_day).data["total"] == 12.5
        assert fresh("summarize_expenses", {"category": "training"}).data["count"] == 0


def test_nobody_is_signed_in_to_the_unprotected_server(call: Calls) -> None:
    info = call("get_user_info").data
    assert info == dict.fromkeys(("name", "username", "email", "object_id", "tenant_id"))


def test_a_model_is_told_beforehand_what_the_arguments_are(call: Calls) -> None:
    async def ask() -> dict[str, dict[str, Any]]:
        async with Client(call.server.url) as client:
            return {tool.name: tool.input_schema["properties"] for tool in await client.list_tools()}

    tools = asyncio.run(ask())
    assert {name: set(arguments) for name, arguments in tools.items()} == {
        name: set(one.expected) for name, one in ARGUMENTS.items()
    }
    for tool, arguments in tools.items():
        for name, schema in arguments.items():
            expected = ARGUMENTS[tool].expected[name]
            assert schema["description"] == expected[0].upper() + expected[1:]
    add = tools["add_expense"]
    assert add["category"]["enum"] == "travel lodging meals equipment software training other".split()
    assert add["payment_method"]["enum"] == ["company card", "own card", "cash", "bank transfer"]
    assert (add["amount"]["type"], add["amount"]["exclusiveMinimum"], add["amount"]["maximum"]) == ("number", 0, 10**6)
    assert (add["date"]["type"], add["date"]["format"]) == ("string", "date")


@pytest.mark.parametrize("tool", ARGUMENTS)
def test_the_example_of_every_error_is_right(tool: str, call: Calls) -> None:
    refused = call(tool, {"no such argument": 1})
    assert refused.failed
    _, _, example = refused.text.partition("Example: ")
    answer = call(tool, json.loads(example))
    assert not answer.failed, answer.text


def test_money_is_exact(call: Calls) -> None:
    for text, amount in (("0.01", 0.01), ("0.1", 0.1), ("1e2", 100.0), ("1000000", 1e6), ("33.30", 33.3)):
        for sent in (text, float(text)):
            assert call("add_expense", LUNCH | {"amount": sent}).data["amount"] == amount


WRONG: list[tuple[str, dict[str, Any], list[str]]] = [
    ("add_expense", {"amount": "twelve"}, [f'- amount: "twelve" can\'t be used. {AMOUNT}']),
    ("add_expense", {"amount": "12,50"}, [f'- amount: "12,50" can\'t be used. {AMOUNT}']),
    ("add_expense", {"amount": "€ 12.50"}, [f'- amount: "\\u20ac 12.50" can\'t be used. {AMOUNT}']),
    ("add_expense", {"amount": 0}, [f"- amount: 0 can't be used. {AMOUNT}"]),
    ("add_expense", {"amount": -1}, [f"- amount: -1 can't be used. {AMOUNT}"]),
    ("add_expense", {"amount": 0.001}, [f"- amount: 0.001 can't be used. {AMOUNT}"]),
    ("add_expense", {"amount": 12.345}, [f"- amount: 12.345 can't be used. {AMOUNT}"]),
    ("add_expense", {"amount": 1_000_000.01}, [f"- amount: 1000000.01 can't be used. {AMOUNT}"]),
    ("add_expense", {"amount": 1e308}, [f"- amount: 1e+308 can't be used. {AMOUNT}"]),
    ("add_expense", {"amount": True}, [f"- amount: true can't be used. {AMOUNT}"]),
    ("add_expense", {"amount": None}, [f"- amount: null can't be used. {AMOUNT}"]),
    ("add_expense", {"amount": "NaN"}, [f'- amount: "NaN" can\'t be used. {AMOUNT}']),
    ("add_expense", {"amount": [12.5]}, [f"- amount: [12.5] can't be used. {AMOUNT}"]),
    ("add_expense", {"amount": {"value": 12.5}}, [f'- amount: {{"value": 12.5}} can\'t be used. {AMOUNT}']),
    ("add_expense", {"date": "15.01.2026"}, [f'- date: "15.01.2026" can\'t be used. {DATE}']),
    ("add_expense", {"date": "2026-1-5"}, [f'- date: "2026-1-5" can\'t be used. {DATE}']),
    ("add_expense", {"date": "2026-02-30"}, [f'- date: "2026-02-30" can\'t be used. {DATE}']),
    ("add_expense", {"date": "yesterday"}, [f'- date: "yesterday" can\'t be used. {DATE}']),
    ("add_expense", {"date": "2026-01-15T12:00:00"}, [f'- date: "2026-01-15T12:00:00" can\'t be used. {DATE}']),
    ("add_expense", {"date": 1768435200}, [f"- date: 1768435200 can't be used. {DATE}"]),
    ("add_expense", {"date": "2099-01-01"}, [f'- date: "2099-01-01" can\'t be used. {DATE}']),
    ("add_expense", {"date": "1999-12-31"}, [f'- date: "1999-12-31" can\'t be used. {DATE}']),
    ("add_expense", {"date": "\u0662\u0660\u0662\u0666-01-15"}, [f"can't be used. {DATE}"]),
    ("add_expense", {"category": "food"}, [f'- category: "food" can\'t be used. {CATEGORY}']),
    ("add_expense", {"category": "Meals"}, [f'- category: "Meals" can\'t be used. {CATEGORY}']),
    ("add_expense", {"category": ["meals"]}, [f'- category: ["meals"] can\'t be used. {CATEGORY}']),
    ("add_expense", {"payment_method": "visa"}, [f'- payment_method: "visa" can\'t be used. {PAYMENT}']),
    ("add_expense", {"description": ""}, [f'- description: "" can\'t be used. {DESCRIPTION}']),
    ("add_expense", {"description": " \t "}, [f"can't be used. {DESCRIPTION}"]),
    ("add_expense", {"description": "a\nb"}, [f'- description: "a\\nb" can\'t be used. {DESCRIPTION}']),
    ("add_expense", {"description": "\x1b[31mred"}, [f"can't be used. {DESCRIPTION}"]),
    ("add_expense", {"description": "x" * 201}, [f"... can't be used. {DESCRIPTION}"]),
    ("add_expense", {"description": 5}, [f"- description: 5 can't be used. {DESCRIPTION}"]),
    ("add_expense", {"owner": "sam"}, ['- "owner" is not an argument. Known: amount, date, category,']),
    (
        "add_expense",
        {"amount": "twelve", "category": "food", "description": None, "owner": "sam"},
        [AMOUNT, CATEGORY, DESCRIPTION, '"owner" is not an argument'],
    ),
    ("list_expenses", {"limit": 0}, [f"- limit: 0 can't be used. {LIMIT}"]),
    ("list_expenses", {"limit": 501}, [f"- limit: 501 can't be used. {LIMIT}"]),
    ("list_expenses", {"limit": 1.5}, [f"- limit: 1.5 can't be used. {LIMIT}"]),
    ("list_expenses", {"limit": True}, [f"- limit: true can't be used. {LIMIT}"]),
    ("list_expenses", {"limit": "all"}, [f'- limit: "all" can\'t be used. {LIMIT}']),
    (
        "list_expenses",
        {"category": "food"},
        ['- category: "food" can\'t be used. Send one of: travel,', "leave it out"],
    ),
    ("list_expenses", {"from_date": "January"}, [f'- from_date: "January" can\'t be used. {DAY}']),
    ("summarize_expenses", {"to_date": 20260115}, [f"- to_date: 20260115 can't be used. {DAY}"]),
    (
        "summarize_expenses",
        {"from_date": "2026-02-01", "to_date": "2026-01-01"},
        ['from_date: "2026-02-01"', 'to_date: "2026-01-01"'],
    ),
    ("get_user_info", {"user": "sam"}, ['- "user" is not an argument. Known: none.', "Example: {}"]),
]


@pytest.mark.parametrize(("tool", "wrong", "told"), WRONG, ids=lambda value: json.dumps(value)[:40])
def test_wrong_arguments_are_named_with_what_to_send(
    tool: str, wrong: dict[str, Any], told: list[str], call: Calls
) -> None:
    before = call("summarize_expenses").data["count"]
    answer = call(tool, (LUNCH if tool == "add_expense" else {}) | wrong)
    assert answer.failed
    assert answer.text.startswith(f"{tool} did nothing, because of its arguments.\n- ")
    for part in told:
        assert part in answer.text
    assert len(answer.text.splitlines()) == len(wrong) + 2, "one line for each that is wrong, and no other"
    assert "Example: {" in answer.text
    assert "x" * 61 not in answer.text, "what was sent is cut short"
    assert "pydantic" not in answer.text
    assert call("summarize_expenses").data["count"] == before


@pytest.mark.parametrize("name", LUNCH)
def test_a_missing_argument_is_named_with_what_to_send(name: str, call: Calls) -> None:
    answer = call("add_expense", {key: value for key, value in LUNCH.items() if key != name})
    assert answer.failed
    assert f"\n- {name} is missing. Send {ARGUMENTS['add_expense'].expected[name]}.\n" in answer.text


def test_no_arguments_at_all(call: Calls) -> None:
    answer = call("add_expense")
    assert answer.failed
    assert [line.split()[1] for line in answer.text.splitlines()[1:-1]] == list(LUNCH)


@pytest.mark.parametrize("arguments", [[1, 2], "amount=12", 5, True])
def test_arguments_that_are_no_object_are_refused_by_the_protocol(arguments: object, call: Calls) -> None:
    """No MCP client sends them; whoever does hears it as a JSON-RPC error."""
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    params = {"name": "add_expense", "arguments": arguments, "_meta": meta}
    headers = {
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": "2026-07-28",
        "MCP-Method": "tools/call",
        "MCP-Name": "add_expense",
    }
    with httpx.Client(trust_env=False, timeout=120) as client:
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        answer = client.post(call.server.url, headers=headers, json=message)
    assert answer.status_code < 500
    assert answer.json()["error"]["code"] == -32602


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(wrong=st.dictionaries(st.sampled_from([*LUNCH, "owner"]), JSON, min_size=1))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_json_is_taken_or_explained(wrong: dict[str, Any], call: Calls) -> None:
    answer = call("add_expense", LUNCH | wrong)
    if answer.failed:
        assert answer.text.startswith("add_expense did nothing, because of its arguments.\n- ")
        assert "Example: {" in answer.text
    else:
        assert 0 < answer.data["amount"] <= 1_000_000
        assert math.isclose(answer.data["amount"] * 100, round(answer.data["amount"] * 100))
        assert answer.data["description"].strip()


def test_nothing_of_it_is_an_error_of_the_server(call: Calls) -> None:
    """Runs last: a wrong argument is the caller's, and the log has no line of level error."""
    assert [line.text for line in call.server.log if line.level == "error"] == []
