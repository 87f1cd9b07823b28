"""A yes counts for what was asked, and for nothing else."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import mcp_types
import pytest

from workshop.servers.confirmation import KEY, confirmed

YES = mcp_types.ElicitResult(action="accept", content={KEY: True})


def answered(question: str, given: Any = None, state: str | None = None) -> Any:
    """Ask as a server of 2026-07-28 does, where a client has come back with an answer."""
    context: Any = SimpleNamespace(
        session=SimpleNamespace(check_client_capability=lambda _: True),
        request_context=SimpleNamespace(protocol_version="2026-07-28"),
        input_responses=None if given is None else {KEY: given},
        request_state=state,
    )
    return asyncio.run(confirmed(context, "send_mail", question))


def test_a_yes_to_one_mail_is_not_a_yes_to_another() -> None:
    asked = answered("To sam: hello")
    assert isinstance(asked, mcp_types.InputRequiredResult)
    assert answered("To sam: hello", YES, asked.request_state) is True
    again = answered("To everyone: something else", YES, asked.request_state)
    assert isinstance(again, mcp_types.InputRequiredResult), "it asks anew"
    assert again.request_state != asked.request_state


def test_a_yes_that_nobody_asked_for_does_not_count() -> None:
    assert isinstance(answered("To sam: hello", YES), mcp_types.InputRequiredResult)


@pytest.mark.parametrize(
    "given",
    [
        mcp_types.ElicitResult(action="decline"),
        mcp_types.ElicitResult(action="accept"),
        mcp_types.ElicitResult(action="accept", content={KEY: "true"}),
        mcp_types.ElicitResult(action="decline", content={KEY: True}),
        "yes",
    ],
)
def test_anything_but_yes_is_no(given: Any) -> None:
    asked = answered("To sam: hello")
    assert answered("To sam: hello", given, asked.request_state) is False
