"""What a tool is given stays what it is: an id is one segment of Graph's path, a text is no other text's part."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from workshop.servers.arguments import PathId
from workshop.servers.graph import literal

from .conftest import Entra
from .doors import HEADERS, MESSAGE
from .office import Office, consented, office

WALKING = (
    ".", "..", "...", "../", "/..", "..\\", "../root", "a/../..", "./x", ".x", "x.", "a..b", "%2e%2e", "%2E.",
    "..%2f", "%252e", "..;", "..;/", "root:", "root:/Receipts", "root/children", "items('x')", "a b", "a\tb", "a\n",
    "\n", "a\x00", "\x00", "?$expand=children", "#", "a#b", "a?b", "a&b", "@me", "x" * 201, "\uff0e\uff0e",
    "é", "\u0660", " ", "", "a'", 'a"', "$value", "~", "a*", "..\u200b",
)  # fmt: skip
# Of OneDrive for work, of a personal OneDrive (documentation of driveItem), and the word for the top.
HONEST = ("01BYE5RZ6QN3ZWBTUFOFD3GSPGOHDJD36K", "0123456789ABC!123", "F04AA961744A809!s1a2b3c", "root", "a.b", "-_")


@pytest.fixture(scope="module")
def at(entra: Entra) -> Iterator[Office]:
    with office(entra, consented(entra, "Walking")) as opened:
        yield opened


def graph_asked(at: Office) -> list[str]:
    """Return the paths at which Graph was asked for drives."""
    with at.entra.tenant.control() as control:
        log = control.get("/log").json()["exchanges"]
    return [each["path"] for each in log if "/drives/" in each["path"]]


def test_an_id_that_walks_is_refused_and_graph_is_not_asked(at: Office) -> None:
    at.call("list_my_files")
    before = len(graph_asked(at))
    assert before
    for tool, argument in (("read_my_file", "file_id"), ("list_my_files", "folder_id")):
        for walking in WALKING:
            said = at.said(tool, {argument: walking})
            assert said.startswith(f"{tool} did nothing, because of its arguments.\n- {argument}: "), walking
    assert len(graph_asked(at)) == before


def test_an_id_as_graph_gives_it_is_looked_for(at: Office) -> None:
    for honest in HONEST[:3]:
        assert "does not know that" in at.said("read_my_file", {"file_id": honest})
    assert [one["name"] for one in at.call("list_my_files", {"folder_id": "root"}).data]


@example("..")
@given(st.text(max_size=8) | st.text("./%2eE\\;:a", max_size=8))
def test_an_id_that_is_taken_is_one_segment_and_stays_it(text: str) -> None:
    """Whatever joins it to an address: the path behind it has one segment more, and none that stands for another."""
    try:
        TypeAdapter(PathId).validate_python(text)
    except ValidationError:
        assert text not in HONEST
        return
    path = httpx.URL("https://graph.microsoft.com/v1.0/drives/d/items/").join(text).path
    assert path == f"/v1.0/drives/d/items/{text}"


@pytest.mark.parametrize(
    "wrong",
    [
        {"to": "sam@contoso.onmicrosoft.com\x00"},
        {"to": "sam@contoso.onmicrosoft.com\u202emoc"},
        {"to": "sam@contoso.onmicrosoft.com\r\nBcc:eve@evil.example"},
        {"subject": "a\u2028b"},
        {"body": "a\x00b"},
        {"body": "\x1b]0;title\x07"},
    ],
    ids=str,
)
def test_a_mail_is_what_the_user_is_asked_about(wrong: dict[str, Any], at: Office) -> None:
    mail = {"to": "sam@contoso.onmicrosoft.com", "subject": "Hello", "body": "Hello,\r\n\tSam"} | wrong
    assert next(iter(wrong)) in at.said("send_mail", mail)


@pytest.mark.parametrize("argument", ["file_id", "to", "subject", "body"])
def test_half_a_character_is_the_callers_fault(argument: str, at: Office) -> None:
    """JSON can say it (a lone surrogate), UTF-8 can't: no 500, and nothing is done."""
    tool = "read_my_file" if argument == "file_id" else "send_mail"
    message: Any = json.loads(json.dumps(MESSAGE))
    message["params"] |= {"name": tool, "arguments": {"to": "a@b.example", "subject": "s", "body": "b"}}
    if tool == "read_my_file":
        message["params"]["arguments"] = {}
    message["params"]["arguments"][argument] = "a\ud800"
    headers = dict(HEADERS) | {"MCP-Name": tool, "Authorization": f"Bearer {at.token()}"}
    with httpx.Client(trust_env=False, timeout=120) as client:
        answer = client.post(at.server.url, headers=headers, content=json.dumps(message).encode())  # type: ignore[arg-type]
    assert answer.status_code < 500
    assert "sent" not in answer.text


@given(st.text())
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_a_text_in_a_filter_ends_where_it_ends(text: str) -> None:
    assert literal(text)[1:-1].replace("''", "") == text.replace("'", "")
    assert literal(text)[1:-1].replace("''", "").count("'") == 0
