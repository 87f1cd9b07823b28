"""The servers that ask Microsoft Graph on behalf of the user: every tool, and every refusal in words to act on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from fastmcp.client.elicitation import ElicitResult

from .conftest import Entra
from .office import Office, consented, office
from .test_tools import LUNCH

MAIL = {"to": "sam@contoso.onmicrosoft.com", "subject": "The receipt", "body": "Hello Sam, it is missing. Robin"}


@pytest.fixture(scope="module")
def at(entra: Entra) -> Iterator[Office]:
    with office(entra, consented(entra, "On behalf of")) as opened:
        yield opened


def test_the_profile_is_that_of_the_user_who_calls(at: Office) -> None:
    for name, job in (("robin", "Accountant"), ("sam", "Software engineer")):
        told = at.call("get_my_profile", token=at.token(name)).data
        assert (told["username"], told["job_title"]) == (f"{name}@contoso.onmicrosoft.com", job)


def test_groups_are_those_the_user_is_in_also_through_others(at: Office) -> None:
    assert [one["name"] for one in at.call("list_my_groups").data] == ["Finance", "Expense approvers"]
    assert [one["name"] for one in at.call("list_my_groups", token=at.token("sam")).data] == ["Engineering"]


def test_files_are_listed_and_read(at: Office) -> None:
    top = {one["name"]: one for one in at.call("list_my_files").data}
    assert top["Receipts"]["kind"] == "folder"
    inside = at.call("list_my_files", {"folder_id": top["Receipts"]["id"]}).data
    assert [one["name"] for one in inside] == ["Hotel.txt", "Train.txt"]
    read = at.call("read_my_file", {"file_id": inside[0]["id"]}).data
    assert read == {"name": "Hotel.txt", "text": "Hotel, two nights: 212.00\n"}
    # Another user's file is not there.
    assert "does not know that" in at.said("read_my_file", {"file_id": inside[0]["id"]}, at.token("sam"))
    assert "file_id: " in at.said("read_my_file", {"file_id": top["Receipts"]["id"]})
    assert "file_id: " in at.said("read_my_file", {"file_id": "../../users"})


def test_only_members_of_the_group_see_everyones_sums(at: Office) -> None:
    for name in ("robin", "sam"):
        assert not at.call("add_expense", LUNCH, at.token(name)).is_error
    told = at.call("summarize_everyones_expenses").data
    assert told["people"] == 2
    assert "you are not in it" in at.said("summarize_everyones_expenses", token=at.token("sam"))


def sent(at: Office) -> list[str]:
    world = at.entra.world
    reader = world.register("Reader of mail")
    token = world.tokens(reader, "robin", scope="https://graph.microsoft.com/Mail.Read")["access_token"]
    found = world.graph("GET", "/me/mailFolders/sentitems/messages", token).json()["value"]
    return [one["subject"] for one in found]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_mail_is_sent_only_after_a_yes_to_this_mail(at: Office, mode: str) -> None:
    asked: list[str] = []

    def answering(action: Literal["accept", "decline", "cancel"], **content: Any) -> Any:
        async def answer(message: str, response_type: type, params: Any, context: Any) -> Any:  # noqa: ARG001
            asked.append(message)
            return ElicitResult(action=action, content=content or None)

        return answer

    letter = MAIL | {"subject": f"The receipt ({mode})"}
    field = "confirm" if mode == "auto" else "value"
    for handler in (answering("decline"), answering("cancel"), answering("accept", **{field: False})):
        result = at.call("send_mail", letter, elicitation_handler=handler, mode=mode)
        assert result.data["sent"] is False
    assert letter["subject"] not in sent(at)
    result = at.call("send_mail", letter, elicitation_handler=answering("accept", **{field: True}), mode=mode)
    assert result.data == {"sent": True, "to": letter["to"]}
    assert sent(at).count(letter["subject"]) == 1
    assert len(asked) == 4
    assert all(text in asked[0] for text in letter.values())


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_client_that_cant_ask_is_told_what_to_do(at: Office, mode: str) -> None:
    said = at.said("send_mail", MAIL | {"subject": "Nobody was asked"}, mode=mode)
    assert "needs the user's own yes" in said
    assert "connect with a program that can ask" in said
    assert "Nobody was asked" not in sent(at)
