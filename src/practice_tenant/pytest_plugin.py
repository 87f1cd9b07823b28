"""Fixtures for tests of an app that signs people in with Microsoft Entra ID: no tenant, no internet.

Installed with the package, it is known to pytest at once. A test that asks for none of these pays for nothing.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

import pytest

from practice_tenant.well_known import AZURE_CLI

if TYPE_CHECKING:
    from practice_tenant import Directory, Environment, Running, SignedIn

_directories = itertools.count(1)


class SignsIn(Protocol):
    """What the fixture `signed_in` is."""

    def __call__(
        self, account: str, scopes: Sequence[str], client_id: str = AZURE_CLI, client_secret: str = ""
    ) -> SignedIn:
        """Sign a user of `practice_directory` in; see `practice_tenant.Directory.sign_in`."""


@pytest.fixture(scope="session")
def practice_tenant() -> Iterator[Running]:
    """A practice tenant of this test run's own; with pytest-xdist, of each worker's."""
    import practice_tenant

    with practice_tenant.running(holder=f"pytest-{os.getpid()}") as tenant:
        yield tenant


@pytest.fixture
def practice_directory(practice_tenant: Running, monkeypatch: pytest.MonkeyPatch) -> Directory:
    """A fresh directory tenant, with five people and no apps; this process is led to it while the test runs.

    The variables are set that lead unmodified libraries there: the proxy, the certificate authority, AZURE_TENANT_ID.
    """
    directory = practice_tenant.directory(practice_tenant.new_directory(_name(next(_directories))))
    lead(monkeypatch, practice_tenant.environment(practice_tenant.holder, os.environ))
    monkeypatch.setenv("AZURE_TENANT_ID", directory.tenant_id)
    return directory


@pytest.fixture
def signed_in(practice_directory: Directory) -> SignsIn:
    """A function that signs a user of `practice_directory` in and returns the tokens."""
    return practice_directory.sign_in


def lead(monkeypatch: pytest.MonkeyPatch, variables: Environment) -> None:
    """Set and remove variables of this process until the patch is undone."""
    for name in variables.remove:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.set.items():
        monkeypatch.setenv(name, value)


def _name(number: int) -> str:
    """Return a name for a directory: letters only, for it stands in domains."""
    return "test" + "".join(chr(ord("a") + int(digit)) for digit in str(number))
