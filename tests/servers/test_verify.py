"""`workshop.tokens.verify`: each check by name, and never another verdict than the server's own."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import fastmcp.server.auth.providers.jwt
import httpx
import pytest
from fastmcp import FastMCP
from fastmcp.server.auth import AccessToken, AuthProvider, MultiAuth, RemoteAuthProvider
from fastmcp.server.auth.providers.azure import AzureJWTVerifier
from fastmcp.utilities.logging import get_logger
from pydantic import AnyHttpUrl
from server_help import serving

from workshop import tokens
from workshop.background import BackgroundServer
from workshop.diagnosis.verified import FAILURES
from workshop.servers.claims import (
    APP_JUDGES,
    FASTMCP_JUDGES,
    FASTMCP_SKEW_SECONDS,
    LONGEST_TOKEN,
    SERVER_JUDGES,
    Rules,
)
from workshop.servers.keys import KEY_JUDGES
from workshop.servers.proxy import EntraProxy, provider
from workshop.servers.verifier import EntraTokenVerifier
from workshop.tokens import parts

from .conftest import Entra
from .doors import door, planted, publishing
from .forge import Forge
from .forged import HTTP, KINDS, OWN, Kind
from .forged_proxy import PROXY_KINDS, Held, ProxyKind

OWN_ = "this server"

# What a learner is told first, by the kind of forgery; the others are told by the tests of each check.
FIRST = {
    "algorithm none": "alg",
    "HMAC with the public key": "alg",
    "unknown kid": "kid",
    "the right kid, another key": "signature",
    "payload changed": "signature",
    "signature changed": "signature",
    "critical header nobody knows": "crit",
    "an empty list of demands (crit)": "crit",
    "key of another tenant": "key",
    "key for encryption": "key",
    "scope in another claim": "scp",
    "garbage": "form",
    "five parts, as if encrypted": "form",
    "deeply nested header": "form",
    "oversized": "form",
    "another tenant": "iss",
    "another audience": "aud",
    "token for Microsoft Graph": "signature",
    "version 1 token": "iss",
    "expired": "exp",
    "no exp": "exp",
    "not valid yet": "nbf",
    "issued in the future": "iat",
    "another scope": "scp",
    "app-only": "scp",
    "app-only that carries scp": "sub",
    "foreign tid under the right issuer": "tid",
    "ver 1.0 under the version 2 issuer": "ver",
    "no oid": "oid",
    "another client than those on the list": "azp",
}


@dataclass(frozen=True)
class Doors:
    """The servers' verifier, FastMCP's alone, and a proxy."""

    checked: EntraTokenVerifier
    bare: AzureJWTVerifier
    proxy: EntraProxy
    running: BackgroundServer
    forge: Forge

    def held(self) -> Held:
        """Return a genuine token of the proxy."""
        forge = self.forge
        return Held(planted(self.proxy, forge.token, forge.claims["exp"]), forge.token, forge.entra.app.secret)


@pytest.fixture(scope="module")
def doors(entra: Entra) -> Iterator[Doors]:
    app, tenant_id = entra.app, entra.tenant.id

    def azure(keys: str) -> AzureJWTVerifier:
        made = AzureJWTVerifier(client_id=app.client_id, tenant_id=tenant_id, required_scopes=["access"])
        made.jwks_uri = keys
        return made

    rules = Rules(frozenset({tenant_id}), clients=frozenset({app.client_id}), confidential_only=True)
    forge = Forge(entra)
    made: list[EntraProxy] = []

    def proxied(base_url: str) -> FastMCP:
        made.append(provider(entra.settings(allowed_clients=(app.client_id,)), base_url))
        return door(made[0])

    with ExitStack() as running:
        keys = running.enter_context(publishing(forge.key_set()))
        proxy = running.enter_context(serving(proxied, name="proxy"))
        yield Doors(EntraTokenVerifier(azure(keys), rules), azure(keys), made[0], proxy, forge)


def test_a_genuine_token_passes_every_check_and_is_let_in(doors: Doors) -> None:
    for auth in (doors.checked, doors.bare):
        found = tokens.verify(doors.forge.token, auth)
        assert found.let_in
        assert found.answer.status == 200
        assert {finding.passed for finding in found.findings} == {True}
    own = [finding.claim for finding in tokens.verify(doors.forge.token, doors.checked).findings if finding.by == OWN_]
    keys = ["crit", "key", "key", "key"]
    assert own == [*keys, "exp", "nbf", "iat", "tid", "iss", "ver", "oid", "sub", "scp", "azp", "azpacr"]


LACKING = {
    "exp": (True, "it names no end, and so it never does"),
    "nbf": (True, "it names no beginning, and so it has none"),
    "iss": (False, "it says nothing"),
    "aud": (False, "it is for nobody it names"),
    "scp": (False, "access is missing; it has none"),
}


@pytest.mark.parametrize("claim", LACKING)
def test_what_is_said_of_a_claim_that_is_not_there(claim: str, doors: Doors) -> None:
    changed = tokens.verify(doors.forge.token, doors.bare, changed={claim: None})
    found = {each.claim: (each.passed, each.found) for each in changed.findings if each.by != "the server"}
    assert found[claim] == LACKING[claim]
    assert [name for name, (passed, _) in found.items() if not passed and name not in ("signature", claim)] == []


NO_TOKEN = "empty token"  # the wrong thing is in the header, not in a token
BROUGHT = [kind for kind in KINDS if kind.error == "invalid_token" and kind.who != HTTP and kind.name != NO_TOKEN]


@pytest.mark.parametrize("kind", BROUGHT, ids=lambda kind: kind.name)
def test_a_forgery_fails_a_named_check_exactly_where_the_server_turns_it_away(kind: Kind, doors: Doors) -> None:
    attempt = kind.make(doors.forge)
    found = tokens.verify(attempt.token, doors.checked)
    assert not found.let_in
    assert found.failed
    assert "answer" not in [finding.claim for finding in found.findings], repr(found)
    assert found.failed[0].claim == FIRST.get(kind.name, found.failed[0].claim)
    if found.answer.status:
        assert found.answer.status == 401
        assert 'error="invalid_token"' in found.answer.challenge
    if kind.who == OWN and len(attempt.token) < 60_000 and "form" not in found.failed[0].claim:
        assert {finding.by for finding in found.failed} == {OWN_}
        alone = tokens.verify(attempt.token, doors.bare)
        assert "answer" not in [finding.claim for finding in alone.findings], repr(alone)
        assert alone.let_in == (not alone.failed)


def test_every_kind_that_is_named_here_is_tried() -> None:
    assert set(FIRST) <= {kind.name for kind in BROUGHT}


def test_nothing_shows_a_token(doors: Doors) -> None:
    for text in (doors.forge.token, doors.held().token):
        secret = text.split(".")
        for shown in (tokens.verify(text, doors.checked), tokens.read(text)):
            for words in (repr(shown), shown._repr_html_(), str(shown.as_json())):
                assert not [part for part in secret if part in words]


def test_a_learner_changes_a_claim_and_sees_which_checks_fail(doors: Doors) -> None:
    def failed(**changed: object) -> list[tuple[str, str]]:
        found = tokens.verify(doors.forge.token, doors.checked, changed=changed)
        assert not found.let_in
        return [(finding.claim, finding.by) for finding in found.failed]

    signature = ("signature", "FastMCP")
    assert failed(name="Somebody else") == [signature]
    assert failed(aud="another") == [signature, ("aud", "FastMCP")]
    assert failed(nbf=int(time.time()) + 3_600) == [signature, ("nbf", "FastMCP"), ("nbf", OWN_)]
    assert failed(exp=None) == [signature, ("exp", OWN_)]


@pytest.mark.parametrize(("ahead", "let_in"), [(20, True), (90, False)])
def test_a_token_may_begin_as_far_ahead_as_fastmcp_lets_it(ahead: int, let_in: bool, doors: Doors) -> None:
    token = doors.forge.but(nbf=int(time.time()) + ahead)
    for auth in (doors.checked, doors.bare):
        found = tokens.verify(token, auth)
        assert found.let_in == let_in
        assert [(finding.claim, finding.by) for finding in found.failed] == ([] if let_in else [("nbf", "FastMCP")])


def test_the_servers_look_at_nbf_also_where_fastmcp_does_not(
    doors: Doors, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """FastMCP 4.1 did not, and a team copies these servers."""
    monkeypatch.setattr(fastmcp.server.auth.providers.jwt, "_NBF_CLOCK_SKEW_SECONDS", math.inf)
    early = doors.forge.but(nbf=int(time.time()) + 3_600)
    assert asyncio.run(doors.bare.verify_token(early)), "this is a FastMCP that does not look"
    assert asyncio.run(doors.checked.verify_token(early)) is None
    assert caplog.messages[-1] == "Bearer token rejected: it is not valid yet (nbf)"


def test_the_menu_says_the_same(doors: Doors) -> None:
    menu = tokens.try_out(doors.forge.token, doors.checked)
    name, value, button, shown = menu.children
    assert set(name.options) == set(doors.forge.claims)
    button.click()
    assert "LET IN" in shown.value, "nothing is changed yet"
    name.value = "aud"
    assert value.value == f'"{doors.forge.claims["aud"]}"'
    value.value = "another"
    button.click()
    assert "TURNED AWAY because of signature" in shown.value
    assert shown.value == tokens.verify(doors.forge.token, doors.checked, changed={"aud": "another"})._repr_html_()


class TestTheProxy:
    @pytest.mark.parametrize("kind", PROXY_KINDS, ids=lambda kind: kind.name)
    def test_a_token_of_its_own_kind(self, kind: ProxyKind, doors: Doors) -> None:
        found = tokens.verify(kind.make(doors.held()), doors.proxy)
        assert (found.let_in, found.answer.status) == (False, 401)
        assert found.failed
        assert "answer" not in [finding.claim for finding in found.findings], repr(found)

    def test_its_genuine_token_is_let_in_where_it_runs_and_where_it_does_not(self, doors: Doors) -> None:
        token = doors.held().token
        for server in (doors.running, doors.proxy):
            found = tokens.verify(token, server)
            assert found.let_in, repr(found)
            assert [finding.claim for finding in found.findings][-1] == "jti"
        assert tokens.verify(doors.held().but(jti="x"), doors.proxy).failed[-1].claim == "jti"

    def test_a_running_server_answers_with_its_own_address(self, doors: Doors) -> None:
        found = tokens.verify(doors.forge.token, doors.running)
        assert found.answer.status == 401
        assert f"{doors.running.base_url}/.well-known/oauth-protected-resource/mcp" in found.answer.challenge

    def test_both_doors_of_one_server(self, doors: Doors) -> None:
        multi = MultiAuth(server=doors.proxy, verifiers=[doors.checked])
        for token in (doors.held().token, doors.forge.token):
            assert tokens.verify(token, multi).let_in
        assert tokens.verify(doors.forge.but(tid="x"), multi).failed[0].claim == "tid"


class Strict(AzureJWTVerifier):
    """A verifier with a check that nothing here knows."""

    level = logging.WARNING

    async def verify_token(self, token: str) -> AccessToken | None:
        """Take nothing."""
        if await super().verify_token(token):
            get_logger("fastmcp.strict").log(self.level, "Rejected: it is Tuesday")
        return None


# FastMCP logs an expired token and one that is not valid yet at INFO, and what it can't read at DEBUG.
@pytest.mark.parametrize("level", [logging.WARNING, logging.INFO, logging.DEBUG])
def test_a_check_that_is_not_known_here_is_told_as_the_servers_own(
    level: int, doors: Doors, capsys: pytest.CaptureFixture[str]
) -> None:
    entra = doors.forge.entra
    strict = Strict(client_id=entra.app.client_id, tenant_id=entra.tenant.id, required_scopes=["access"])
    strict.level = level
    found = tokens.verify(doors.forge.token, strict)
    assert found.verdict == "TURNED AWAY by a check of its own: the server answers 401."
    assert [finding.found for finding in found.failed] == ["it was turned away: Rejected: it is Tuesday"]
    assert capsys.readouterr() == ("", ""), "what is logged stands in the table, and not on the screen"


def test_a_remote_provider_is_looked_into(doors: Doors) -> None:
    remote: AuthProvider = RemoteAuthProvider(
        token_verifier=doors.checked,
        authorization_servers=[AnyHttpUrl("https://login.microsoftonline.com/x/v2.0")],
        base_url="http://localhost:1",
    )
    assert tokens.verify(doors.forge.token, door(remote)).let_in
    assert tokens.verify(doors.forge.but(ver="1.0"), remote).failed[0].claim == "ver"


def test_a_server_without_a_door_is_told_in_one_line() -> None:
    with pytest.raises(tokens.NoDoor, match="takes whoever comes"):
        tokens.verify("a.b.c", FastMCP("open"))


def test_where_no_keys_can_be_had_the_signature_is_not_said_to_be_good(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_arguments: object, **_options: object) -> httpx.Response:
        raise httpx.ConnectError("nobody there")

    monkeypatch.setattr("workshop.tokens.checks.httpx.get", refuses)
    found = {finding.claim: finding for finding in tokens.verify(doors.forge.token, doors.bare).findings}
    assert (found["kid"].passed, found["signature"].passed) == (None, None)
    assert "ConnectError" in found["kid"].found


def test_the_longest_token_that_is_read_is_the_longest_that_is_taken() -> None:
    with pytest.raises(parts.Unreadable, match=r"^A text of 65537 characters"):
        parts.parts("x" * (LONGEST_TOKEN + 1))
    with pytest.raises(parts.Unreadable, match="An opaque value"):
        parts.parts("x" * LONGEST_TOKEN)


def test_every_requirement_of_a_claim_has_its_source_and_its_diagnosis() -> None:
    judges = [(judge.claim, judge.asks, judge.source) for judge in (*FASTMCP_JUDGES, *SERVER_JUDGES, *APP_JUDGES)]
    for claim, asks, source in [*judges, *((judge.looks_at, judge.asks, judge.source) for judge in KEY_JUDGES)]:
        assert asks.endswith("?")
        assert source.startswith(("RFC ", "https://learn.microsoft.com/", "fastmcp."))
        assert claim in FAILURES


def test_fastmcps_spare_seconds_are_fastmcps_own() -> None:
    assert FASTMCP_SKEW_SECONDS == fastmcp.server.auth.providers.jwt._NBF_CLOCK_SKEW_SECONDS
