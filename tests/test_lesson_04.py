"""Lesson 04: what it says of requests and answers is read in the traffic that its own cells recorded."""

from __future__ import annotations

import json

import pytest
from lesson_kernel import Hop, Ran, run

# What the lesson says without showing it. Each runs at the end, in the lesson's own kernel.
PROBES = {
    "unlisted-again": """
box.directory.withdraw_consent(stranger)
with lesson.recording(names):
    sign_in(stranger)
""",
    "assigned": """
sam = box.graph("GET", f"users/{box.account('sam')}")["id"]
own = box.graph("GET", principal)["id"]
box.graph("PATCH", principal, appRoleAssignmentRequired=True)
role = "00000000-0000-0000-0000-000000000000"
box.graph("POST", f"{principal}/appRoleAssignedTo", principalId=sam, resourceId=own, appRoleId=role)


def sams(client_id):
    client = msal.PublicClientApplication(client_id, authority=authority)
    with lesson.agent.as_user(box.account("sam")):
        return "access_token" in client.acquire_token_interactive(scopes, timeout=60)


found = sams(helper)
box.graph("PATCH", principal, appRoleAssignmentRequired=False)
print(found)
""",
    "secrets": """
import json

print(json.dumps([bool(settings.client_secret), len(box.graph("GET", app)["passwordCredentials"])]))
""",
    "claims": 'print(tokens.read(strangers).claims["azp"] == stranger, tokens.read(strangers).claims["azpacr"])',
}


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ran]:
    """What each cell of the solved lesson printed and recorded."""
    return run("04", tmp_path_factory.mktemp("lesson") / "state", PROBES)


def pages(hops: list[Hop]) -> list[str]:
    """Return the pages of Entra that the browser was shown."""
    return [hop.received["page"] for hop in hops if hop.source == "Browser" and hop.target == "Entra"]


def test_the_refusal_leads_to_entra_and_to_the_scope_in_full(lesson: dict[str, Ran]) -> None:
    refused, document = lesson["metadata"].traffic
    assert refused.status == 401
    assert document.path == "/.well-known/oauth-protected-resource/mcp"
    printed = lesson["metadata"].printed
    assert "authorization_servers: ['https://login.microsoftonline.com/{tenant}/v2.0']" in printed
    assert "scopes_supported: ['api://{client}/user_impersonation']" in printed


def test_the_server_needs_no_secret_and_there_is_none(lesson: dict[str, Ran]) -> None:
    assert json.loads(lesson["secrets"].printed) == [False, 0]


def test_a_client_that_is_not_listed_meets_consent_and_gets_in(lesson: dict[str, Ran]) -> None:
    hops = lesson["unlisted"].hops
    assert pages(hops) == ["account-picker", "consent", "form-post"]
    assert not [hop for hop in hops if "MCP server" in (hop.source, hop.target)], "the token comes before the call"
    assert lesson["unlisted"].printed.startswith("Expense Helper: [] Stranger: []")
    called = [hop for hop in lesson["unlisted"].traffic if hop.target == "MCP server"]
    assert called
    assert {hop.status for hop in called} == {200}


def test_a_listed_one_meets_no_consent_though_nobody_has_consented(lesson: dict[str, Ran]) -> None:
    assert pages(lesson["listed"].hops) == ["account-picker", "form-post"]
    (patched,) = [hop for hop in lesson["listed"].traffic if hop.method == "PATCH"]
    assert patched.status == 204
    assert pages(lesson["unlisted-again"].hops) == ["account-picker", "consent", "form-post"]


def test_the_server_is_never_asked_for_a_token_and_asks_for_none(lesson: dict[str, Ran]) -> None:
    for name in ("unlisted", "listed", "admins-only", "own-list"):
        hops = lesson[name].traffic
        assert not [hop for hop in hops if hop.source == "MCP server" and not hop.path.endswith("/keys")]
        assert not [hop for hop in hops if hop.target == "MCP server" and hop.path != "/mcp"]


def test_the_scope_for_administrators_stops_the_unlisted_client_only(lesson: dict[str, Ran]) -> None:
    assert lesson["admins-only"].printed.splitlines() == ["Stranger: AADSTS90094", "Expense Helper: a token"]


def test_assignment_stops_users_whatever_their_client(lesson: dict[str, Ran]) -> None:
    assert lesson["assignment"].printed.splitlines() == ["Stranger: AADSTS50105", "Expense Helper: AADSTS50105"]
    assert lesson["assigned"].printed.strip() == "True"


def test_the_servers_own_list_stops_a_good_token_of_another_client(lesson: dict[str, Ran]) -> None:
    assert "Expense Helper: LET IN" in lesson["own-list"].printed
    assert "Stranger: TURNED AWAY because of azp: the server answers 401." in lesson["own-list"].printed
    assert lesson["claims"].printed.split() == ["True", "0"]


def test_fastmcps_own_client_sends_the_servers_address_as_resource_and_entra_refuses(lesson: dict[str, Ran]) -> None:
    hops = lesson["straight"].hops
    tried = [hop for hop in hops if hop.path.endswith("/oauth2/v2.0/authorize")]
    assert tried
    for asked in tried:
        assert asked.target == "Entra"
        assert asked.sent["resource"].endswith("/mcp")
        assert "api://{client}/user_impersonation" in asked.sent["scope"]
    assert any(asked.note.startswith("AADSTS9010010:") for asked in tried)
    assert not [hop for hop in hops if hop.path.endswith("/token")]
    for name in ("unlisted", "listed"):
        assert not [hop for hop in lesson[name].hops if "resource" in hop.sent], "msal sends none"
