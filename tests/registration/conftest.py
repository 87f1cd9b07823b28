"""One practice tenant for these tests, and for each of them a directory and a desk of its own."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tenant.process import Tenant, serving

from .office import Inside, Office, inside, opened

_numbers = itertools.count(1)


@pytest.fixture(scope="package")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenant]:
    """A tenant; at the end it has not complained."""
    with serving(tmp_path_factory.mktemp("registration") / "state") as running:
        yield running
        assert running.complaints() == ""


@pytest.fixture(scope="package")
def entered(tenant: Tenant) -> Iterator[Inside]:
    """This process led to the tenant."""
    with inside(tenant) as found:
        yield found


@pytest.fixture(scope="module")
def module_office(entered: Inside, tmp_path_factory: pytest.TempPathFactory) -> Office:
    """An office that the tests of a module share."""
    number = next(_numbers)
    return opened(entered, f"office{number}", tmp_path_factory.mktemp("office"))


@pytest.fixture
def new_desk(module_office: Office, tmp_path: Path) -> Callable[[str], Office]:
    """What opens a desk for somebody else in the office that the module shares, with a file of their own."""

    def make(name: str) -> Office:
        desk = replace(module_office.desk, account=module_office.account(name), file=tmp_path / f"{name}.env")
        return replace(module_office, desk=desk)

    return make


@pytest.fixture
def new_office(entered: Inside, tmp_path: Path) -> Callable[[], Office]:
    """What opens an office in a new directory."""

    def make() -> Office:
        number = next(_numbers)
        return opened(entered, f"office{number}", tmp_path / str(number))

    return make


@pytest.fixture
def office(new_office: Callable[[], Office]) -> Office:
    """An office in a directory of this test's own."""
    return new_office()
