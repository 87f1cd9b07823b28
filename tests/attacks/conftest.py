"""The shared servers, each running in the background for these tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from fastmcp import FastMCP
from server_help import serving
from servers.conftest import Entra, entra
from servers.forge import Forge

from workshop.servers import both_doors, on_behalf_of, preauthorized, proxy, unprotected, whoami

from .table import SERVERS
from .target import Target

__all__ = ["entra"]


@pytest.fixture(scope="package")
def targets(entra: Entra) -> Iterator[dict[str, Target]]:
    """Each server, by its name."""
    settings = entra.settings()
    # This one with a list that somebody wrote, the others with what is there without one.
    listed = entra.settings(
        allowed_client_redirect_uris=("http://localhost:*", "http://127.0.0.1:*", "https://vscode.dev/redirect")
    )
    build: dict[str, Callable[[str], FastMCP]] = {
        "unprotected": unprotected.build,
        "whoami": lambda url: whoami.build(url, settings),
        "proxy": lambda url: proxy.build(url, listed),
        "both_doors": lambda url: both_doors.build(url, settings),
        "on_behalf_of": lambda url: on_behalf_of.build(url, settings),
        "preauthorized": lambda url: preauthorized.build(url, entra.preauthorized()),
    }
    forge = Forge(entra)
    with ExitStack() as running:
        found = {}
        for name in SERVERS:
            server = running.enter_context(serving(build[name], name=f"attacked {name}"))
            auth = getattr(server.auth, "server", None) or server.auth
            found[name] = Target(name, server, auth if hasattr(auth, "_code_store") else None, forge)
        yield found
