"""FastMCP's own classes for Entra, as they are: the proxy, the verifier, on behalf of, and both doors on one server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from library_program import run
from tenant.process import Tenant, serving
from tenant.world import App, World

ROBIN = "robin@contoso.onmicrosoft.com"
SAM = "sam@contoso.onmicrosoft.com"

# A server with one tool that tells who calls, and one that asks Microsoft Graph on their behalf.
BUILD = """
from fastmcp import Client, FastMCP
from fastmcp.client.auth import BearerAuth
from fastmcp.server.auth import MultiAuth, RemoteAuthProvider
from fastmcp.server.auth.providers.azure import AzureJWTVerifier, AzureProvider, EntraOBOToken
from fastmcp.server.dependencies import get_access_token
from pydantic import AnyHttpUrl
from workshop import background
import httpx2, msal
background.quiet_fastmcp()
ISSUER = f"{AUTHORITY}/v2.0"

def proxy(base_url):
    return AzureProvider(
        client_id=CLIENT, client_secret=SECRET, tenant_id=TENANT, base_url=base_url, required_scopes=["access"]
    )

def verifier():
    return AzureJWTVerifier(client_id=CLIENT, tenant_id=TENANT, required_scopes=["access"])

async def profile(token):
    async with httpx2.AsyncClient() as graph:
        answer = await graph.get("https://graph.microsoft.com/v1.0/me", headers={"Authorization": f"Bearer {token}"})
    return answer.json()["userPrincipalName"]

def tools(auth):
    server = FastMCP("tools", auth=auth)

    @server.tool
    async def caller() -> str:
        return get_access_token().claims["preferred_username"]

    @server.tool
    async def me(token: str = EntraOBOToken([USER_READ])) -> str:
        return await profile(token)

    return server

async def ask(url, auth, *names):
    async with Client(url, auth=auth) as client:
        return [(await client.call_tool(name)).data for name in names]

def direct_token(scope=None):
    native = msal.PublicClientApplication(CLIENT, authority=AUTHORITY)
    answer = native.acquire_token_interactive([scope or f"api://{CLIENT}/access"])
    return answer["access_token"]

def status_of(url, token=None):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with httpx2.Client() as http:
        return http.post(url, json={}, headers=headers).status_code

def error_of(url, auth, *names):
    try:
        return asyncio.run(ask(url, auth, *names))
    except Exception as error:
        return f"{type(error).__name__}: {error}"
"""


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenant]:
    with serving(tmp_path_factory.mktemp("fastmcp") / "state") as running:
        yield running
        assert running.complaints() == ""


@pytest.fixture(scope="module")
def app(tenant: Tenant) -> App:
    """The application of an MCP server; a native client of its own too."""
    world = World(tenant)
    callback = ["http://localhost:8000/auth/callback"]
    app = world.register("MCP", redirects=callback, publicClient={"redirectUris": ["http://localhost"]})
    world.grant(app, "User.Read")
    return app


def test_the_proxy_and_on_behalf_of(tenant: Tenant, app: App, tmp_path: Path) -> None:
    told = run(tenant, app, BUILD + """
server = background.start(lambda base_url: tools(proxy(base_url)), port=0)
with agent.as_user("sam@contoso.onmicrosoft.com"):
    found = asyncio.run(ask(server.url, "oauth", "caller", "me"))
server.stop()
tell(found=found)
""", tmp_path)  # fmt: skip
    assert told["found"] == [SAM, SAM]


def test_the_verifier_alone(tenant: Tenant, app: App, tmp_path: Path) -> None:
    """No proxy: the client brings Entra's own token, and on behalf of is done by hand."""
    told = run(tenant, app, BUILD + """
from azure.identity.aio import OnBehalfOfCredential

def build(base_url):
    remote = RemoteAuthProvider(verifier(), [AnyHttpUrl(ISSUER)], base_url)
    server = tools(remote)

    @server.tool
    async def by_hand() -> str:
        of_user = {"client_secret": SECRET, "user_assertion": get_access_token().token}
        async with OnBehalfOfCredential(TENANT, CLIENT, **of_user) as credential:
            return await profile((await credential.get_token(USER_READ)).token)

    return server

server = background.start(build, port=0)
token = direct_token()
found = asyncio.run(ask(server.url, BearerAuth(token), "caller", "by_hand"))
with httpx2.Client() as http:
    bare = http.post(server.url, json={})
    metadata = http.get(bare.headers["www-authenticate"].partition('resource_metadata="')[2].partition('"')[0]).json()
graph = status_of(server.url, direct_token(USER_READ))
without_proxy = error_of(server.url, BearerAuth(token), "me")
server.stop()
tell(found=found, status=bare.status_code, servers=metadata["authorization_servers"],
     scopes=metadata["scopes_supported"], graph=graph, without_proxy=without_proxy)
""", tmp_path)  # fmt: skip
    assert told["found"] == [ROBIN, ROBIN]
    assert told["status"] == 401
    assert told["servers"] == [f"https://login.microsoftonline.com/{tenant.id}/v2.0"]
    assert told["scopes"] == [app.scope]
    assert told["graph"] == 401
    assert "me" in told["without_proxy"]
    assert ROBIN not in told["without_proxy"]


def test_both_doors_on_one_server(tenant: Tenant, app: App, tmp_path: Path) -> None:
    told = run(tenant, app, BUILD + """
build = lambda base_url: tools(MultiAuth(server=proxy(base_url), verifiers=[verifier()]))
server = background.start(build, port=0)
by_proxy = asyncio.run(ask(server.url, "oauth", "caller", "me"))
with agent.as_user("sam@contoso.onmicrosoft.com"):
    directly = asyncio.run(ask(server.url, BearerAuth(direct_token()), "caller", "me"))
graph = status_of(server.url, direct_token(USER_READ))
server.stop()
tell(by_proxy=by_proxy, directly=directly, graph=graph)
""", tmp_path)  # fmt: skip
    assert told["by_proxy"] == [ROBIN, ROBIN]
    assert told["directly"] == [SAM, SAM]
    assert told["graph"] == 401


def test_what_is_not_granted(tenant: Tenant, tmp_path: Path) -> None:
    """On behalf of can't ask anybody: without consent the tool fails, and only the tenant's log says why."""
    app = World(tenant).register("Not granted", redirects=["http://localhost:8000/auth/callback"])
    told = run(tenant, app, BUILD + """
server = background.start(lambda base_url: tools(proxy(base_url)), port=0)
found = asyncio.run(ask(server.url, "oauth", "caller"))
refused = error_of(server.url, "oauth", "me")
server.stop()
tell(found=found, refused=refused)
""", tmp_path)  # fmt: skip
    assert told["found"] == [ROBIN]
    assert "ToolError" in told["refused"]
    with tenant.control() as control:
        exchanges = control.get("/log").json()["exchanges"]
    (behalf,) = [exchange for exchange in exchanges if exchange["flow"] == "on_behalf_of" and exchange["status"] == 400]
    assert behalf["reason"].startswith("AADSTS65001: The user or administrator has not consented to use the appl")
    assert dict(behalf["received"])["suberror"] == "consent_required"
