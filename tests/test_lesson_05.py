"""Lesson 05: what it says of requests and answers is read in the traffic that its own cells recorded."""

from __future__ import annotations

import json
import re

import pytest
from lesson_kernel import Hop, Ran, run

SHARED = """
from workshop import tokens
from workshop.servers.verifier import EntraTokenVerifier, Rules
"""

# What the lesson says without showing it. Each runs at the end, in the lesson's own kernel.
PROBES = {
    "servers": SHARED
    + """
strict = EntraTokenVerifier(verifier, Rules(frozenset({ids["tenant_id"]}), clients=frozenset({ids["client_id"]})))
found = {name: tokens.verify(token, strict) for name, token in bench.items() if name != "genuine"}
print(json.dumps({name: [one.let_in, one.failed[0].by, one.failed[0].claim] for name, one in found.items()}))
""",
    "first": """
print(json.dumps([tokens.verify(token, verifier).answer.status for token in (entras, two, one, apps, graphs)]))
""",
    "empty-version": """
box.change(api={"requestedAccessTokenVersion": None})
empty = claims_of(for_robin(f"{uri}/mcp-access"))["ver"]
box.change(api={"requestedAccessTokenVersion": 2})
print(empty)
""",
    "delegated-sub": """
sub = claims_of(two)["sub"]
print(sub == claims_of(two)["oid"], sub == claims_of(graphs)["sub"])
""",
    "graph-header": 'print("nonce" in jwt.get_unverified_header(graphs), "nonce" in jwt.get_unverified_header(two))',
    "graph-itself": """
import httpx

print(httpx.get("https://graph.microsoft.com/v1.0/me", headers={"Authorization": f"Bearer {graphs}"}).status_code)
""",
    "exp-left-out": 'print([each.claim for each in tokens.verify(entras, verifier, changed={"exp": None}).failed])',
    "keys": "print(json.dumps([len(jwt.PyJWKClient(verifier.jwks_uri).get_jwk_set().keys)]))",
}


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ran]:
    """What each cell of the solved lesson printed and recorded."""
    return run("05", tmp_path_factory.mktemp("lesson") / "state", PROBES)


def table(ran: Ran) -> dict[str, list[str]]:
    """Return the rows of the table that a cell shows, by their first column."""
    rows = [re.split(r"\s{2,}", line.strip()) for line in ran.printed.splitlines() if line.strip()]
    return {row[0]: row[1:] for row in rows}


def asked(hops: list[Hop], ending: str) -> list[Hop]:
    """Return the calls of this path's end."""
    return [hop for hop in hops if hop.path.partition("?")[0].endswith(ending)]


def test_the_client_gets_one_token_and_the_server_another(lesson: dict[str, Ran]) -> None:
    hops = lesson["two-tokens"].traffic
    entras = [hop for hop in asked(hops, "/oauth2/v2.0/token") if hop.source == "MCP server"]
    fastmcps = [hop for hop in asked(hops, "/token") if hop.target == "MCP server"]
    (theirs,), (ours,) = entras, fastmcps
    assert theirs.received_marks["access_token"] != ours.received_marks["access_token"]
    rows = table(lesson["two-tokens"])
    assert rows["header alg"] == ["RS256", "HS256"]
    assert rows["iss"] == ["https://login.microsoftonline.com/{tenant}/v2.0", "http://localhost:PORT/"]
    assert rows["aud"] == ["{client}", "http://localhost:PORT/mcp"]


def test_a_changed_claim_fails_at_the_signature_alone(lesson: dict[str, Ran]) -> None:
    printed = lesson["changed"].printed
    assert "unchanged: LET IN" in printed
    assert re.findall(r"✗ FAILED\s+(\w+)", printed) == ["signature"]
    assert "the server answers 401" in printed
    assert json.loads(lesson["exp-left-out"].printed.replace("'", '"')) == ["signature"], "no exp is no reason for it"


def test_the_version_is_switched_in_the_registration_of_the_app_the_token_is_for(lesson: dict[str, Ran]) -> None:
    (patched,) = [hop for hop in lesson["versions"].traffic if hop.method == "PATCH"]
    assert patched.host == "graph.microsoft.com"
    assert patched.status == 204
    rows = table(lesson["compared"])
    assert rows["ver"] == ["1.0", "2.0"]
    assert rows["iss"] == ["https://sts.windows.net/{tenant}/", "https://login.microsoftonline.com/{tenant}/v2.0"]
    assert rows["aud"] == ["api://{client}", "{client}"]
    assert "version 1.0: TURNED AWAY because of iss" in lesson["compared"].printed
    assert lesson["empty-version"].printed.strip() == "1.0"


def test_both_versions_come_from_the_same_endpoint(lesson: dict[str, Ran]) -> None:
    for cell in ("versions", "compared"):
        redeemed = [
            hop for hop in asked(lesson[cell].traffic, "/token") if hop.sent.get("grant_type") == "authorization_code"
        ]
        assert {hop.path.rpartition("/oauth2/")[2] for hop in redeemed} == {"v2.0/token"}


def test_an_app_gets_a_token_for_itself_with_its_secret_and_no_scp(lesson: dict[str, Ran]) -> None:
    (asked_for,) = asked(lesson["app-only"].traffic, "/token")
    assert asked_for.sent["grant_type"] == "client_credentials"
    assert not [hop for hop in lesson["app-only"].traffic if hop.source == "Browser"]
    assert table(lesson["app-only"])["scp"] == ["mcp-access"], "one column has it"
    assert "app-only: TURNED AWAY because of scp" in lesson["app-only"].printed
    assert "Are sub and oid the same? True" in lesson["app-only"].printed
    assert lesson["delegated-sub"].printed.split() == ["False", "False"]


def test_graphs_token_is_good_for_graph_and_for_nobody_else(lesson: dict[str, Ran]) -> None:
    printed = lesson["graph"].printed
    assert re.findall(r"✗ FAILED\s+(\w+)", printed) == ["signature"]
    assert re.findall(r"✓ passed\s+(\w+)", printed) == ["alg", "kid", "crit", "exp", "nbf", "iss", "aud", "scp"]
    assert lesson["graph-header"].printed.split() == ["True", "False"]
    assert lesson["graph-itself"].printed.strip() == "200"


def test_verifying_fetches_entras_public_keys(lesson: dict[str, Ran]) -> None:
    fetched = asked(lesson["changed"].traffic, "/discovery/v2.0/keys")
    assert fetched
    assert {(hop.target, hop.status) for hop in fetched} == {("Entra", 200)}
    assert json.loads(lesson["keys"].printed)[0] >= 1


FASTMCPS = {
    "changed": "signature",
    "not signed (alg none)": "alg",
    "signed with the attacker's secret": "alg",
    "Graph's token": "signature",
    "app-only": "scp",
    "for another app": "aud",
    "over": "exp",
    "valid in an hour": "nbf",
}
LEFT = {
    "never over": "exp",
    "without a beginning": "nbf",
    "of another tenant": "tid",
    "of another client": "azp",
    "an app's, with a scope": "sub",
}


def test_fastmcp_lets_five_of_the_rightly_signed_ones_in_and_the_exercise_none(lesson: dict[str, Ran]) -> None:
    alone, after = table(lesson["alone"]), table(lesson["after"])
    for name, claim in FASTMCPS.items():
        told = f"TURNED AWAY because of {claim}"
        assert (alone[name], after[name]) == ([told], [told, told])
    for name in LEFT:
        assert alone[name] == ["LET IN"]
        assert after[name] == ["LET IN", "TURNED AWAY by a check of its own"]
    assert len(alone) == 2 + len(FASTMCPS) + len(LEFT), "with the headings and the genuine one"
    assert after["genuine"] == ["LET IN", "LET IN"]
    assert json.loads(lesson["first"].printed) == [200, 200, 401, 401, 401]


def test_the_workshops_servers_turn_the_same_ones_away_with_a_reason(lesson: dict[str, Ran]) -> None:
    found = json.loads(lesson["servers"].printed)
    assert {name: claim for name, (_, by, claim) in found.items() if by == "this server"} == {
        **LEFT,
        "of another tenant": "tid",
    }
    assert not any(let_in for let_in, _, _ in found.values())


def test_no_token_is_printed(lesson: dict[str, Ran]) -> None:
    assert not [name for name, ran in lesson.items() if re.search(r"eyJ\w", ran.printed)]
