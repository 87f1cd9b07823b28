"""The walk to a server: on healthy ones it finds nothing, and it says which client stops where."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastmcp import FastMCP
from fastmcp.server.auth import RemoteAuthProvider
from fastmcp.server.auth.providers.azure import AzureJWTVerifier
from pydantic import AnyHttpUrl
from server_help import serving

from workshop.diagnosis import Diagnosis, walk
from workshop.servers import both_doors, on_behalf_of, preauthorized, proxy, unprotected, whoami
from workshop.servers.preauthorized_settings import PreauthorizedSettings

from .conftest import Entra

Build = Callable[[str], FastMCP]


def without_a_proxy(entra: Entra) -> Build:
    """Return the workshop's server for pre-authorized clients."""
    told = PreauthorizedSettings(entra.app.client_id, entra.tenant.id, required_scopes=("access",))
    return lambda url: preauthorized.build(url, told)


def plain(entra: Entra) -> Build:
    """Return FastMCP's own verifier without a proxy: Entra's own tokens, Entra's own metadata."""

    def build(base_url: str) -> FastMCP:
        app, tenant = entra.app, entra.tenant.id
        verifier = AzureJWTVerifier(client_id=app.client_id, tenant_id=tenant, required_scopes=["access"])
        entras = [AnyHttpUrl(f"https://login.microsoftonline.com/{tenant}/v2.0")]
        return FastMCP("direct", auth=RemoteAuthProvider(verifier, authorization_servers=entras, base_url=base_url))

    return build


HEALTHY: dict[str, Callable[[Entra], Build]] = {
    "unprotected": lambda _: unprotected.build,
    "proxy": lambda entra: lambda url: proxy.build(url, entra.settings()),
    "proxy that asks nobody": lambda entra: lambda url: proxy.build(url, entra.settings(consent=False)),
    "proxy for few redirect URIs": lambda entra: (
        lambda url: proxy.build(
            url,
            entra.settings(
                allowed_client_redirect_uris=("http://localhost:*", "http://127.0.0.1:*", "https://vscode.dev/redirect")
            ),
        )
    ),
    "proxy on behalf of": lambda entra: lambda url: on_behalf_of.build(url, entra.settings()),
    "proxy and Entra's own tokens": lambda entra: lambda url: both_doors.build(url, entra.settings()),
    "whoami": lambda entra: lambda url: whoami.build(url, entra.settings()),
    "without a proxy": without_a_proxy,
    "without a proxy, FastMCP alone": plain,
}


@pytest.mark.parametrize("kind", HEALTHY)
def test_a_healthy_server_has_no_finding(kind: str, entra: Entra) -> None:
    told: list[str] = []
    with serving(HEALTHY[kind](entra), name=kind) as server:
        said = Diagnosis(walk(server.url, tell=told.append))
    assert said.names == (), said
    assert said.exit_code == 0
    assert not [step for step in said.diagnosed.steps if step.result == "wrong"]
    assert told[0] == f"POST {server.url}"
    assert len(told) >= len({step.request for step in said.diagnosed.steps if step.request})


def test_it_says_which_client_stops_without_a_proxy(entra: Entra) -> None:
    with serving(without_a_proxy(entra), name="stops") as server:
        said = walk(server.url, tell=lambda _: None)
    stops = {step.name: step.stops for step in said.steps if step.stops}
    assert "claude.ai" in stops["PKCE in the metadata"]
    assert "DCR or CIMD" in stops["registration"]
    assert "VS Code" in stops["scopes"]
