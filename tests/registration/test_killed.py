"""Killed before and after each HTTP exchange: the next run completes it, and nothing is doubled.

What is read, and the sign-in, change nothing in the directory: around those an apply is killed by ``test --soak`` only.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from practice_help import clean_environ, line_of, posix_only
from tenant.process import Tenant

from .forwarder import Forwarder, When, forwarding
from .office import GRAPH_APP, Office
from .whole import WHOLE

pytestmark = posix_only

KILLED = -9


@dataclass(frozen=True)
class Bench:
    """A forwarder and a process that carries out steps behind it."""

    forwarder: Forwarder
    victim: subprocess.Popen[str]

    def run(self, office: Office, step: str, at: int = 0, when: When = "before") -> tuple[int, list[str]]:
        """Carry out a step, killed at an exchange, and return how the process ended and what passed."""
        assert self.victim.stdin
        request = {
            "folder": str(office.desk.settings.project),
            "account": office.desk.account,
            "tenant_id": office.tenant_id,
            "step": step,
        }
        self.victim.stdin.write(json.dumps(request) + "\n")
        self.victim.stdin.flush()
        self.forwarder.gate.arm(int(line_of(self.victim)), at, when)
        self.victim.stdin.write("go\n")
        self.victim.stdin.flush()
        ended = int(line_of(self.victim))
        return ended, list(self.forwarder.gate.passed)


@pytest.fixture(scope="module")
def bench(tenant: Tenant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("forwarder")
    with forwarding(tenant.proxy(), Path(tenant.said["ca"]), folder) as forwarder:
        environ = clean_environ(folder, SSL_CERT_FILE=str(forwarder.ca), REQUESTS_CA_BUNDLE=str(forwarder.ca))
        environ |= dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"), forwarder.proxy)
        command = [sys.executable, "-m", "registration.victim"]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ,
            cwd=Path(__file__).parents[1],
        ) as victim:  # fmt: skip
            try:
                yield Bench(forwarder, victim)
            finally:
                victim.kill()


def registered_once(office: Office) -> None:
    """See that everything declared is there, and once."""
    (app,) = office.apps()
    (principal,) = office.got(f"/servicePrincipals?$filter=appId eq '{app['appId']}'")["value"]
    assert office.kept_id() == app["appId"]
    assert [one["displayName"] for one in app["passwordCredentials"]] == ["workshop"]
    assert [one["displayName"] for one in app["keyCredentials"]] == ["workshop"]
    assert len(app["api"]["oauth2PermissionScopes"]) == len(app["appRoles"]) == 1
    assert len(app["api"]["preAuthorizedApplications"]) == 1
    trusted = office.got(f"/applications/{app['id']}/federatedIdentityCredentials")["value"]
    assert [one["name"] for one in trusted] == ["production"]
    graph = office.principal(GRAPH_APP)["id"]
    assert office.grants(app["appId"]) == {
        principal["id"]: ["mcp-access"], graph: ["User.Read offline_access openid profile"]
    }  # fmt: skip
    assert office.desk.verify("", WHOLE).judged.wrong == ()
    assert sorted(path.name for path in office.desk.keeper.folder.iterdir()) == [
        "practice.env", f"proxy-{app['appId']}.pem"
    ]  # fmt: skip


def drift(office: Office) -> None:
    """Change something of every kind by hand."""
    app = office.app()
    stranger = {
        "id": "11111111-2222-4333-8444-555555555555", "value": "stranger", "type": "User", "isEnabled": True,
        "adminConsentDisplayName": "Stranger", "adminConsentDescription": "Strange",
    }  # fmt: skip
    scopes = [*app["api"]["oauth2PermissionScopes"], stranger]
    office.change({"displayName": "Renamed", "web": {"redirectUris": []}, "api": {"oauth2PermissionScopes": scopes}})
    clients = [{"appId": GRAPH_APP, "delegatedPermissionIds": [stranger["id"]]}]
    office.change({"api": {"preAuthorizedApplications": clients}})
    for one in office.got(f"/applications/{app['id']}/federatedIdentityCredentials")["value"]:
        office.done("DELETE", f"/applications/{app['id']}/federatedIdentityCredentials/{one['id']}")
    office.done("DELETE", f"/servicePrincipals/{office.principal(app['appId'])['id']}")
    office.desk.keeper.keep({WHOLE.names.client_secret: ""})


MOMENTS: tuple[When, ...] = ("before", "after")


SOAKING = pytest.param(False, id="every exchange", marks=pytest.mark.soak)
each_write = pytest.mark.parametrize("writes", [pytest.param(True, id="writes"), SOAKING])


def kills(passed: list[str], *, writes: bool, between: bool = False) -> list[tuple[int, When]]:
    """Choose exchanges to be killed at, and the moments.

    Args:
        writes: only those that may change the directory.
        between: after each, and before the first: what is there before one was there after the last.
    """
    numbers = [at for at, one in enumerate(passed, 1) if not writes or is_write(one)]
    if between:
        return [(numbers[0], "before"), *((at, "after") for at in numbers)]
    return [(at, when) for at in numbers for when in MOMENTS]


def is_write(exchange: str) -> bool:
    """Say whether an exchange may change something."""
    return "graph.microsoft.com" in exchange and not exchange.startswith("GET ")


@each_write
def test_an_apply(bench: Bench, new_office: Callable[[], Office], *, writes: bool) -> None:
    office = new_office()
    before = office.running.last_exchange()
    ended, passed = bench.run(office, "apply")
    assert ended == 0
    registered_once(office)
    assert office.desk.plan(WHOLE).changes == ()
    logged = [f"{one['method']} {one['host']}{one['path']}" for one in office.running.exchanges(before)]
    assert [one.replace("/v1.0//", "/v1.0/") for one in passed] == logged[: len(passed)]
    planned = kills(passed, writes=writes)
    for at, when in planned:
        office = new_office()
        ended, told = bench.run(office, "apply", at, when)
        assert (ended, len(told)) == (KILLED, at), f"{when} {at}: {told}"
        office.desk.apply(WHOLE)
        registered_once(office)
    print(f"\nkilled before and after each of {len(planned) // 2} exchanges of an apply ({len(passed)} in all)")


@each_write
def test_an_apply_that_mends_drift(bench: Bench, new_office: Callable[[], Office], *, writes: bool) -> None:
    office = new_office()
    office.desk.apply(WHOLE)
    drift(office)
    ended, passed = bench.run(office, "apply")
    assert ended == 0
    registered_once(office)
    planned = kills(passed, writes=writes, between=writes)
    for at, when in planned:
        drift(office)
        ended, _ = bench.run(office, "apply", at, when)
        assert ended == KILLED
        office.desk.apply(WHOLE)
        registered_once(office)
    print(f"\nkilled {len(planned)} times in {len(passed)} exchanges of a mend")


@each_write
def test_a_removal(bench: Bench, new_office: Callable[[], Office], *, writes: bool) -> None:
    office = new_office()
    office.desk.apply(WHOLE)
    ended, passed = bench.run(office, "remove")
    assert ended == 0
    gone(office)
    planned = kills(passed, writes=writes, between=writes)
    for at, when in planned:
        office.desk.apply(WHOLE)
        ended, _ = bench.run(office, "remove", at, when)
        assert ended == KILLED
        office.desk.remove(office.desk.find())
        gone(office)
    print(f"\nkilled {len(planned)} times in {len(passed)} exchanges of a removal")


def gone(office: Office) -> None:
    """See that nothing is left."""
    assert office.apps() == []
    client_ids = [one["appId"] for one in office.got("/servicePrincipals")["value"]]
    assert len(client_ids) == len(set(client_ids))
    assert not any(name.startswith("ENTRA_") for name in office.values())
    assert [path.name for path in office.desk.keeper.folder.iterdir()] == ["practice.env"]
