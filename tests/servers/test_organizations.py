"""Accounts of several tenants: `organizations`, and the issuer that no token carries."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from fastmcp import FastMCP
from fastmcp.server.auth.providers.azure import AzureJWTVerifier, AzureProvider
from key_value.aio.stores.memory import MemoryStore
from server_help import serving

from workshop.servers.proxy import EntraProxy, provider
from workshop.servers.verifier import EntraTokenVerifier, Rules

from .conftest import Entra
from .doors import Outcome, Said, door, listening, planted, tries
from .forge import Attempt, Forge
from .forged import FASTMCP, OWN

LOGIN = "https://login.microsoftonline.com"


@dataclass(frozen=True)
class Tenants:
    """Two tenants that are let in, a third that is not, and tokens as each would issue them."""

    forge: Forge
    ours: str
    partner: str
    stranger: str

    @property
    def issuers(self) -> tuple[str, ...]:
        """The issuers of the first two."""
        return tuple(f"{LOGIN}/{tenant}/v2.0" for tenant in (self.ours, self.partner))

    def token(self, tenant: str, issuer: str = "") -> str:
        """Return a token of a tenant, or one that names another issuer."""
        return self.forge.but(tid=tenant, iss=f"{LOGIN}/{issuer or tenant}/v2.0")


@pytest.fixture(scope="module")
def tenants(entra: Entra) -> Tenants:
    partner, stranger = (entra.world.directory(name) for name in ("partner", "stranger"))
    return Tenants(Forge(entra), entra.tenant.id, partner, stranger)


@pytest.fixture
def said() -> Iterator[Said]:
    with listening() as kept:
        yield kept


def test_with_azure_provider_alone_nobody_gets_in(
    entra: Entra, tenants: Tenants, said: Said, caplog: pytest.LogCaptureFixture
) -> None:
    """The trap: it expects an issuer that ends in organizations/v2.0."""
    made: list[AzureProvider] = []

    def build(base_url: str) -> FastMCP:
        app = entra.app
        made.append(
            AzureProvider(
                client_id=app.client_id, client_secret=app.secret, tenant_id="organizations", base_url=base_url,
                required_scopes=["access"], client_storage=MemoryStore(),
            )
        )  # fmt: skip
        return door(made[0])

    with serving(build, name="trap") as server, caplog.at_level(logging.WARNING):
        token = planted(made[0], tenants.token(tenants.ours), tenants.forge.claims["exp"])
        assert tries(said, server, Attempt(token)) == Outcome(FASTMCP, 401, "invalid_token")


def test_with_the_issuers_named_their_tenants_get_in_and_no_other(entra: Entra, tenants: Tenants, said: Said) -> None:
    settings = entra.settings(tenant_id="organizations", token_issuers=tenants.issuers)
    made: list[EntraProxy] = []

    def build(base_url: str) -> FastMCP:
        made.append(provider(settings, base_url))
        return door(made[0])

    with serving(build, name="several") as server:

        def inside(token: str) -> Outcome:
            return tries(said, server, Attempt(planted(made[0], token, tenants.forge.claims["exp"])))

        assert inside(tenants.token(tenants.ours)).status == 200
        assert inside(tenants.token(tenants.partner)).status == 200
        assert inside(tenants.token(tenants.stranger)) == Outcome(FASTMCP, 401, "invalid_token")
        # Both are let in, and still neither may speak in the other's name.
        assert inside(tenants.token(tenants.ours, issuer=tenants.partner)) == Outcome(OWN, 401, "invalid_token")


def test_where_clients_bring_the_token_the_issuer_is_looked_at_too(entra: Entra, tenants: Tenants, said: Said) -> None:
    """AzureJWTVerifier looks at no issuer for organizations: the rules do."""

    def azure() -> AzureJWTVerifier:
        return AzureJWTVerifier(client_id=entra.app.client_id, tenant_id="organizations", required_scopes=["access"])

    rules = Rules(frozenset((tenants.ours, tenants.partner)))
    with (
        serving(lambda _: door(azure()), name="bare organizations") as bare,
        serving(lambda _: door(EntraTokenVerifier(azure(), rules)), name="organizations") as server,
    ):
        good = [tenants.token(tenants.ours), tenants.token(tenants.partner)]
        bad = [
            tenants.token(tenants.stranger),
            tenants.token(tenants.ours, issuer=tenants.partner),
            tenants.token(tenants.ours, issuer=tenants.stranger),
        ]
        assert [tries(said, bare, Attempt(token)).status for token in (*good, *bad)] == [200] * 5
        assert [tries(said, server, Attempt(token)).status for token in good] == [200, 200]
        for token in bad:
            assert tries(said, server, Attempt(token)) == Outcome(OWN, 401, "invalid_token")
