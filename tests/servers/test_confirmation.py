"""A yes counts for what was asked, for whom it was asked, and once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import mcp_types
import pytest
from fastmcp import Client
from fastmcp.client.auth import BearerAuth
from fastmcp.client.elicitation import ElicitResult
from mcp.shared.exceptions import MCPError

from workshop.servers import confirmation
from workshop.servers.confirmation import KEY, MOST_OF_ONE, OpenQuestions, confirmed

from .conftest import Entra
from .office import Office, consented, office
from .test_on_behalf_of import sent

YES = mcp_types.ElicitResult(action="accept", content={KEY: True})
SAM, ROBIN = ("tenant", "sam"), ("tenant", "robin")


def answered(question: str, given: Any = None, state: str | None = None, tool: str = "send_mail") -> Any:
    """Ask as a server of 2026-07-28 does, where a client has come back with an answer."""
    context: Any = SimpleNamespace(
        session=SimpleNamespace(check_client_capability=lambda _: True),
        request_context=SimpleNamespace(protocol_version="2026-07-28"),
        input_responses=None if given is None else {KEY: given},
        request_state=state,
    )
    return asyncio.run(confirmed(context, tool, question))


def test_a_yes_to_one_mail_is_not_a_yes_to_another() -> None:
    asked = answered("To sam: hello")
    assert isinstance(asked, mcp_types.InputRequiredResult)
    assert answered("To sam: hello", YES, asked.request_state) is True
    again = answered("To everyone: something else", YES, asked.request_state)
    assert isinstance(again, mcp_types.InputRequiredResult), "it asks anew"
    assert again.request_state != asked.request_state


def test_a_yes_is_spent_by_its_use_whatever_it_was_used_for() -> None:
    asked = answered("To sam: hello")
    assert answered("To sam: hello", YES, asked.request_state) is True
    assert isinstance(answered("To sam: hello", YES, asked.request_state), mcp_types.InputRequiredResult)
    asked = answered("To sam: hello")
    assert isinstance(answered("To eve: hello", YES, asked.request_state), mcp_types.InputRequiredResult)
    assert isinstance(answered("To sam: hello", YES, asked.request_state), mcp_types.InputRequiredResult)
    asked = answered("To sam: hello")
    assert answered("To sam: hello", mcp_types.ElicitResult(action="decline"), asked.request_state) is False
    assert isinstance(answered("To sam: hello", YES, asked.request_state), mcp_types.InputRequiredResult)


def test_a_yes_for_one_tool_is_none_for_another() -> None:
    asked = answered("Do it?")
    assert isinstance(answered("Do it?", YES, asked.request_state, tool="delete_all"), mcp_types.InputRequiredResult)


def test_a_yes_that_nobody_asked_for_does_not_count() -> None:
    assert isinstance(answered("To sam: hello", YES), mcp_types.InputRequiredResult)
    for made_up in ("", "x", "0" * 64):
        assert isinstance(answered("To sam: hello", YES, made_up), mcp_types.InputRequiredResult)


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


class TestOpenQuestions:
    def test_each_user_answers_the_own_ones(self) -> None:
        questions = OpenQuestions()
        name = questions.ask(ROBIN, "send_mail", "hello")
        assert not questions.spend(name, SAM, "send_mail", "hello")
        assert questions.spend(name, ROBIN, "send_mail", "hello"), "and nobody takes them away"

    def test_they_wait_for_some_minutes(self) -> None:
        clock = [0.0]
        questions = OpenQuestions(seconds=600, now=lambda: clock[0])
        names = [questions.ask(ROBIN, "send_mail", "hello") for _ in range(2)]
        clock[0] = 599
        assert questions.spend(names[0], ROBIN, "send_mail", "hello")
        clock[0] = 600
        assert not questions.spend(names[1], ROBIN, "send_mail", "hello")
        assert len(questions) == 0

    def test_who_asks_without_end_loses_the_own_and_nobody_elses(self) -> None:
        questions = OpenQuestions()
        sams = questions.ask(SAM, "send_mail", "hello")
        robins = [questions.ask(ROBIN, "send_mail", "hello") for _ in range(1000)]
        assert len(questions) == MOST_OF_ONE + 1
        assert not questions.spend(robins[0], ROBIN, "send_mail", "hello")
        assert questions.spend(robins[-1], ROBIN, "send_mail", "hello")
        assert questions.spend(sams, SAM, "send_mail", "hello")

    def test_there_is_an_end_to_all_of_them(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(confirmation, "MOST", 100)
        questions = OpenQuestions()
        for number in range(500):
            questions.ask((str(number),), "send_mail", "hello")
        assert len(questions) == 100

    def test_their_names_are_not_to_be_guessed(self) -> None:
        questions = OpenQuestions()
        names = {questions.ask((str(number),), "send_mail", "hello") for number in range(100)}
        assert len(names) == 100
        assert min(map(len, names)) >= 40


MAIL = {"to": "sam@contoso.onmicrosoft.com", "subject": "Once", "body": "Hello Sam"}


@pytest.fixture(scope="module")
def at(entra: Entra) -> Iterator[Office]:
    with office(entra, consented(entra, "Confirming")) as opened:
        yield opened


@dataclass(frozen=True)
class Round:
    """One request of a client that shapes its rounds itself.

    Attributes:
        yes: bring a yes and the state of the first question.
        who: calls.
        changed: arguments that differ from the mail.
    """

    yes: bool = False
    who: str = "robin"
    changed: Mapping[str, str] = field(default_factory=dict)


def played(at: Office, subject: str, *rounds: Round) -> list[Any]:
    """Play the rounds and return what came back: asked or done."""

    async def never(*_: Any) -> Any:
        raise AssertionError("this client answers by itself")

    async def play() -> list[Any]:
        answers: list[Any] = []
        for each in rounds:
            state = answers[0].request_state if each.yes else None
            responses: Any = {KEY: YES} if each.yes else None
            auth = BearerAuth(at.token(each.who))
            async with Client(at.server.url, auth=auth, elicitation_handler=never, mode="2026-07-28") as client:
                arguments = {**MAIL, "subject": subject, **each.changed}
                try:
                    answer: Any = await client.session.call_tool(
                        "send_mail",
                        arguments,
                        input_responses=responses,
                        request_state=state,
                        allow_input_required=True,
                    )
                except MCPError as error:  # the SDK's own seal of the state
                    answer = error
            answers.append(answer)
        return answers

    return asyncio.run(play())


def is_sent(answer: Any) -> bool:
    return isinstance(answer, mcp_types.CallToolResult) and bool((answer.structured_content or {}).get("sent"))


def test_one_yes_sends_one_mail(at: Office) -> None:
    asked, first, second, third = played(at, "Once", Round(), Round(yes=True), Round(yes=True), Round(yes=True))
    assert isinstance(asked, mcp_types.InputRequiredResult)
    assert [is_sent(answer) for answer in (first, second, third)] == [True, False, False]
    assert isinstance(second, mcp_types.InputRequiredResult), "the user is asked anew"
    assert sent(at).count("Once") == 1


def test_a_yes_is_the_users_who_was_asked_and_for_this_mail(at: Office) -> None:
    other = {"to": "eve@evil.example"}
    answers = played(at, "Mine", Round(), Round(yes=True, who="sam"), Round(yes=True, changed=other))
    assert [is_sent(answer) for answer in answers] == [False, False, False]
    assert "Mine" not in sent(at)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_every_mail_is_asked_about(at: Office, mode: str) -> None:
    asked: list[str] = []

    async def yes(message: str, *_: Any) -> Any:
        asked.append(message)
        return ElicitResult(action="accept", content={"confirm" if mode == "auto" else "value": True})

    mail = MAIL | {"subject": f"Thrice ({mode})"}
    for _ in range(3):
        assert at.call("send_mail", mail, elicitation_handler=yes, mode=mode).data["sent"] is True
    assert len(asked) == 3
