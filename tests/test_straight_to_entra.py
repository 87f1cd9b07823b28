"""Clients sign in straight to Entra, for a server whose https Application ID URI is its address: registered, served,
and called by the name that its clients know, with no proxy of the server's between.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from library_program import BEGIN, PATIENCE
from practice_help import clean_environ
from public_name import LedThere, public_name
from server_help import free_port
from servers.programs import Served, served
from tenant.process import Tenant, serving
from tenant.world import App, World

from practice_tenant import found
from workshop.core.settings import read_values

pytestmark = pytest.mark.thorough

HOST = "expenses.contoso.onmicrosoft.com"
PUBLIC = f"https://{HOST}"
URL = f"{PUBLIC}/mcp"
ROBIN = "robin@contoso.onmicrosoft.com"
CLIENT_ID = "ENTRA_PREAUTHORIZED_AZURE_CLIENT_ID"
IDENTIFIER_URI = "ENTRA_PREAUTHORIZED_IDENTIFIER_URI"


@dataclass(frozen=True)
class Straight:
    """A server that is reached by its public name, and a public client that is registered beforehand."""

    tenant: Tenant
    server: Served
    there: LedThere
    native: App
    project: Path

    @property
    def client_id(self) -> str:
        """Return the id of the server's own app."""
        return read_values(self.tenant.state / "practice.env")[CLIENT_ID]

    def environ(self, **more: str) -> dict[str, str]:
        """Return what leads a program to the tenant and to the server."""
        running = found(self.tenant.state)
        assert running
        names = {"APP_TENANT": self.tenant.id, "APP_CLIENT": self.native.client_id, "APP_SECRET": "", "URL": URL}
        environ = clean_environ(self.tenant.state, **names)
        running.environment(environ=os.environ).put(environ)
        return self.there.lead(environ | running.node_variables() | more)

    def run(self, program: str) -> dict[str, Any]:
        """Run a program of a user's and return what it tells."""
        return told([sys.executable, "-W", "error::ResourceWarning", "-c", BEGIN + program], self)


def told(command: list[str], straight: Straight, **more: str) -> dict[str, Any]:
    """Run a program and return the JSON of its last line."""
    done = subprocess.run(
        command, env=straight.environ(**more), cwd=straight.project, capture_output=True, text=True, check=False,
        timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


def workshop(*words: str) -> list[str]:
    return [sys.executable, "-m", "workshop", *words]


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Straight]:
    project = tmp_path_factory.mktemp("straight")
    with serving(project / "state") as tenant:
        environ = clean_environ(tenant.state, WORKSHOP_PROJECT=str(project))
        made = subprocess.run(
            workshop("register", "preauthorized", "--at", PUBLIC), env=environ, cwd=project, capture_output=True,
            text=True, check=False, timeout=PATIENCE,
        )  # fmt: skip
        assert made.returncode == 0, made.stdout + made.stderr
        assert f"Clients reach the server at {URL}" in made.stdout
        assert read_values(tenant.state / "practice.env")[IDENTIFIER_URI] == URL
        world = World(tenant)
        redirects = ["http://localhost/callback", "http://localhost"]
        native = world.register("A client on its user's machine", platform="publicClient", redirects=redirects)
        running, port = found(tenant.state), free_port()
        assert running
        with (
            public_name(HOST, running, project) as there,
            served(workshop("serve", "preauthorized", "--port", str(port)), port, environ, project) as server,
        ):
            there.name.port = port
            yield Straight(tenant, server, there, native, project)
        assert tenant.complaints() == ""


def test_the_server_says_who_can_sign_in(straight: Straight) -> None:
    assert f"Clients reach it at {URL}, its Application ID URI" in straight.server.said()


FASTMCP = """
from fastmcp import Client
from fastmcp.client.auth import OAuth
from key_value.aio.stores.memory import MemoryStore
from workshop import background
background.quiet_fastmcp()

async def ask():
    auth = OAuth(client_id=CLIENT, token_storage=MemoryStore())
    async with Client(os.environ["URL"], auth=auth) as client:
        user = (await client.call_tool("get_user_info")).data["username"]
        auth.context.token_expiry_time = 1.0
        assert (await client.call_tool("get_user_info")).data["username"] == user
        return user, auth.context.protected_resource_metadata.resource, auth.context.client_metadata.scope

user, resource, scope = asyncio.run(ask())
tell(user=user, resource=str(resource), scope=scope)
"""


def test_fastmcps_own_client_signs_in_and_comes_back_after_an_hour(straight: Straight) -> None:
    before = straight.there.name.asked
    scope = f"{URL}/user_impersonation offline_access"
    assert straight.run(FASTMCP) == {"user": ROBIN, "resource": URL, "scope": scope}
    assert straight.there.name.asked > before, "by its public name"
    with straight.tenant.control() as control:
        exchanges = control.get("/log").json()["exchanges"]
    sent = [dict(one["sent"]) for one in exchanges]
    told_it = [one.get("grant_type", one.get("response_type")) for one in sent if one.get("resource") == URL]
    assert {"code", "authorization_code", "refresh_token"} <= set(told_it), "Entra was told the address each time"


MSAL = """
import msal
from fastmcp import Client
from fastmcp.client.auth import BearerAuth
from workshop import background
import base64
background.quiet_fastmcp()

async def ask(token):
    async with Client(os.environ["URL"], auth=BearerAuth(token)) as client:
        return (await client.call_tool("get_user_info")).data["username"]

def by(scope):
    answer = msal.PublicClientApplication(CLIENT, authority=AUTHORITY).acquire_token_interactive([scope])
    return answer["access_token"]

API = os.environ["API"]
token = by(os.environ["URL"] + "/user_impersonation")
claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
tell(user=asyncio.run(ask(token)), aud=claims["aud"], ver=claims["ver"], scp=claims["scp"],
     by_its_id=asyncio.run(ask(by(f"api://{API}/user_impersonation"))))
"""


def test_msal_signs_in_and_the_token_is_for_the_client_id(straight: Straight) -> None:
    """The URI names the app in the request alone. Who knows the app by its id asks by that, as before."""
    command = [sys.executable, "-W", "error::ResourceWarning", "-c", BEGIN + MSAL]
    assert told(command, straight, API=straight.client_id) == {
        "user": ROBIN, "aud": straight.client_id, "ver": "2.0", "scp": "user_impersonation", "by_its_id": ROBIN,
    }  # fmt: skip


NODE = """
import { createServer } from "node:http";
import { spawn } from "node:child_process";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";

const server = createServer();
await new Promise((listening) => server.listen(0, "localhost", listening));
const redirect = `http://localhost:${server.address().port}/callback`;
const code = new Promise((arrived) => server.on("request", (request, response) => {
  response.end("You can close this page.");
  arrived(new URL(request.url, redirect).searchParams.get("code"));
}));
const seen = {};
const provider = {
  get redirectUrl() { return redirect; },
  get clientMetadata() { return { client_name: "node", redirect_uris: [redirect] }; },
  clientInformation: () => ({ client_id: process.env.APP_CLIENT }),
  tokens: () => seen.tokens,
  saveTokens: (tokens) => { seen.tokens = tokens; },
  saveCodeVerifier: (verifier) => { seen.verifier = verifier; },
  codeVerifier: () => seen.verifier,
  redirectToAuthorization: (url) => {
    seen.asked = Object.fromEntries(url.searchParams);
    spawn(process.env.PYTHON, ["-m", "practice_tenant", "browser", "--as", process.env.ACCOUNT,
                               "--state", process.env.WORKSHOP_STATE, url.href], { stdio: "ignore" });
  },
};
const url = new URL(process.env.URL);
const client = new Client({ name: "node", version: "1" });
const first = new StreamableHTTPClientTransport(url, { authProvider: provider });
await client.connect(first).catch((error) => { if (!(error instanceof UnauthorizedError)) throw error; });
await first.finishAuth(await code);
await client.connect(new StreamableHTTPClientTransport(url, { authProvider: provider }));
const answer = await client.callTool({ name: "get_user_info", arguments: {} });
console.log(JSON.stringify({ user: answer.structuredContent.username, resource: seen.asked.resource,
                             scope: seen.asked.scope }));
process.exit(0);
"""


@pytest.fixture(scope="module")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the TypeScript SDK, as npm installs it today."""
    folder = tmp_path_factory.mktemp("node")
    npm = shutil.which("npm")
    if not npm:
        pytest.skip("npm is not installed")
    options = ("--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error")
    try:
        done = subprocess.run(
            [npm, "install", *options, "--fetch-retry-mintimeout=1000", "@modelcontextprotocol/sdk@1"],
            cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        pytest.skip("npm gets no answer from a registry")
    if done.returncode:
        pytest.skip(f"npm could not install the SDK: {done.stderr[-200:]}")
    return folder


@pytest.mark.needs("node 22")
def test_the_typescript_sdks_client_signs_in(straight: Straight, sdk: Path) -> None:
    (sdk / "ask.mjs").write_text(NODE)
    assert told(["node", str(sdk / "ask.mjs")], straight, PYTHON=sys.executable, ACCOUNT=ROBIN) == {
        "user": ROBIN, "resource": URL, "scope": f"{URL}/user_impersonation",
    }  # fmt: skip


def test_a_client_that_names_another_address_is_refused(straight: Straight) -> None:
    """Letter for letter: a slash, another case, the address without /mcp, and that of another server."""
    world = World(straight.tenant)
    for resource in (f"{URL}/", f"{PUBLIC}/MCP", PUBLIC, f"{URL}/sse", "https://other.contoso.onmicrosoft.com/mcp"):
        asked = straight.native.asks(scope=f"{URL}/user_impersonation", resource=resource)
        answer = world.browser().open(asked)
        assert "9010010" in answer.headers.get("location", "") + answer.text, resource
