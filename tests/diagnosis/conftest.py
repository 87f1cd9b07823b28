"""One practice tenant for these tests, with this process led to it, and a directory in it to break things in."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from servers.conftest import Entra, entra

import practice_tenant
from workshop.breaking import Stage

__all__ = ["Entra", "entra", "stage"]


@pytest.fixture(scope="package")
def stage(entra: Entra) -> Iterator[Stage]:
    """A directory of these tests' own."""
    running = practice_tenant.found(entra.tenant.state)
    assert running
    directory = running.directory(running.new_directory("breaking"))
    with httpx.Client(timeout=120) as http:
        yield Stage(directory, str(directory.show()["domain"]), http)
