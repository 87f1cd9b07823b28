"""One practice tenant for the whole run, and a world in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .process import Tenant, serving
from .world import App, World


@pytest.fixture(scope="session")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenant]:
    """A tenant; at the end of the run it still lives and has not complained."""
    with serving(tmp_path_factory.mktemp("tenant") / "state") as running:
        yield running
        assert running.process.poll() is None
        assert running.complaints() == ""


@pytest.fixture(scope="session")
def world(tenant: Tenant) -> World:
    """What can be done with the tenant."""
    return World(tenant)


@pytest.fixture(scope="session")
def app(world: World) -> App:
    """A web application that tests do not change; whom it meets is never asked for consent again."""
    return world.register()
