"""What can go wrong on behalf of a user, each by the wrong thing itself, and what the caller is told to do."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastmcp import FastMCP
from server_help import serving
from tenant.world import GRAPH_APP, App

from workshop.servers import proxy
from workshop.servers.graph import Graph
from workshop.servers.obo import ServerApp, TokenExchanges
from workshop.servers.refusals import CallRefused

from .conftest import Entra
from .doors import door, listening, planted, tries
from .forge import Attempt, Forge
from .office import Office, consented, office


@pytest.fixture(scope="module")
def at(entra: Entra, request: pytest.FixtureRequest) -> Iterator[Office]:
    kind = getattr(request, "param", "both")
    with office(entra, consented(entra, f"Refusals {kind}"), kind) as opened:
        yield opened


# Both ways to exchange: EntraOBOToken behind the proxy, and the servers' own argument where there is none.
BOTH = pytest.mark.parametrize("at", ["both", "preauthorized"], indirect=True)


@contextmanager
def policy(at: Office, require: str, user: str = "robin") -> Iterator[None]:
    world = at.entra.world
    made = world.policy(GRAPH_APP, require, user=user)
    try:
        yield
    finally:
        world.teach("DELETE", f"/policies/{made}")


@contextmanager
def fault(at: Office, kind: str, where: str, **options: int) -> Iterator[None]:
    made = at.entra.world.teach("POST", "/faults", kind=kind, at=where, **options)
    try:
        yield
    finally:
        at.entra.world.teach("DELETE", f"/faults/{made['id']}")


def test_nobody_has_consented(at: Office) -> None:
    """Then what is already there goes on, and the next exchange is refused."""
    world = at.entra.world
    never = world.register("Never consented")
    with office(at.entra, never, "preauthorized") as server:
        said = server.said("get_my_profile")
    assert "Nobody has agreed" in said
    assert "Grant admin consent" in said


def test_consent_is_withdrawn_in_the_midst(at: Office) -> None:
    """A token that is there is good until it ends: withdrawing consent stops the next exchange."""
    world = at.entra.world
    token = at.fresh_token()
    assert not at.call("get_my_profile", token=token).is_error
    grants = f"/servicePrincipals/{at.app.principal_id}/oauth2PermissionGrants"
    gone = [one for one in world.graph("GET", grants).json()["value"] if one["consentType"] == "AllPrincipals"]
    for one in gone:
        assert world.graph("DELETE", f"/oauth2PermissionGrants/{one['id']}").status_code == 204
    try:
        assert "Grant admin consent" in at.said("list_my_files", token=token)
        assert not at.call("get_my_profile", token=token).is_error
    finally:
        for one in gone:
            world.grant(at.app, one["scope"])
    assert not at.call("list_my_files", token=token).is_error, "a refusal is not kept"


@BOTH
def test_a_second_factor_is_demanded_and_the_client_gets_what_to_ask_for(at: Office) -> None:
    with policy(at, "mfa"):
        token = at.fresh_token()
        result = at.call("get_my_profile", token=token)
        assert result.is_error
        told = result.structured_content
        assert told["error"] == "insufficient_claims"
        assert "second factor" in told["what_to_do"]
        assert "Sign in again" in result.content[0].text
        assert list(json.loads(told["claims"])) == ["access_token"]
        # What Entra demanded goes into the next sign-in, and its token is good.
        better = at.fresh_token(claims=told["claims"])
        assert at.call("get_my_profile", token=better).data["job_title"] == "Accountant"


def test_a_policy_that_blocks_cant_be_met_by_signing_in(at: Office) -> None:
    with policy(at, "block"):
        result = at.call("get_my_profile", token=at.fresh_token())
    assert "ask your administrator" in result.content[0].text
    assert not result.structured_content


@pytest.mark.parametrize(("where", "service"), [("graph", "Microsoft Graph"), ("token", "Entra ID")])
def test_a_service_is_too_busy_or_out_of_order(at: Office, where: str, service: str) -> None:
    token = at.fresh_token()
    for options, wait in (({"retry_after": 17}, "17 seconds"), ({}, "a minute")):
        with fault(at, "throttle", where, **options):
            began = time.monotonic()
            assert at.said("get_my_profile", token=token) == (
                f"{service} has too much to do. Wait {wait}, then call the tool again."
            )
            assert time.monotonic() - began < 10, "the caller waits, not the server"
    with fault(at, "error", where):
        assert f"{service} does not work at the moment" in at.said("get_my_profile", token=token)
    assert not at.call("get_my_profile", token=token).is_error


def test_a_permission_that_graph_misses_is_named(entra: Entra) -> None:
    """The app may read the profile, and asks for the groups with what it has."""
    app = entra.world.register("Few permissions")
    entra.world.grant(app, "User.Read")
    exchanges = TokenExchanges(ServerApp(app.client_id, app.secret, None, "login.microsoftonline.com"))
    token = entra.world.tokens(app)["access_token"]

    async def ask() -> None:
        graph = Graph()
        got = await (await exchanges.of(token)).get_token("https://graph.microsoft.com/User.Read")
        try:
            async with graph.of(got.token, "Files.Read") as client:
                await client.me.drive.get()
        finally:
            await exchanges.close()
            await graph.close()

    with pytest.raises(CallRefused, match=r"lacks the permission Files\.Read"):
        asyncio.run(ask())


def exchanged(app: App, assertion: str, secret: str = "") -> CallRefused:
    """Return what an exchange is refused with."""

    async def ask() -> None:
        exchanges = TokenExchanges(ServerApp(app.client_id, secret or app.secret, None, "login.microsoftonline.com"))
        exchange = await exchanges.of(assertion)
        try:
            await exchange.get_token("https://graph.microsoft.com/User.Read")
        finally:
            await exchange.close()

    with pytest.raises(CallRefused) as refused:
        asyncio.run(ask())
    return refused.value


def test_the_users_token_has_ended(entra: Entra) -> None:
    expired = Forge(entra).but(exp=int(time.time()) - 60)
    assert "Your sign-in is no longer good for this. Sign in again" in str(exchanged(entra.app, expired))


def test_the_servers_own_credential_is_wrong_and_no_word_of_entras_goes_out(entra: Entra) -> None:
    said = str(exchanged(entra.app, Forge(entra).token, "practice.another-secret-of-this-app"))
    assert said.endswith("the server's log says AADSTS7000215.")
    assert entra.app.client_id not in said


def test_the_middle_tier_passes_a_token_for_somebody_else(entra: Entra) -> None:
    said = str(exchanged(entra.app, entra.world.graph_token("robin")))
    assert "The server could not prove itself" in said


# --- behind the proxy: a claims challenge becomes a sign-in ---


def test_the_proxys_client_signs_in_again_with_what_entra_demanded(entra: Entra) -> None:
    demanded = '{"access_token":{"capolids":{"essential":true,"values":["one"]}}}'
    providers: list[proxy.EntraProxy] = []

    def build(base_url: str) -> FastMCP:
        providers.append(proxy.provider(entra.settings(), base_url))
        return door(providers[0])

    with serving(build) as server, listening() as said:
        entras, before = Forge(entra).token, providers[0]
        token = planted(before, entras, int(time.time()) + 600)
        attempt = Attempt(token)
        assert tries(said, server, attempt).status == 200
        before.pending.note(entras, demanded)
        assert tries(said, server, attempt).status == 401
        url = before._build_upstream_authorize_url("t", {"client_id": "c"})
        assert parse_qs(urlsplit(url).query)["claims"] == [demanded]
        other = before._build_upstream_authorize_url("t", {"client_id": "another"})
        assert "claims" not in parse_qs(urlsplit(other).query)


# --- what the practice tenant's Graph never asks for, from a server that does ---


class Challenging(BaseHTTPRequestHandler):
    """Graph as it answers when a session was revoked.

    Source: https://learn.microsoft.com/entra/identity-platform/app-resilience-continuous-access-evaluation
    """

    asked: list[str] = []  # noqa: RUF012 - of the one test

    def do_GET(self) -> None:
        """Answer 401 with claims in base64."""
        self.asked.append(self.headers["Authorization"])
        claims = "eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiIxNjA0MTA2NjUxIn19fQ=="
        self.send_response(401)
        self.send_header("WWW-Authenticate", f'Bearer realm="", error="insufficient_claims", claims="{claims}"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def test_a_challenge_of_graphs_reaches_the_client_decoded() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Challenging)
    Thread(target=server.serve_forever, daemon=True).start()

    async def ask() -> None:
        graph = Graph(f"http://127.0.0.1:{server.server_port}")
        try:
            async with graph.of("the-token", "User.Read") as client:
                await client.me.get()
        finally:
            await graph.close()

    try:
        with pytest.raises(CallRefused) as refused:
            asyncio.run(ask())
    finally:
        server.shutdown()
        server.server_close()
    assert Challenging.asked == ["Bearer the-token"], "asked once: no retry can help"
    assert json.loads(refused.value.claims or "") == {
        "access_token": {"nbf": {"essential": True, "value": "1604106651"}}
    }
