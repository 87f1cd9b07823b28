"""Lesson 02: what it tells is read in the traffic of its own cells, and its attack is made in all its forms."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import httpx
import pytest
from answers_lesson02 import BEGUN_IN_TENANT, IN_TENANT, REQUEST, RIGHT_IN_TENANT, WRONG_IN_TENANT
from lesson_kernel import Hop, Ran, run
from server_help import signed_in_server

from workshop.core.settings import Settings, load
from workshop.lesson.checks import Exercise, examine, exercises
from workshop.lesson.notebook_files import read
from workshop.servers.settings import ProxySettings

PROJECT = Path(__file__).resolve().parent.parent
LESSON = "02-the-oauth-proxy.ipynb"
CAUGHT = "/thanks"
ROBIN = "robin@contoso.onmicrosoft.com"

SAYS_YES = """
attacker = Attacker(strong.url)
with lesson.agent.as_user("robin@contoso.onmicrosoft.com", allow_client=True):
    webbrowser.open(attacker.link())
    print(await attacker.call_tool("list_expenses"))
"""
A_LIST = """
listed = replace(careless, allowed_client_redirect_uris=("http://localhost:*",))
barred = background.start(lambda base_url: proxy.build(base_url, listed), name="barred")
async with Client(barred.url, auth="oauth") as robin:
    print((await robin.call_tool("list_expenses")).data)
try:
    Attacker(barred.url).link()
except AttackFailed as failed:
    print(failed)
"""
NOT_STRICT = "import os; del os.environ['WORKSHOP_STRICT']"  # wrong answers are to come
ANSWERS = RIGHT_IN_TENANT | WRONG_IN_TENANT | BEGUN_IN_TENANT


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ran]:
    probes = {"says-yes": SAYS_YES, "a-list": A_LIST, "not-strict": NOT_STRICT}
    probes |= {f"answer {name}": f"lesson.check({IN_TENANT!r}, {source})" for name, source in ANSWERS.items()}
    return run("02", tmp_path_factory.mktemp("lesson02") / "state", probes)


def step(hop: Hop) -> tuple[str, int]:
    """Return who asked whom for what, and the status; Entra's paths without the tenant."""
    path = "/…/" + hop.path.split("/", 2)[2] if hop.target == "Entra" else hop.path
    return f"{hop.source} -> {hop.target} {hop.method} {path}", hop.status


def every(ran: Ran, method: str, path: str, target: str = "MCP server") -> list[Hop]:
    return [hop for hop in ran.traffic if hop.method == method and hop.path.endswith(path) and hop.target == target]


def only(ran: Ran, method: str, path: str, target: str = "MCP server") -> Hop:
    (hop,) = every(ran, method, path, target)
    return hop


def pages(hops: Iterable[Hop]) -> list[tuple[str, str]]:
    """Return every page the browser saw: whose, and which."""
    return [(hop.target, hop.received["page"]) for hop in hops if "page" in hop.received]


def tools(hops: Iterable[Hop]) -> list[tuple[str, int]]:
    return [(hop.sent["tool"], hop.status) for hop in hops if "tool" in hop.sent]


# --- a server without protection ---


def test_without_protection_a_stranger_reads_what_somebody_wrote(lesson: dict[str, Ran]) -> None:
    hops = lesson["anyone"].traffic
    assert tools(hops) == [("add_expense", 200), ("list_expenses", 200)]
    assert all("Authorization" not in hop.sent and hop.status == 200 for hop in hops)
    assert "Lunch with the auditors" in lesson["anyone"].printed


# --- the refusal and the signs ---


def test_the_refusal_names_the_scope_and_the_address_of_the_metadata(lesson: dict[str, Ran]) -> None:
    (refused,) = lesson["challenge"].traffic
    received = refused.received
    assert (refused.status, received["WWW-Authenticate"], received["scope"]) == (401, "Bearer", "mcp-access")
    assert received["resource_metadata"].endswith("/.well-known/oauth-protected-resource/mcp")
    assert received["resource_metadata"] in lesson["challenge"].printed


def test_the_signs_lead_to_the_server_itself(lesson: dict[str, Ran]) -> None:
    base = f"http://{only(lesson['challenge'], 'POST', '/mcp').host}/"
    resource, issuer = lesson["notices"].traffic
    assert step(resource) == ("MCP client -> MCP server GET /.well-known/oauth-protected-resource/mcp", 200)
    assert step(issuer) == ("MCP client -> MCP server GET /.well-known/oauth-authorization-server", 200)
    assert resource.received["authorization_servers"] == base
    metadata = issuer.received
    assert metadata["issuer"] == base
    for name in ("registration_endpoint", "authorization_endpoint", "token_endpoint"):
        assert metadata[name].startswith(base)
        assert metadata[name] in lesson["notices"].printed


def test_entra_registers_no_client_and_takes_none_that_names_itself(lesson: dict[str, Ran]) -> None:
    document, attempt = lesson["entra"].traffic
    assert step(document) == ("MCP client -> Entra GET /…/v2.0/.well-known/openid-configuration", 200)
    assert "token_endpoint" in document.received
    for name in ("registration_endpoint", "client_id_metadata_document_supported", "code_challenge_methods_supported"):
        assert name not in document.received
    assert step(attempt) == ("MCP client -> Entra POST /…/oauth2/v2.0/register", 404)
    assert lesson["entra"].printed == "token_endpoint: yes\nregistration_endpoint: no\n404 Not Found\n"


def test_the_proxy_takes_clients_that_name_themselves_by_an_address(lesson: dict[str, Ran]) -> None:
    metadata = lesson["notices"].traffic[1].received
    assert metadata["client_id_metadata_document_supported"] == "true"


def test_the_proxy_registers_a_stranger_and_gives_no_secret(lesson: dict[str, Ran]) -> None:
    (hop,) = lesson["register"].traffic
    assert step(hop) == ("MCP client -> MCP server POST /register", 201)
    assert list(hop.sent) == ["client_name", "redirect_uris"]  # and no Authorization
    received = hop.received
    assert received["client_id"]
    assert "client_secret" not in received
    assert received["token_endpoint_auth_method"] == "none"


# --- the sign-in ---


def test_the_sign_in_goes_as_it_is_told(lesson: dict[str, Ran]) -> None:
    assert [step(hop) for hop in lesson["call"].traffic] == [
        ("MCP client -> MCP server POST /mcp", 401),  # 1 to 4
        ("MCP client -> MCP server GET /.well-known/oauth-protected-resource/mcp", 200),
        ("MCP client -> MCP server GET /.well-known/oauth-authorization-server", 200),
        ("MCP client -> MCP server POST /register", 201),
        ("Browser -> MCP server GET /authorize", 302),  # 5 to 7
        ("Browser -> MCP server GET /consent", 200),
        ("Browser -> MCP server POST /consent", 302),
        ("Browser -> Entra GET /…/oauth2/v2.0/authorize", 200),  # 8 and 9
        ("Browser -> Entra POST /…/login", 302),
        ("Browser -> MCP server GET /auth/callback", 302),  # 10 to 13
        ("MCP server -> Entra POST /…/oauth2/v2.0/token", 200),
        ("Browser -> MCP client GET /callback", 200),
        ("MCP client -> MCP server POST /token", 200),
        ("MCP client -> MCP server POST /mcp", 200),  # from 14 on
        ("MCP server -> Entra GET /…/discovery/v2.0/keys", 200),
        ("MCP client -> MCP server POST /mcp", 200),
        ("MCP client -> MCP server POST /mcp", 200),
    ]
    hops = lesson["call"].traffic
    assert pages(hops) == [("MCP server", "client-approval"), ("Entra", "account-picker")]
    assert hops[6].sent["action"] == "approve"
    assert tools(hops) == [("add_expense", 200)]
    # Its number in the lesson's text is its number in the diagram.
    assert [line.split()[0] for line in lesson["call"].printed.splitlines() if " -> " in line] == [
        str(number) for number in range(1, 18)
    ]


def test_to_entra_every_client_is_the_one_registered_app(lesson: dict[str, Ran]) -> None:
    asked = [
        hop for cell in ("call", "careless", "attack") for hop in every(lesson[cell], "GET", "/authorize", "Entra")
    ]
    assert len(asked) == 3
    assert len({hop.sent["client_id"] for hop in asked}) == 1
    to_the_proxy = [hop for cell in ("call", "careless", "attack") for hop in every(lesson[cell], "GET", "/authorize")]
    assert len({hop.sent["client_id"] for hop in to_the_proxy}) == 3
    for cell in ("call", "attack"):
        assert only(lesson[cell], "POST", "/token", "Entra").sent["Authorization"].startswith("Basic")
        assert "Authorization" not in only(lesson[cell], "POST", "/token").sent


@pytest.mark.parametrize("cell", ["call", "attack"])
def test_pkce_is_there_twice_and_each_verifier_goes_where_its_challenge_went(lesson: dict[str, Ran], cell: str) -> None:
    challenges = {
        target: only(lesson[cell], "GET", "/authorize", target).sent_marks["code_challenge"]
        for target in ("MCP server", "Entra")
    }
    verifiers = {
        target: only(lesson[cell], "POST", "/token", target).sent_marks["code_verifier"]
        for target in ("MCP server", "Entra")
    }
    assert challenges == verifiers  # a verifier has the mark of the challenge made of it
    assert challenges["MCP server"] != challenges["Entra"]


@pytest.mark.parametrize("cell", ["call", "attack"])
def test_there_are_two_codes_and_two_tokens_and_entras_token_goes_no_further_than_the_proxy(
    lesson: dict[str, Ran], cell: str
) -> None:
    swapped = {target: only(lesson[cell], "POST", "/token", target) for target in ("MCP server", "Entra")}
    codes = {target: hop.sent_marks["code"] for target, hop in swapped.items()}
    tokens = {target: hop.received_marks["access_token"] for target, hop in swapped.items()}
    assert codes["MCP server"] != codes["Entra"]
    assert tokens["MCP server"] != tokens["Entra"]
    carried = [
        hop
        for hop in lesson[cell].traffic
        if tokens["Entra"] in (*hop.sent_marks.values(), *hop.received_marks.values())
    ]
    assert carried == [swapped["Entra"]]
    for hop in lesson[cell].traffic:
        if "tool" in hop.sent:
            assert hop.sent_marks == {"access_token": tokens["MCP server"]}


def test_the_table_of_secrets_has_two_letters_for_each_kind(lesson: dict[str, Ran]) -> None:
    named = [line.split("  ")[0] for line in lesson["secrets"].printed.splitlines()[1:]]
    assert named == [
        *("code_challenge A", "code_verifier A", "code_challenge B", "code_verifier B"),
        *("code C", "code D", "access_token E", "access_token F"),
    ]


# --- the attack ---


def test_without_the_consent_page_a_link_is_enough_to_read_the_victims_expenses(lesson: dict[str, Ran]) -> None:
    hops = lesson["attack"].traffic
    assert "stolen: Lunch with the auditors" in lesson["attack"].printed
    assert pages(hops) == [("Entra", "account-picker")]  # all that Robin saw
    assert tools(hops) == [("list_expenses", 200)]
    registered, arrived = (
        only(lesson["attack"], "POST", "/register"),
        only(lesson["attack"], "GET", CAUGHT, "MCP client"),
    )
    assert registered.sent["redirect_uris"] == f"http://{arrived.host}{CAUGHT}"
    assert arrived.host.startswith("127.0.0.1:")
    swapped = only(lesson["attack"], "POST", "/token")
    assert arrived.sent_marks["code"] == swapped.sent_marks["code"]
    accounts = {hop.sent["account"] for hop in hops if "account" in hop.sent}
    assert accounts == {ROBIN}  # and none of the attacker's


def test_with_the_page_the_victim_is_asked_and_a_no_stops_the_attack(lesson: dict[str, Ran]) -> None:
    hops = lesson["fails"].traffic
    assert pages(hops) == [("MCP server", "client-approval")]
    assert only(lesson["fails"], "POST", "/consent").sent["action"] == "deny"
    assert only(lesson["fails"], "GET", CAUGHT, "MCP client").sent["error"] == "access_denied"
    assert not any("code" in hop.sent_marks | hop.received_marks for hop in hops)
    assert tools(hops) == []
    assert lesson["fails"].printed.endswith(
        "The attack failed at waiting for the code: the browser brought access_denied\n"
    )


def test_a_yes_in_another_browser_is_worth_nothing(lesson: dict[str, Ran]) -> None:
    hops = lesson["own-answer"].traffic
    answered = only(lesson["own-answer"], "POST", "/consent")
    assert (answered.source, answered.sent["action"]) == ("MCP client", "approve")  # the attacker's own
    assert pages(hops) == [("Entra", "account-picker")]
    back = only(lesson["own-answer"], "GET", "/auth/callback")
    assert (back.source, back.status) == ("Browser", 403)
    assert "Consent binding cookie missing" in back.note
    assert "code" in back.sent_marks  # Entra did give one,
    assert every(lesson["own-answer"], "POST", "/token", "Entra") == []  # and the proxy left it
    assert every(lesson["own-answer"], "GET", CAUGHT, "MCP client") == []
    assert "Authorization session mismatch" in lesson["own-answer"].printed


def test_the_page_is_no_lock_a_yes_lets_the_attacker_in(lesson: dict[str, Ran]) -> None:
    hops = lesson["says-yes"].traffic
    assert pages(hops) == [("MCP server", "client-approval"), ("Entra", "account-picker")]
    assert tools(hops) == [("list_expenses", 200)]
    assert lesson["says-yes"].printed == "[]\n"  # Robin has none on this server, but it was the list


def test_a_list_of_addresses_keeps_the_attackers_client_out_and_others_in(lesson: dict[str, Ran]) -> None:
    honest, refused = every(lesson["a-list"], "POST", "/register")
    assert (honest.status, refused.status) == (201, 400)
    assert refused.received["error"] == "invalid_redirect_uri"
    assert tools(lesson["a-list"].traffic) == [("list_expenses", 200)]
    assert "The attack failed at registering a client: invalid_redirect_uri" in lesson["a-list"].printed


# --- the checks ---


@pytest.mark.parametrize("name", RIGHT_IN_TENANT)
def test_settings_that_stop_the_attack_pass(lesson: dict[str, Ran], name: str) -> None:
    assert lesson[f"answer {name}"].printed.startswith("✓ PASSED · Stop the attack")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("unchanged", "Somebody opened a link, and the attacker got in."),
        ("somebody else asks", "Somebody opened a link, and the attacker got in."),
        ("a list with the attacker", "Somebody opened a link, and the attacker got in."),
        ("nobody gets in", "An honest client can't sign in any more"),
        ("no settings", "is not the settings of the server"),
        ("no server", "Your code stopped with"),
    ],
)
def test_settings_that_do_not_are_told_why(lesson: dict[str, Ran], name: str, words: str) -> None:
    said = lesson[f"answer {name}"].printed
    assert said.startswith("△ NOT YET · Stop the attack")
    assert words in said


def test_every_answer_is_looked_at() -> None:
    assert len(WRONG_IN_TENANT) == 6


@pytest.mark.parametrize("name", BEGUN_IN_TENANT)
def test_settings_that_are_not_begun_are_your_turn(lesson: dict[str, Ran], name: str) -> None:
    assert lesson[f"answer {name}"].printed.startswith("○ YOUR TURN · Stop the attack")


def exercise(name: str) -> Exercise:
    return next(one for one in exercises("02") if one.name == name)


@pytest.fixture
def own(tmp_path: Path) -> Settings:
    return load({"WORKSHOP_TENANT": "own"}, tmp_path)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"consent": True}, "passed"),
        ({"consent": "remember"}, "passed"),
        ({"consent": False, "allowed_client_redirect_uris": ("http://localhost:*",)}, "passed"),
        ({"consent": False}, "not yet"),
        ({"consent": "external"}, "not yet"),
        ({"consent": False, "allowed_client_redirect_uris": ()}, "not yet"),
    ],
)
def test_in_an_own_tenant_the_settings_are_only_read(own: Settings, changes: dict[str, object], status: str) -> None:
    settings = ProxySettings("client", "secret", "tenant", **changes)  # type: ignore[arg-type]
    assert examine(exercise(IN_TENANT), settings, own).status == status


def test_the_workshops_own_answers_pass(own: Settings) -> None:
    careless = ProxySettings("client", "secret", "tenant", consent=False)
    for one in exercises("02"):
        answer = one.own(careless=careless) if one.name == IN_TENANT else one.own()
        assert examine(one, answer, own).status == "passed"


@pytest.mark.parametrize(
    ("changes", "status"),
    [({}, 201), ({"redirect_uris": "http://localhost:5555/callback"}, 400), ({"redirect_uris": []}, 400)],
)
def test_what_the_check_passes_a_real_proxy_registers(own: Settings, changes: dict[str, object], status: int) -> None:
    request = REQUEST | changes
    passed = examine(exercise("registration-request"), request, own).status == "passed"
    with signed_in_server() as server, httpx.Client(trust_env=False) as client:
        answer = client.post(f"{server.base_url}/register", json=request)
    assert (answer.status_code, passed) == (status, status == 201)


# --- the text ---


def test_the_file_for_vs_code_leads_to_the_server_that_the_command_starts() -> None:
    text = "\n".join(cell.source for cell in read(PROJECT / "solutions" / LESSON).cells)
    assert '"expenses": {"type": "http", "url": "http://localhost:8000/mcp"}' in text
    assert "workshop serve proxy" in text
