"""A program as a learner writes it, run in a process of its own against a practice tenant.

It registers an application, signs in with every library, and prints what happened as one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from typing import Any

from hop_details import Details

from workshop import background, practice, signin, trace
from workshop.core import settings

AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
GRAPH = "https://graph.microsoft.com"
AVERY = "avery@contoso.onmicrosoft.com"
SAM = "sam@contoso.onmicrosoft.com"
LEE = "lee@contoso.onmicrosoft.com"

background.quiet_fastmcp()
mine = settings.load()
running = practice.enter(mine)
agent = signin.install(mine, running)

import msal  # type: ignore[import-untyped]  # noqa: E402  # what reads the environment comes after the start cell
import requests  # noqa: E402
from azure.identity import InteractiveBrowserCredential  # noqa: E402
from fastmcp import Client, FastMCP  # noqa: E402
from fastmcp.server.auth.providers.azure import AzureProvider  # noqa: E402
from fastmcp.server.dependencies import get_access_token  # noqa: E402

AUTHORITY = f"https://login.microsoftonline.com/{running.tenant_id}"


def graph(method: str, path: str, token: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.request(method, f"{GRAPH}/v1.0{path}", json=body, headers=headers, timeout=120)
    answer.raise_for_status()
    return dict(answer.json()) if answer.text else {}


def registered(token: str) -> tuple[str, str]:
    """Register the application of FastMCP's guide; return its client id and secret."""
    texts = (
        "adminConsentDisplayName",
        "adminConsentDescription",
        "userConsentDisplayName",
        "userConsentDescription",
    )
    scope = {"id": str(uuid.uuid4()), "value": "access_as_user", "type": "User", "isEnabled": True}
    wanted = {
        "displayName": "whoami",
        "signInAudience": "AzureADMyOrg",
        "web": {"redirectUris": ["http://localhost:8000/auth/callback"]},
        "api": {
            "requestedAccessTokenVersion": 2,
            "oauth2PermissionScopes": [scope | dict.fromkeys(texts, "Call the tools as you")],
        },
    }
    app = graph("POST", "/applications", token, wanted)
    graph("PATCH", f"/applications/{app['id']}", token, {"identifierUris": [f"api://{app['appId']}"]})
    secret = graph("POST", f"/applications/{app['id']}/addPassword", token, {"passwordCredential": {}})
    graph("POST", "/servicePrincipals", token, {"appId": app["appId"]})
    return app["appId"], secret["secretText"]


async def user_info(url: str) -> Any:
    async with Client(url, auth="oauth") as client:
        return (await client.call_tool("get_user_info")).data


def call(url: str) -> str:
    try:
        return str(asyncio.run(user_info(url)))
    except RuntimeError as error:
        return f"RuntimeError: {error}"


def main() -> None:
    found: dict[str, Any] = {}
    with agent.as_user(AVERY), trace.recording() as recorded:
        cli = msal.PublicClientApplication(AZURE_CLI, authority=AUTHORITY)
        got = cli.acquire_token_interactive([f"{GRAPH}/.default"], timeout=30)
    found["msal"] = [got["id_token_claims"]["preferred_username"], repr(recorded.diagram())]
    client_id, secret = registered(got["access_token"])

    with agent.as_user(SAM):
        credential = InteractiveBrowserCredential(client_id=AZURE_CLI, tenant_id=running.tenant_id, timeout=30)
        me = graph("GET", "/me", credential.get_token(f"{GRAPH}/.default").token)
    found["azure-identity"] = me["userPrincipalName"]

    def build(base_url: str) -> FastMCP:
        auth = AzureProvider(
            client_id=client_id,
            client_secret=secret,
            tenant_id=running.tenant_id,
            base_url=base_url,
            required_scopes=["access_as_user"],
        )
        server = FastMCP("whoami", auth=auth)

        @server.tool
        async def get_user_info() -> str:
            token = get_access_token()
            return str(token.claims["preferred_username"]) if token else "nobody"

        return server

    server = background.start(build, port=int(sys.argv[1]))
    found["diagrams"], found["details"] = [], []
    for consent in (False, True, True):
        with agent.as_user(SAM, consent=consent, allow_client=True), trace.recording() as recorded:
            found.setdefault("calls", []).append(call(server.url))
        found["diagrams"].append(repr(recorded.diagram()))
        found["details"].append(Details(recorded._symbolic()).to_html() + recorded.diagram().to_html())
    with agent.as_user(LEE):
        found["disabled"] = [call(server.url), agent.wait().outcome]  # type: ignore[union-attr]
    found["log"] = repr(server.log)
    secret = "not-the-secret-of-this-app"
    server = background.start(build, port=int(sys.argv[1]))
    with trace.recording() as recorded:
        found["wrong secret"] = call(server.url)
    found["wrong secret diagram"] = repr(recorded.diagram())
    found["secrets"] = [got["access_token"].split(".")[2], got["refresh_token"]]
    print(json.dumps(found))


main()
