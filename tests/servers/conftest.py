"""One practice tenant for these tests, with this process led to it, and an app whose tokens the servers take."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from practice_help import let_aiohttp_trust
from tenant.process import Tenant
from tenant.world import App, World

import practice_tenant
from practice_tenant.pytest_plugin import lead
from workshop.background import quiet_fastmcp
from workshop.servers.preauthorized_settings import PreauthorizedSettings
from workshop.servers.settings import ProxySettings


@dataclass(frozen=True)
class Entra:
    """The practice tenant that stands where Entra does."""

    tenant: Tenant
    world: World
    app: App

    def settings(self, **changes: object) -> ProxySettings:
        """Return the settings of a proxy for the app."""
        plain = {"tenant_id": self.tenant.id, "required_scopes": ("access",), "storage": "memory"}
        return ProxySettings(self.app.client_id, self.app.secret, **(plain | changes))  # type: ignore[arg-type]

    def preauthorized(self, **changes: object) -> PreauthorizedSettings:
        """Return the settings of a server that takes the app's tokens."""
        plain = {"required_scopes": ("access",)}
        return PreauthorizedSettings(self.app.client_id, self.tenant.id, **(plain | changes))  # type: ignore[arg-type]


@pytest.fixture(scope="package")
def entra(tenant_of_servers: Tenant) -> Iterator[Entra]:
    """A tenant of these tests' own; the libraries of this process are led to it by variables alone."""
    tenant = tenant_of_servers
    with pytest.MonkeyPatch.context() as patch:
        running = practice_tenant.found(tenant.state)
        assert running
        lead(patch, running.environment(environ=os.environ))
        let_aiohttp_trust(running.ca)
        patch.setenv("FASTMCP_LOG_ENABLED", "false")
        quiet_fastmcp()
        world = World(tenant)
        yield Entra(tenant, world, world.register())
        assert tenant.process.poll() is None
