"""Lesson 06: what it says of requests and answers is read in the traffic that its own cells recorded."""

from __future__ import annotations

import json

import pytest
from lesson_kernel import Hop, Ran, run

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN = "/oauth2/v2.0/token"

# What the lesson says without showing it. Each runs at the end, in the lesson's own kernel.
PROBES = {
    "schema": """
server = serve(job_again)
await call(server, "job_again")
async with clients[(server.url, "robin")] as client:
    (tool,) = [one for one in await client.list_tools() if one.name == "job_again"]
print(json.dumps(tool.input_schema))
""",
    "refused-later": """
def mails() -> int:
    token = ask_entra(get_access_token().token, "https://graph.microsoft.com/.default")
    return httpx.get(f"{ME}/messages", headers={"Authorization": f"Bearer {token}"}).status_code


print(await call(serve(mails), "mails"))
""",
    "audience": """
def another_app() -> str:
    return get_access_token().token


def build(base_url):
    mcp = proxy.build(base_url, load())
    mcp.tool(another_app)
    return mcp


registration.ready(lesson.settings)
other = background.start(build, name="another")
foreign = await call(other, "another_app")
try:
    ask_entra(foreign, PROFILE)
except ValueError as refused:
    print(str(refused).partition(".")[0])
""",
    "added": """
await call(server := background.start(lambda url: on_behalf_of.build(url, told), name="n"), "get_my_profile")
async with clients[(server.url, "robin")] as client:
    print(json.dumps(sorted(one.name for one in await client.list_tools())))
""",
}


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ran]:
    """What each cell of the solved lesson printed and recorded."""
    return run("06", tmp_path_factory.mktemp("lesson") / "state", PROBES)


def exchanges(hops: list[Hop]) -> list[Hop]:
    """Return the exchanges among the hops."""
    return [hop for hop in hops if hop.path.endswith(TOKEN) and hop.sent.get("grant_type") == GRANT]


def test_graph_refuses_the_token_that_is_for_the_server(lesson: dict[str, Ran]) -> None:
    (asked,) = [hop for hop in lesson["straight"].traffic if hop.path == "/v1.0/me"]
    assert (asked.status, asked.source) == (401, "MCP server")
    assert lesson["straight"].printed == "401: Invalid audience.\n"
    assert not exchanges(lesson["straight"].traffic)


def test_the_exchange_shows_the_token_of_the_call_and_gets_another(lesson: dict[str, Ran]) -> None:
    hops = lesson["by-hand"].hops
    (made,) = exchanges(hops)
    assert (made.sent["requested_token_use"], made.sent["scope"]) == (
        "on_behalf_of", "https://graph.microsoft.com/User.Read",
    )  # fmt: skip
    (asked,) = [hop for hop in hops if hop.path == "/v1.0/me"]
    assert asked.status == 200
    assert asked.sent_marks["access_token"] == made.received_marks["access_token"] != made.sent_marks["assertion"]


def test_nobody_is_asked_during_an_exchange(lesson: dict[str, Ran]) -> None:
    assert not [hop for hop in lesson["by-hand"].hops if "Browser" in (hop.source, hop.target)]


def test_each_person_gets_their_own(lesson: dict[str, Ran]) -> None:
    assert lesson["by-hand"].printed.splitlines()[:2] == ["Robin Marsh: Accountant", "Sam Okafor: Software engineer"]


def test_the_token_has_all_that_was_consented_to_and_the_rest_is_refused_by_name(lesson: dict[str, Ran]) -> None:
    rows = lesson["scopes"].printed.splitlines()[1:]
    (named, default, missing) = [row.split(maxsplit=1)[1] for row in rows]
    assert named == default
    assert {"User.Read", "Files.Read", "GroupMember.Read.All", "Mail.Send"} <= set(named.split())
    assert missing.startswith("AADSTS65001: ")
    made = exchanges(lesson["scopes"].traffic)
    assert [hop.status for hop in made] == [200, 200, 400]
    assert made[1].sent["scope"] == "https://graph.microsoft.com/.default"


def test_with_default_graph_refuses_what_is_missing(lesson: dict[str, Ran]) -> None:
    assert lesson["refused-later"].printed.strip() == "403"
    assert [hop.status for hop in exchanges(lesson["refused-later"].traffic)] == [200]


def test_one_exchange_for_each_person(lesson: dict[str, Ran]) -> None:
    made = exchanges(lesson["cached"].hops)
    assert len(made) == len({hop.sent_marks["assertion"] for hop in made}) == 2
    assert "2 exchanges for 4 calls" in lesson["cached"].printed


def test_no_model_can_fill_the_token(lesson: dict[str, Ran]) -> None:
    assert json.loads(lesson["schema"].printed).get("properties", {}) == {}


def test_the_groups_are_found_through_others_and_each_sees_their_own_files(lesson: dict[str, Ran]) -> None:
    assert [hop.path for hop in lesson["tools"].traffic if "transitiveMemberOf" in hop.path]
    robin, sam = lesson["tools"].printed.splitlines()[1:]
    assert "Finance, Expense approvers" in robin
    assert "Engineering" in sam
    assert not set(robin.split()[1:]) & set(sam.split()[1:])


def test_the_server_decides_as_the_gate_does(lesson: dict[str, Ran]) -> None:
    said = lesson["gate"].printed
    assert "robin may approve: True\n    the server: {'people': " in said
    assert "sam may approve: False\n    the server: Only members of the approvers' group" in said


def test_without_a_group_there_is_no_such_tool(lesson: dict[str, Ran]) -> None:
    tools = json.loads(lesson["added"].printed)
    assert "get_my_profile" in tools
    assert "summarize_everyones_expenses" not in tools


def test_a_wrong_token_is_told_from_a_missing_consent(lesson: dict[str, Ran]) -> None:
    rows = dict(line.rsplit("  AADSTS", 1) for line in lesson["wrong-table"].printed.splitlines()[1:])
    codes = {name.strip(): answer.partition(":")[0] for name, answer in rows.items()}
    assert codes == {"Graph's token": "50013", "a changed token": "50013", "no token": "50027"}


def test_the_token_of_another_app_has_another_audience(lesson: dict[str, Ran]) -> None:
    assert lesson["audience"].printed.strip().splitlines()[-1].startswith("AADSTS500131: ")


def test_no_token_and_no_secret_stands_in_an_output(lesson: dict[str, Ran]) -> None:
    printed = "".join(ran.printed for name, ran in lesson.items() if name not in PROBES)
    assert "eyJ" not in printed
    assert "practice." not in printed.replace("practice.env", "")
