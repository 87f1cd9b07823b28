"""The libraries people really use, unpatched, each in a process of its own with only environment variables set."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from library_program import run
from practice_help import clean_environ
from tenant.process import Tenant, serving
from tenant.world import App, World

import practice_tenant


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenant]:
    with serving(tmp_path_factory.mktemp("libraries") / "state") as running:
        yield running
        assert running.complaints() == ""


@pytest.fixture(scope="module")
def app(tenant: Tenant) -> App:
    """A web application, which is a native one too."""
    callback = ["http://localhost:8000/callback"]
    return World(tenant).register(redirects=callback, publicClient={"redirectUris": ["http://localhost"]})


def test_msal_public_client(tenant: Tenant, app: App, tmp_path: Path) -> None:
    told = run(tenant, app, """
import msal, requests
app = msal.PublicClientApplication(CLIENT, authority=AUTHORITY)
first = app.acquire_token_interactive([USER_READ])
(account,) = app.get_accounts()
cached = app.acquire_token_silent([USER_READ], account)
fresh = app.acquire_token_silent([USER_READ], account, force_refresh=True)
me = requests.get("https://graph.microsoft.com/v1.0/me", headers={"Authorization": "Bearer " + fresh["access_token"]})
tell(
    error=first.get("error_description"),
    username=account["username"],
    cached=cached["access_token"] == first["access_token"],
    fresh=fresh["access_token"] != first["access_token"],
    name=first["id_token_claims"]["name"],
    me=me.json()["userPrincipalName"],
)
""", tmp_path)  # fmt: skip
    robin = "robin@contoso.onmicrosoft.com"
    assert told == {
        "error": None, "username": robin, "cached": True, "fresh": True, "name": "Robin Marsh", "me": robin
    }  # fmt: skip


def test_msal_confidential_client(tenant: Tenant, app: App, tmp_path: Path) -> None:
    told = run(tenant, app, """
import msal
app = msal.ConfidentialClientApplication(CLIENT, SECRET, authority=AUTHORITY)
scope = f"api://{CLIENT}/access"
flows = []
def url(redirect_uri):
    flows.append(app.initiate_auth_code_flow([scope], redirect_uri=redirect_uri))
    return flows[0]["auth_uri"]
_, answer = code_at(url)
signed_in = app.acquire_token_by_auth_code_flow(flows[0], answer)
silent = app.acquire_token_silent([scope], app.get_accounts()[0], force_refresh=True)
alone = app.acquire_token_for_client([f"api://{CLIENT}/.default"])
other = msal.ConfidentialClientApplication(CLIENT, "wrong", authority=AUTHORITY)
wrong = other.acquire_token_for_client([f"api://{CLIENT}/.default"])
tell(
    scope=signed_in.get("scope"), error=signed_in.get("error_description"),
    silent="access_token" in silent, alone="access_token" in alone,
    wrong=[wrong["error"], wrong["error_codes"]],
)
""", tmp_path)  # fmt: skip
    assert told["error"] is None
    assert told["scope"] == app.scope
    assert told["silent"] is told["alone"] is True
    assert told["wrong"] == ["invalid_client", [7000215]]


def test_msal_tells_what_the_person_declined(tenant: Tenant, tmp_path: Path) -> None:
    app = World(tenant).register("Declined", platform="publicClient", redirects=["http://localhost"])
    told = run(tenant, app, """
import msal
agent.consent = False
answer = msal.PublicClientApplication(CLIENT, authority=AUTHORITY).acquire_token_interactive([USER_READ])
tell(error=answer["error"], text=answer["error_description"])
""", tmp_path)  # fmt: skip
    assert told["error"] == "access_denied"
    assert told["text"].startswith("AADSTS65004: User declined to consent to access the app.")


def test_azure_identity(tenant: Tenant, app: App, tmp_path: Path) -> None:
    told = run(tenant, app, """
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import AuthorizationCodeCredential, ClientSecretCredential, InteractiveBrowserCredential
from urllib.parse import urlencode
with InteractiveBrowserCredential(tenant_id=TENANT, client_id=CLIENT) as interactive:
    record = interactive.authenticate(scopes=[USER_READ])
    token = interactive.get_token(USER_READ)
    default = interactive.get_token("https://graph.microsoft.com/.default")
    cached = interactive.get_token("https://graph.microsoft.com/.default").token == default.token
with ClientSecretCredential(TENANT, CLIENT, SECRET) as credential:
    alone = credential.get_token("https://graph.microsoft.com/.default")
try:
    with ClientSecretCredential(TENANT, CLIENT, "wrong") as credential:
        credential.get_token("https://graph.microsoft.com/.default")
except ClientAuthenticationError as error:
    refused = error.message
asked = {"client_id": CLIENT, "response_type": "code", "scope": f"api://{CLIENT}/access"}
authorize = f"{AUTHORITY}/oauth2/v2.0/authorize?"
redirect_uri, answer = code_at(lambda uri: authorize + urlencode(asked | {"redirect_uri": uri}))
with AuthorizationCodeCredential(TENANT, CLIENT, answer["code"], redirect_uri, client_secret=SECRET) as credential:
    of_code = credential.get_token(f"api://{CLIENT}/access")
tokens = [bool(t.token) for t in (token, alone, of_code)]
tell(username=record.username, tokens=tokens, cached=cached, refused=refused)
""", tmp_path)  # fmt: skip
    assert told["username"] == "robin@contoso.onmicrosoft.com"
    assert told["tokens"] == [True] * 3
    assert told["cached"] is True
    assert "AADSTS7000215: Invalid client secret provided." in told["refused"]


def test_azure_identity_async(tenant: Tenant, app: App, tmp_path: Path) -> None:
    told = run(tenant, app, """
from azure.core.exceptions import ClientAuthenticationError
from azure.identity.aio import AuthorizationCodeCredential, ClientSecretCredential
from urllib.parse import urlencode
asked = {"client_id": CLIENT, "response_type": "code", "scope": f"offline_access api://{CLIENT}/access"}
authorize = f"{AUTHORITY}/oauth2/v2.0/authorize?"
redirect_uri, answer = code_at(lambda uri: authorize + urlencode(asked | {"redirect_uri": uri}))
async def main():
    async with ClientSecretCredential(TENANT, CLIENT, SECRET) as credential:
        alone = await credential.get_token("https://graph.microsoft.com/.default")
    try:
        async with ClientSecretCredential(TENANT, CLIENT, "wrong") as credential:
            await credential.get_token("https://graph.microsoft.com/.default")
    except ClientAuthenticationError as error:
        refused = error.message
    async with AuthorizationCodeCredential(
        TENANT, CLIENT, answer["code"], redirect_uri, client_secret=SECRET
    ) as credential:
        of_code = await credential.get_token(f"api://{CLIENT}/access")
        cached = await credential.get_token(f"api://{CLIENT}/access")
    tell(tokens=[bool(t.token) for t in (alone, of_code)], cached=cached.token == of_code.token, refused=refused)
asyncio.run(main())
""", tmp_path)  # fmt: skip
    assert told["tokens"] == [True] * 2
    assert told["cached"] is True
    assert "AADSTS7000215: Invalid client secret provided." in told["refused"]


def test_msgraph_registers_an_application_and_asks_who_it_is(tenant: Tenant, app: App, tmp_path: Path) -> None:
    told = run(tenant, app, """
from azure.identity import InteractiveBrowserCredential
from azure.identity.aio import ClientSecretCredential
from kiota_abstractions.api_error import APIError
from msgraph.graph_service_client import GraphServiceClient
from pathlib import Path
from workshop.registration.apply import apply
from workshop.registration.declarations import (PROXY)
from workshop.registration.keeper import MemoryKeeper
async def main():
    kept = MemoryKeeper(Path())
    with agent.as_user("avery@contoso.onmicrosoft.com"), InteractiveBrowserCredential(tenant_id=TENANT) as avery:
        graph = GraphServiceClient(avery, ["https://graph.microsoft.com/.default"])
        made = await apply(graph, PROXY, kept)
        me = await graph.me.get()
        found = await graph.applications_with_app_id(made.client_id).get()
        try:
            await graph.me.manager.get()
        except APIError as error:
            missing = [error.response_status_code, error.error.code]
    async with ClientSecretCredential(TENANT, made.client_id, kept.get(PROXY.names.client_secret)) as own:
        token = await own.get_token(f"api://{made.client_id}/.default")
        try:
            await GraphServiceClient(own, ["https://graph.microsoft.com/.default"]).me.get()
        except APIError as error:
            refused = [error.response_status_code, error.error.message]
    tell(
        me=me.user_principal_name, name=found.display_name, uris=found.identifier_uris, client=made.client_id,
        token=bool(token.token), missing=missing, refused=refused,
    )
asyncio.run(main())
""", tmp_path)  # fmt: skip
    assert told["me"] == "avery@contoso.onmicrosoft.com"
    assert told["name"] == "Workshop MCP server (proxy)"
    assert told["uris"] == [f"api://{told['client']}"]
    assert told["token"] is True
    assert told["missing"] == [501, "notImplemented"]
    assert told["refused"] == [400, "/me request is only valid with delegated authentication flow."]


NODE = """
const [metadata, graph] = ["https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration",
                           "https://graph.microsoft.com/v1.0/me"];
const found = await (await fetch(metadata)).json();
const refused = await fetch(graph);
const elsewhere = await fetch("https://example.com/").then(() => "reached", error => "refused");
console.log(JSON.stringify([found.token_endpoint, refused.status, elsewhere]));
"""


@pytest.mark.needs("node 22")
def test_a_node_program_with_the_variables_of_tenant_env(tenant: Tenant, tmp_path: Path) -> None:
    running = practice_tenant.found(tenant.state)
    assert running
    environ = clean_environ(tenant.state)
    running.environment(environ=os.environ).put(environ)
    environ |= running.node_variables()
    (tmp_path / "ask.mjs").write_text(NODE)
    done = subprocess.run(["node", "ask.mjs"], env=environ, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    endpoint = "https://login.microsoftonline.com/common/oauth2/v2.0/token"
    assert json.loads(done.stdout) == [endpoint, 401, "refused"]
