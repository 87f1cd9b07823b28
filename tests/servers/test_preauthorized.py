"""The server for pre-authorized clients: what it tells them, and whose tokens it takes."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import msal  # type: ignore[import-untyped]
import pytest
from fastmcp import Client
from fastmcp.client.auth import BearerAuth
from server_help import serving
from tenant.browser import page_of, upn
from tenant.credentials import proof, signed, with_certificate
from tenant.world import App

from workshop.background import BackgroundServer
from workshop.registration.declarations import VISUAL_STUDIO_CODE_CLIENT
from workshop.servers import preauthorized
from workshop.servers.preauthorized_settings import PreauthorizedSettings

from .conftest import Entra
from .doors import Outcome, listening, tries
from .forge import Attempt, Forge, decoded
from .forged import OWN
from .test_tools import LUNCH


@pytest.fixture(scope="module")
def server(entra: Entra) -> Iterator[BackgroundServer]:
    with serving(lambda url: preauthorized.build(url, entra.preauthorized())) as running:
        yield running


def called(server: BackgroundServer, token: str, tool: str, **arguments: Any) -> Any:
    async def call() -> Any:
        async with Client(server.url, auth=BearerAuth(token)) as client:
            return (await client.call_tool(tool, arguments)).data

    return asyncio.run(call())


def test_a_client_without_a_token_is_led_to_entra(server: BackgroundServer, entra: Entra) -> None:
    """401 -> metadata -> Entra: the scopes are named as Entra wants them asked for."""
    scope = f"api://{entra.app.client_id}/access"
    with httpx.Client(trust_env=False) as client:
        refused = client.post(server.url)
        where = f"http://localhost:{server.port}/.well-known/oauth-protected-resource/mcp"
        assert refused.status_code == 401
        challenge = refused.headers["WWW-Authenticate"]
        assert f'resource_metadata="{where}"' in challenge
        assert f'scope="{scope}"' in challenge
        told = client.get(where).json()
        # There is no authorization server here: nothing to register with, nothing to attack.
        for path in ("/.well-known/oauth-authorization-server", "/register", "/authorize", "/auth/callback"):
            assert client.get(f"http://localhost:{server.port}{path}").status_code == 404
    assert told["resource"] == server.url
    assert told["authorization_servers"] == [f"https://login.microsoftonline.com/{entra.tenant.id}/v2.0"]
    assert told["scopes_supported"] == [scope]
    # The address leads to Entra's own metadata, by the one path Entra answers.
    found = entra.world.http.get(told["authorization_servers"][0] + "/.well-known/openid-configuration")
    assert found.json()["issuer"] == told["authorization_servers"][0]


def test_an_https_identifier_uri_is_the_resource_and_the_prefix_of_the_scopes(entra: Entra) -> None:
    """What clients send and what they ask for name one app. A token of version 2 is for the client id all the same."""
    uri = "https://expenses.contoso.onmicrosoft.com/mcp"
    with serving(lambda _: preauthorized.build(None, entra.preauthorized(identifier_uri=uri))) as server:
        with httpx.Client(trust_env=False, headers={"Host": "expenses.contoso.onmicrosoft.com"}) as client:
            refused = client.post(server.url)
            assert refused.status_code == 401
            challenge = refused.headers["WWW-Authenticate"]
            where = "https://expenses.contoso.onmicrosoft.com/.well-known/oauth-protected-resource/mcp"
            assert f'resource_metadata="{where}"' in challenge
            assert f'scope="{uri}/access"' in challenge
            told = client.get(f"{server.base_url}/.well-known/oauth-protected-resource/mcp").json()
        assert (told["resource"], told["scopes_supported"]) == (uri, [f"{uri}/access"])
        token = entra.world.tokens(entra.app)["access_token"]
        assert decoded(token, 1)["aud"] == entra.app.client_id
        assert called(server, token, "get_user_info")["username"] == "robin@contoso.onmicrosoft.com"


def test_msal_gets_a_token_for_the_scopes_that_are_named(server: BackgroundServer, entra: Entra) -> None:
    client = msal.ConfidentialClientApplication(
        entra.app.client_id,
        authority=f"https://login.microsoftonline.com/{entra.tenant.id}",
        client_credential=entra.app.secret,
    )
    code = entra.world.code(entra.app, "sam")
    got = client.acquire_token_by_authorization_code(code, [entra.app.scope], redirect_uri=entra.app.redirect_uri)
    added = called(server, got["access_token"], "add_expense", **LUNCH)
    assert added["number"] == 1
    assert called(server, got["access_token"], "get_user_info")["username"] == "sam@contoso.onmicrosoft.com"


def test_pre_authorization_spares_the_consent_page_and_keeps_nobody_out(entra: Entra) -> None:
    world = entra.world
    api = world.register("Pre-authorized API")
    listed, unlisted = (world.register(name) for name in ("Listed client", "Unlisted client"))
    scopes = world.graph("GET", f"/applications/{api.object_id}").json()["api"]["oauth2PermissionScopes"]
    (scope_id,) = [one["id"] for one in scopes if one["value"] == "access"]
    listing = {"appId": listed.client_id, "delegatedPermissionIds": [scope_id]}
    world.change(api, api={"preAuthorizedApplications": [listing]})

    def pages(app: App) -> list[str]:
        browser, seen = world.browser(), []
        response = browser.open(app.asks(scope=api.scope))
        while not response.is_redirect:
            page = page_of(response)
            seen.append(page.kind)
            picked = ("account", upn("robin")) if page.kind == "account-picker" else ("decision", "accept")
            response = browser.press(page, *picked)
        return seen

    assert pages(listed) == ["account-picker"]
    assert pages(unlisted) == ["account-picker", "consent"]
    settings = PreauthorizedSettings(api.client_id, entra.tenant.id, required_scopes=("access",))
    with serving(lambda url: preauthorized.build(url, settings)) as server:
        token = world.tokens(unlisted, "robin", scope=api.scope)["access_token"]
        assert decoded(token, 1)["azp"] == unlisted.client_id
        assert called(server, token, "get_user_info")["username"] == "robin@contoso.onmicrosoft.com"


def test_the_list_of_clients_keeps_others_out(entra: Entra) -> None:
    forge = Forge(entra)
    settings = entra.preauthorized(allowed_clients=(VISUAL_STUDIO_CODE_CLIENT.app_id,))
    with serving(lambda url: preauthorized.build(url, settings)) as server, listening() as said:
        outcome = tries(said, server, Attempt(forge.token))
        assert outcome == Outcome(OWN, 401, "invalid_token")
        assert "azp" in outcome.reason
        assert tries(said, server, Attempt(forge.but(azp=VISUAL_STUDIO_CODE_CLIENT.app_id))).status == 200


def test_the_list_is_no_fence_on_the_users_machine_and_a_proof_of_the_client_is(entra: Entra) -> None:
    """A public client's id is published: any program signs in under it. What a client proved stands in azpacr."""
    world = entra.world
    api = world.register("API with a list")
    editor = world.register("Editor", platform="publicClient", redirects=("http://localhost",))
    service = world.register("Service")
    own = with_certificate(world, service)
    settings = PreauthorizedSettings(
        api.client_id,
        entra.tenant.id,
        required_scopes=("access",),
        allowed_clients=(editor.client_id, service.client_id),
    )
    by_secret = world.tokens(service, scope=api.scope)["access_token"]
    code = world.code(service, scope=api.scope)
    shown = proof(signed(world, service, own))
    by_certificate = world.redeem(service, code, **shown).json()["access_token"]
    # Not the editor: another program, with the editor's id.
    by_nothing = world.tokens(editor, scope=api.scope)["access_token"]
    assert [decoded(token, 1)["azpacr"] for token in (by_nothing, by_secret, by_certificate)] == ["0", "1", "2"]

    def outcomes(settings: PreauthorizedSettings) -> list[int]:
        with serving(lambda url: preauthorized.build(url, settings)) as server, listening() as said:
            return [tries(said, server, Attempt(token)).status for token in (by_nothing, by_secret, by_certificate)]

    assert outcomes(settings) == [200, 200, 200]
    assert outcomes(replace(settings, confidential_clients_only=True)) == [401, 200, 200]


def test_the_audit_line_holds_the_object_id_and_nothing_else_of_a_person(
    server: BackgroundServer, entra: Entra
) -> None:
    said: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())

    logger = logging.getLogger("fastmcp.workshop.servers.audit")
    logger.addHandler(handler := Keep())
    before, logger.level = logger.level, logging.INFO
    try:
        token = entra.world.tokens(entra.app, "robin")["access_token"]
        called(server, token, "add_expense", **LUNCH)
        with pytest.raises(Exception, match="because of its arguments"):
            called(server, token, "add_expense", amount=-1)
        with pytest.raises(Exception, match="Unknown tool"):
            called(server, token, "x\naudit {}")
    finally:
        logger.removeHandler(handler)
        logger.level = before
    claims = decoded(token, 1)
    lines = [json.loads(line.removeprefix("audit ")) for line in said]
    assert [(one["tool"], one["outcome"]) for one in lines] == [
        ("add_expense", "ok"), ("add_expense", "error"), ("x\naudit {}", "error")
    ]  # fmt: skip
    assert {one["oid"] for one in lines} == {claims["oid"]}
    assert {one["client"] for one in lines} == {entra.app.client_id}
    assert all("\n" not in line for line in said)
    for value in (claims["name"], claims["preferred_username"], "robin", LUNCH["description"], *token.split(".")):
        assert value not in " ".join(said)
