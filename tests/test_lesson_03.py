"""Lesson 03: what it says of requests and answers is read in the traffic that its own cells recorded."""

from __future__ import annotations

import json
from typing import Any

import pytest
from lesson_kernel import Hop, Ran, run

from workshop.show.masking import GUID

SCOPE, FULL = "mcp-access", "api://{client}/mcp-access"
OPENID = "openid profile offline_access"
GRAPH = "00000003-0000-0000-c000-000000000000"
AUTHORIZE = "Browser -> Entra GET /{tenant}/oauth2/v2.0/authorize"
PICKED = "Browser -> Entra POST /{tenant}/login"
TOKEN = "MCP server -> Entra POST /{tenant}/oauth2/v2.0/token"
ASKED = "Browser -> MCP server GET /authorize"
REDEEMED = "MCP client -> MCP server POST /token"
CALLED = "MCP client -> MCP server POST /mcp"

IDLE = """
client = Client(serve(box.settings).url, auth="oauth")
with lesson.agent.as_user(box.account("robin")), box.directory.lifetimes(access=2):
    async with client:
        await client.call_tool("get_user_info")
await asyncio.sleep(3)
with lesson.agent.as_user(box.account("robin")), box.directory.clock(DAYS * 86_400):
    with lesson.recording(box.names), contextlib.suppress(Exception):
        async with client:
            await client.call_tool("get_user_info")
"""

# What the lesson says without showing it. Each runs at the end, in the lesson's own kernel.
PROBES = {
    "lifetimes": 'print(json.dumps([fastmcps["iat"], fastmcps["exp"], entras["iat"], entras["exp"]]))',
    "idle-89": IDLE.replace("DAYS", "89"),
    "idle-91": IDLE.replace("DAYS", "91"),
    "profile": """
box.change(optionalClaims={"accessToken": [{"name": name} for name in ("given_name", "family_name", "upn")]})
found = []
with lesson.agent.as_user(box.account("robin")):
    for scopes in (["openid", "profile"], ["openid"]):
        found.append(await call(serve(box.settings, additional_authorize_scopes=scopes), "entra_token"))
print(json.dumps(found))
""",
    "no-address": """
import httpx
from workshop.playground.sandbox import _administrator

with _administrator(lesson.agent, box.settings.tenant_id, box.domain) as credential:
    graph = {"Authorization": "Bearer " + credential.get_token("https://graph.microsoft.com/.default").token}
nora = {
    "accountEnabled": True, "displayName": "Nora Field", "mailNickname": "nora",
    "userPrincipalName": box.account("nora"), "passwordProfile": {"password": "not-used-in-practice-1"},
}
httpx.post("https://graph.microsoft.com/v1.0/users", headers=graph, json=nora).raise_for_status()
box.change(optionalClaims={"accessToken": [{"name": "email"}]})
with lesson.agent.as_user(box.account("nora")):
    print(json.dumps(await call(serve(box.settings), "entra_token")))
""",
    "guest": """
server = serve(box.settings)
people = {}
for name in ("robin", "kim_fabrikam.example#EXT#"):
    with lesson.agent.as_user(box.account(name)):
        people[name[:5]] = await call(server, "entra_token")
print(json.dumps(people))
""",
}


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ran]:
    """What each cell of the solved lesson printed and recorded."""
    return run("03", tmp_path_factory.mktemp("lesson") / "state", PROBES)


def of(hops: list[Hop], line: str) -> list[Hop]:
    """Return the hops of this kind."""
    return [hop for hop in hops if hop.line == line]


def one(hops: list[Hop], line: str) -> Hop:
    """Return the only hop of this kind."""
    (only,) = of(hops, line)
    return only


def signed_calls(hops: list[Hop]) -> list[Hop]:
    """Return the calls of the MCP client that carried a token."""
    return [hop for hop in of(hops, CALLED) if "Authorization" in hop.sent]


# --- follow one scope ---


def test_the_server_advertises_the_short_name_in_its_refusal_and_in_both_documents(lesson: dict[str, Ran]) -> None:
    hops = lesson["first-call"].hops
    refusal = next(hop for hop in of(hops, CALLED) if hop.status == 401)
    assert refusal.received["scope"] == SCOPE
    documents = [hop for hop in hops if "/.well-known/" in hop.path]
    assert [hop.path.split("/")[2] for hop in documents] == ["oauth-protected-resource", "oauth-authorization-server"]
    assert [hop.received["scopes_supported"] for hop in documents] == [SCOPE, SCOPE]


def test_the_client_asks_for_the_short_name_and_entra_is_asked_for_the_full_one(lesson: dict[str, Ran]) -> None:
    hops = lesson["first-call"].hops
    assert one(hops, ASKED).sent["scope"] == SCOPE
    assert one(hops, AUTHORIZE).sent["scope"] == f"{FULL} {OPENID}"
    assert one(hops, TOKEN).sent["scope"] == f"{FULL} {OPENID}"
    assert one(hops, TOKEN).received["scope"] == FULL
    assert one(hops, REDEEMED).received["scope"] == SCOPE


def test_the_token_has_the_short_name_and_no_openid_scope(lesson: dict[str, Ran]) -> None:
    assert lesson["first-call"].printed.startswith("In Entra's token, scp is: mcp-access\n")


# --- the wrong ways ---


def test_with_the_full_name_required_the_sign_in_succeeds_twice_and_no_call_does(lesson: dict[str, Ran]) -> None:
    hops = lesson["prefixed"].hops
    assert [hop.status for hop in of(hops, TOKEN)] == [200, 200]
    assert [hop.status for hop in of(hops, REDEEMED)] == [200, 200]
    calls = signed_calls(hops)
    assert len(calls) >= 2
    assert {hop.status for hop in calls} == {401}
    assert hops[-1].status == 401, "it goes on in vain"


def test_only_the_servers_log_says_which_scope_is_missing(lesson: dict[str, Ran]) -> None:
    calls = signed_calls(lesson["prefixed"].hops)
    reason = f"missing required scopes (has ['{SCOPE}'], requires ['{FULL}'])"
    assert all(reason in hop.note for hop in calls)
    assert not any("missing" in value or f"has ['{SCOPE}" in value for hop in calls for value in hop.received.values())
    assert reason in lesson["prefixed"].printed


WRONG = [
    ("expenses.read", "api://{client}/expenses.read", "{client}"),
    ("openid", "api://{client}/openid", "{client}"),
    ("User.Read", "api://{client}/User.Read", "{client}"),
]


@pytest.mark.parametrize(("index", "case"), list(enumerate(WRONG)), ids=[case[0] for case in WRONG])
def test_a_scope_the_app_does_not_have_is_refused_during_the_sign_in(
    index: int, case: tuple[str, str, str], lesson: dict[str, Ran]
) -> None:
    scope, sent, resource = case
    hops = lesson["wrong-ways"].recordings[index]
    assert one(hops, AUTHORIZE).sent["scope"] == f"{FULL} {sent} {OPENID}"
    refused = one(hops, PICKED)
    assert refused.received["error"] == "invalid_client"
    assert refused.note.startswith("AADSTS650053:")
    assert f"scope '{scope}' that doesn't exist on the resource '{resource}'" in refused.note
    assert signed_calls(hops) == of(hops, TOKEN) == []


def test_a_graph_permission_in_full_is_refused_when_the_token_is_asked_for(lesson: dict[str, Ran]) -> None:
    hops = lesson["wrong-ways"].recordings[3]
    assert one(hops, AUTHORIZE).status == 200
    refused = one(hops, TOKEN)
    assert refused.status == 400
    assert refused.sent["scope"] == f"{FULL} https://graph.microsoft.com/User.Read {OPENID}"
    assert "AADSTS28000" in refused.note
    assert "more than one resource" in refused.note
    assert signed_calls(hops) == []


def test_a_scope_without_a_prefix_belongs_to_graph(lesson: dict[str, Ran]) -> None:
    hops = lesson["by-hand"].hops
    assert one(hops, AUTHORIZE).sent["scope"] == SCOPE
    refused = one(hops, PICKED)
    assert refused.note.startswith("AADSTS650053:")
    assert f"resource '{GRAPH}'" in refused.note
    assert GRAPH in lesson["by-hand"].printed


# --- a Graph permission beside one's own ---


def test_both_resources_are_asked_for_at_sign_in_and_one_in_the_token_request(lesson: dict[str, Ran]) -> None:
    hops = lesson["graph"].hops
    assert one(hops, AUTHORIZE).sent["scope"] == f"{FULL} openid profile User.Read offline_access"
    assert one(hops, TOKEN).sent["scope"] == f"{FULL} {OPENID}"
    assert one(hops, TOKEN).received["scope"] == FULL


def test_the_client_hears_nothing_of_the_graph_permission(lesson: dict[str, Ran]) -> None:
    for hop in lesson["graph"].hops:
        if "MCP client" in (hop.source, hop.target):
            assert "User.Read" not in json.dumps([hop.sent, hop.received]), hop.line


# --- two tokens ---


def test_no_token_of_entras_reaches_the_client_and_none_of_fastmcps_reaches_entra(lesson: dict[str, Ran]) -> None:
    secrets = {"access_token", "refresh_token", "id_token"}
    for name in ("first-call", "graph"):
        hops = lesson[name].hops
        entras = {mark for secret, mark in one(hops, TOKEN).received_marks.items() if secret in secrets}
        ours = {mark for secret, mark in one(hops, REDEEMED).received_marks.items() if secret in secrets}
        assert (len(entras), len(ours)) == (3, 2)
        for hop in hops:
            marks = set(hop.sent_marks.values()) | set(hop.received_marks.values())
            assert not marks & (ours if hop.target == "Entra" else entras), hop.line


def test_the_client_shows_the_token_it_got_from_the_server(lesson: dict[str, Ran]) -> None:
    hops = lesson["first-call"].hops
    given = one(hops, REDEEMED).received_marks["access_token"]
    assert {hop.sent_marks["access_token"] for hop in signed_calls(hops)} == {given}


def test_the_table_shows_who_issued_each_token_and_for_whom(lesson: dict[str, Ran]) -> None:
    rows = {line.split()[0]: line.split()[1:] for line in lesson["two-tokens"].printed.splitlines() if line.strip()}
    assert rows["iss"] == ["http://localhost:PORT/", "https://login.microsoftonline.com/{tenant}/v2.0"]
    assert rows["aud"] == ["http://localhost:PORT/mcp", "{client}"]
    assert rows["scope"] == rows["scp"] == [SCOPE]


def test_fastmcps_token_lives_as_long_as_entras_between_60_and_90_minutes(lesson: dict[str, Ran]) -> None:
    ours_from, ours_until, theirs_from, theirs_until = json.loads(lesson["lifetimes"].printed)
    assert abs((ours_until - ours_from) - (theirs_until - theirs_from - 300)) <= 5  # Entra's begin 5 minutes earlier
    assert 3_600 <= theirs_until - theirs_from - 300 <= 5_400


# --- the first hour ---


def test_a_refresh_needs_no_browser_and_goes_two_steps(lesson: dict[str, Ran]) -> None:
    hops = lesson["hour"].hops
    assert not [hop for hop in hops if "Browser" in (hop.source, hop.target)]
    ours, theirs = one(hops, REDEEMED), one(hops, TOKEN)
    assert hops[:2] == [ours, theirs]
    for hop in (ours, theirs):
        assert (hop.sent["grant_type"], hop.status) == ("refresh_token", 200)
        assert {"access_token", "refresh_token"} <= set(hop.received)
        assert hop.received_marks["refresh_token"] != hop.sent_marks["refresh_token"]
    assert theirs.sent["scope"] == f"{FULL} {OPENID}"
    calls = signed_calls(hops)
    assert {hop.status for hop in calls} == {200}
    assert {hop.sent_marks["access_token"] for hop in calls} == {ours.received_marks["access_token"]}


def test_a_refresh_token_lasts_89_idle_days_and_not_91(lesson: dict[str, Ran]) -> None:
    early, late = (of(lesson[name].hops, TOKEN)[0] for name in ("idle-89", "idle-91"))
    assert (early.sent["grant_type"], early.status) == ("refresh_token", 200)
    assert (late.sent["grant_type"], late.status) == ("refresh_token", 400)
    assert late.note.startswith("AADSTS700082:")
    assert "inactive for 90.00:00:00" in late.note
    assert of(lesson["idle-91"].hops, AUTHORIZE), "the person signs in again"


# --- the email address ---


def row(ran: Ran, name: str) -> list[str]:
    """Return what stands beside a name in the table that a cell shows."""
    (line,) = [line for line in ran.printed.splitlines() if line.split()[:1] == [name]]
    return line.split()[1:]


def asked_of_entra(ran: Ran) -> list[str]:
    """Return the scopes of the sign-in and of the token request; the administrator's own are left out."""
    asked = [hop for hop in ran.traffic if hop.target == "Entra" and hop.path.endswith(("/authorize", "/token"))]
    scopes = [GUID.sub("{client}", hop.sent["scope"]) for hop in asked]
    return [scope for scope in scopes if FULL in scope]


def test_the_scope_email_is_asked_for_and_the_access_token_has_no_address(lesson: dict[str, Ran]) -> None:
    asked, redeemed = asked_of_entra(lesson["email-missing"])
    assert asked == redeemed == f"{FULL} openid profile email offline_access"
    assert row(lesson["email-missing"], "email") == []
    assert row(lesson["email-missing"], "username") == ["robin@{domain}"]


def test_with_the_optional_claim_the_address_is_there_though_the_scope_is_not(lesson: dict[str, Ran]) -> None:
    asked, redeemed = asked_of_entra(lesson["email-there"])
    assert asked == redeemed == f"{FULL} {OPENID}"
    assert row(lesson["email-there"], "email") == ["robin@{domain}"]


def test_an_account_without_an_address_has_no_such_claim(lesson: dict[str, Ran]) -> None:
    claims = json.loads(lesson["no-address"].printed)
    assert claims["name"] == "Nora Field"
    assert "email" not in claims


def test_given_name_and_its_kin_want_the_optional_claim_and_the_scope_profile(lesson: dict[str, Ran]) -> None:
    with_profile, without = json.loads(lesson["profile"].printed)
    kin = {"given_name", "family_name", "upn"}
    assert kin <= set(with_profile)
    assert not kin & set(without)


# --- other accounts ---


def said_of(ran: Ran, settings: str) -> str:
    """Return the answer that the last table has for these settings."""
    (line,) = [line for line in ran.printed.splitlines() if line.startswith(f"{settings}  ")]
    return line.removeprefix(settings).strip()


def test_no_token_names_organizations_as_its_issuer(lesson: dict[str, Ran]) -> None:
    hops, said = lesson["accounts"].recordings[0], said_of(lesson["accounts"], "organizations")
    assert of(hops, AUTHORIZE.replace("{tenant}", "organizations"))[0].status == 200
    assert "issuer mismatch (got 'https://login.microsoftonline.com/{tenant}/v2.0'" in said
    assert {hop.status for hop in signed_calls(hops)} == {401}


def test_with_its_issuer_on_the_list_the_organization_is_let_in(lesson: dict[str, Ran]) -> None:
    hops, said = lesson["accounts"].recordings[1], said_of(lesson["accounts"], "organizations, its issuer listed")
    assert one(hops, AUTHORIZE.replace("{tenant}", "organizations")).status == 200
    assert said == "Robin Marsh is let in."


def test_azure_government_is_another_host(lesson: dict[str, Ran]) -> None:
    hops, said = lesson["accounts"].recordings[2], said_of(lesson["accounts"], "Azure Government")
    assert {hop.host for hop in hops if hop.target == "Entra"} == {"login.microsoftonline.us"}
    assert said == "Robin Marsh is let in."


def test_a_guest_has_ids_of_this_directory(lesson: dict[str, Ran]) -> None:
    people: dict[str, dict[str, Any]] = json.loads(lesson["guest"].printed)
    robin, kim = people["robin"], people["kim_f"]
    assert kim["tid"] == robin["tid"]
    assert kim["iss"] == robin["iss"]
    assert kim["oid"] != robin["oid"]
