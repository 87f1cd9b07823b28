"""Identity assertions (ID-JAG, SEP-990): the proxy takes none, and a token that was made of one opens nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from fastmcp.server.auth import IdentityAssertion
from fastmcp.server.auth.identity_assertion import JWT_BEARER_GRANT_TYPE
from fastmcp.server.auth.providers.azure import AzureProvider
from key_value.aio.stores.memory import MemoryStore
from server_help import serving

from workshop.servers.app_settings import LOCAL
from workshop.servers.proxy import EntraProxy, provider
from workshop.servers.settings import ProxySettings
from workshop.servers.verifier import Rules

from .doors import door

TENANT = "6f1c3a52-0000-4000-8000-0123456789ab"
TOLD = ProxySettings("7a2d4b63-0000-4000-8000-0123456789ab", "a value for tests", TENANT, storage="memory")


def test_the_grant_is_neither_offered_nor_known() -> None:
    with (
        serving(lambda url: door(provider(TOLD, url)), name="proxy") as server,
        httpx.Client(base_url=server.base_url, trust_env=False) as client,
    ):
        offered = client.get("/.well-known/oauth-authorization-server").json()
        registered = client.post("/register", json={"redirect_uris": ["http://localhost:1/callback"]}).json()
        form = {
            "grant_type": JWT_BEARER_GRANT_TYPE,
            "assertion": "e30.e30.e30",
            "client_id": registered["client_id"],
            "client_secret": registered.get("client_secret", ""),
        }
        answer = client.post("/token", data=form)
    assert offered["grant_types_supported"] == ["authorization_code", "refresh_token"]
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


@pytest.mark.parametrize(("kind", "taken"), [(AzureProvider, True), (EntraProxy, False)])
def test_with_it_the_rules_would_still_turn_its_tokens_away(kind: type[AzureProvider], taken: bool) -> None:
    """It is why there is no setting: such a token is FastMCP's own and says nothing of a user or tenant of Entra's."""
    options: dict[str, Any] = {"rules": Rules(frozenset({TENANT}))} if kind is EntraProxy else {}
    proxy = kind(
        client_id=TOLD.client_id,
        client_secret=TOLD.client_secret,
        tenant_id=TENANT,
        required_scopes=["access"],
        base_url=LOCAL,
        client_storage=MemoryStore(),
        identity_assertion=IdentityAssertion(trusted_issuers=[f"https://login.microsoftonline.com/{TENANT}/v2.0"]),
        **options,
    )
    proxy.set_mcp_path("/mcp")
    token = proxy.jwt_issuer.issue_access_token(
        "client", ["access"], "an id", 300, subject="robin", extra_claims={"fastmcp_grant": "id_jag"}
    )
    assert (asyncio.run(proxy.verify_token(token)) is not None) == taken
