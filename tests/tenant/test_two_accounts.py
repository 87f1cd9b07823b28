"""Two accounts on one machine: the second can neither sign in nor change anything, by any door."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sqlite3
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from practice_help import can_bind, clean_environ, until

import practice_tenant
from practice_tenant import Running
from practice_tenant.server.account import Ends, _by_programs, _by_table

from .process import PATIENCE, Tenant, serving
from .test_process import DOORS

pytestmark = pytest.mark.needs("another account", "curl")

KEYS = "https://login.microsoftonline.com/common/discovery/v2.0/keys"
GUESS = "practice.0000000000000000000000000000000000000000000"
AS_ROOT = [] if hasattr(os, "geteuid") and os.geteuid() == 0 else ["sudo", "-n"]
PROGRAM = [*AS_ROOT, sys.executable, str(Path(__file__).with_name("second_account.py"))]


@contextlib.contextmanager
def second_account(**told: Any) -> Iterator[subprocess.Popen[str]]:
    """Run the program that becomes nobody; see there."""
    with subprocess.Popen(PROGRAM, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        process.stdin.write(json.dumps(told) + "\n")
        process.stdin.flush()
        yield process


def tried(**told: Any) -> dict[str, str]:
    """Return how each try of the second account ended."""
    with second_account(**told) as process:
        said = json.loads(process.communicate(timeout=PATIENCE)[0])
    assert said["uid"] not in (0, os.getuid())
    return dict(said["tries"])


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenant]:
    """A tenant of this account, in a folder whose path another account can follow."""
    above = tmp_path_factory.mktemp("owner")
    own = tmp_path_factory.getbasetemp().parent
    for folder in (above, *above.parents):
        if folder.is_relative_to(own):
            folder.chmod(folder.stat().st_mode | 0o011)
    with serving(above / "state") as tenant:
        yield tenant


def running_of(tenant: Tenant) -> Running:
    """Return the tenant as programs of its account know it."""
    running = practice_tenant.found(tenant.state)
    assert running
    return running


def environ_of(tenant: Tenant) -> dict[str, str]:
    """Return the environment of a program that is led to the tenant."""
    environ = clean_environ(tenant.state)
    running_of(tenant).environment(environ=environ).put(environ)
    return environ


def ports_of(tenant: Tenant) -> dict[str, str]:
    """Return every port that the process listens at, as anybody can see it, with the door's name."""
    listening = psutil.Process(tenant.process.pid).net_connections("tcp")
    ports = {each.laddr.port for each in listening if each.status == psutil.CONN_LISTEN}
    doors = {urlsplit(tenant.said[door]).port: door for door in DOORS}
    assert ports == set(doors)
    return {str(port): door for port, door in doors.items()}


def paths_of(tenant: Tenant) -> list[str]:
    """Return paths that stand for something at one of the plain doors, without the secrets in them."""
    host = f"/{tenant.id}/both"
    of_app_service, of_imds = f"{host}/msi/token", f"{host}/metadata/identity/oauth2/token"
    asked = "?api-version=2019-08-01&resource=https%3A%2F%2Fgraph.microsoft.com"
    identities = [f"{before}{path}{asked}" for before in ("", "/", f"/{GUESS}") for path in (of_app_service, of_imds)]
    return ["/", "/status", "/log", "/lease?holder=mine", f"/directories/{tenant.id}", *identities]


def kept_by(tenant: Tenant) -> list[str]:
    """Return all that the tenant keeps of its directories."""
    with contextlib.closing(sqlite3.connect(tenant.state / "directory.sqlite")) as connection:
        return list(connection.iterdump())


def test_the_second_account_comes_in_by_no_door(owner: Tenant) -> None:
    running = running_of(owner)
    before, exchanges = kept_by(owner), running.last_exchange()
    files = [path.name for path in owner.state.iterdir() if path.is_file()]
    tries = tried(
        ports=ports_of(owner),
        tenant_id=owner.id,
        state=str(owner.state),
        guess=GUESS,
        paths=paths_of(owner),
        files=files,
    )
    assert len(tries) > 200
    statuses = {"000", "400", "401", "403", "404", "407", "refused by the system"}
    assert {what: ended for what, ended in tries.items() if ended not in statuses} == {}
    at_the_proxy = {ended for what, ended in tries.items() if what.startswith("port proxy: CONNECT")}
    assert at_the_proxy == {"407"}
    assert all(ended == "000" for what, ended in tries.items() if what.startswith("port https: ")), "not even TLS"
    assert [each for each in running.exchanges(exchanges) if each["status"] < 400] == []
    assert kept_by(owner) == before
    assert running.status()["leases"] == []


def test_a_link_that_the_second_account_saw_is_still_good(owner: Tenant) -> None:
    link = running_of(owner).admin_center()
    assert set(tried(links=[link]).values()) == {"403"}
    with httpx.Client(trust_env=False, verify=owner.trust, follow_redirects=True, timeout=PATIENCE) as http:
        assert http.get(link).status_code == 200


def curl(*options: str, environ: dict[str, str]) -> str:
    line = ["curl", "-s", "-o", os.devnull, "-w", "%{http_code} %{http_connect}", *options]
    return subprocess.run(line, capture_output=True, text=True, check=False, env=environ).stdout


def test_the_owner_comes_in_by_every_door(owner: Tenant) -> None:
    running, environ, bare = running_of(owner), environ_of(owner), clean_environ(owner.state)
    ca = ("--cacert", str(running.ca))
    assert curl(KEYS, environ=environ) == "200 200"
    assert running.exchanges()[-1]["holder"] == "", "the name beside the password is no label unless it was asked for"
    assert curl("--proxy-anyauth", KEYS, environ=environ) == "200 200", "who waits for the challenge"
    assert curl(*ca, "-x", running.browser_proxy, KEYS, environ=bare) == "200 200"
    assert curl(*ca, f"{running.https}{urlsplit(KEYS).path}", environ=bare) == "200 000"
    port = urlsplit(running.https).port
    assert curl(*ca, "--connect-to", f"login.microsoftonline.com:443:127.0.0.1:{port}", KEYS, environ=bare) == "200 000"
    query = "api-version=2019-08-01&resource=https://graph.microsoft.com"
    app_service = running.managed_identity_environment().set
    header = f"X-IDENTITY-HEADER: {app_service['IDENTITY_HEADER']}"
    assert curl("-H", header, f"{app_service['IDENTITY_ENDPOINT']}?{query}", environ=environ) == "200 000"
    imds = running.managed_identity_environment(form="imds").set["AZURE_POD_IDENTITY_AUTHORITY_HOST"]
    path = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://graph.microsoft.com"
    assert curl("-H", "Metadata: true", f"{imds}{path}", environ=environ) == "200 000"


def test_an_owner_who_comes_by_a_mapped_address_is_known(owner: Tenant) -> None:
    parts = urlsplit(owner.said["https"])
    with (
        socket.socket(socket.AF_INET6) as plain,
        ssl.create_default_context(cafile=owner.said["ca"]).wrap_socket(
            plain, server_hostname="localhost", do_handshake_on_connect=False
        ) as connection,
    ):
        connection.settimeout(PATIENCE)
        connection.connect((f"::ffff:{'127.0.0.1'}", parts.port))
        connection.do_handshake()
        connection.sendall(b"GET /common/discovery/v2.0/keys HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")


def test_no_secret_is_in_what_the_tenant_tells(owner: Tenant) -> None:
    """What the log, the status and a representation say may be copied to anybody."""
    running = running_of(owner)
    imds = running.managed_identity_environment(form="imds").set["AZURE_POD_IDENTITY_AUTHORITY_HOST"]
    with httpx.Client(trust_env=False, verify=owner.trust, timeout=PATIENCE) as http:
        http.get(f"{imds}/metadata/identity/oauth2/token", headers={"Metadata": "true"})
    swapped = f"http://{owner.password}:kernel@{urlsplit(running.proxy).netloc}"
    with httpx.Client(proxy=swapped, verify=owner.trust, trust_env=False) as http, pytest.raises(httpx.ProxyError):
        http.get(KEYS)
    run = [sys.executable, "-m", "practice_tenant"]
    state = ["--state", str(owner.state)]
    printed = [
        subprocess.run([*run, *words, *state], capture_output=True, text=True, check=True).stdout
        for words in (["status"], ["log"], ["log", "--json"])
    ]
    said = "\n".join([*printed, repr(running), repr(running.doors), repr(running.directory()), str(owner.said)])
    assert "managed_identity" in said
    secrets = [(owner.state / name).read_text("utf-8").split()[0] for name in ("proxy-password", "identity-path")]
    assert [secret for secret in (*secrets, owner.secret) if secret in said] == []


def proxy_answers(proxy: str, trust: ssl.SSLContext) -> int:
    """Return the status with which a proxy, or the host behind it, answers."""
    with httpx.Client(proxy=proxy, verify=trust, trust_env=False, timeout=PATIENCE) as http:
        try:
            return http.get(KEYS).status_code
        except httpx.ProxyError as error:
            return int(str(error)[:3])


def test_what_a_stranger_heard_at_the_tenants_port_is_of_no_use_to_them(tmp_path: Path) -> None:
    """A program that was led to the tenant goes on when that is away, and says the password to whoever is there."""
    tmp_path.chmod(0o711)
    with serving(tmp_path / "state") as tenant:
        led, port = tenant.proxy("kernel-7"), urlsplit(tenant.said["proxy"]).port
        earlier_identity = tenant.identities
    until(lambda: can_bind(led), "the free port")
    with second_account(listen=port) as stranger:
        assert stranger.stdout
        assert stranger.stdout.readline() == "listening\n"
        with contextlib.suppress(httpx.HTTPError):
            httpx.get(KEYS, proxy=led, verify=False, trust_env=False)  # noqa: S501 (a stranger answers)
        heard = json.loads(stranger.communicate(timeout=PATIENCE)[0])["tries"][0][1]
    assert "Proxy-Authorization: Basic " in heard or "proxy-authorization: basic " in heard.lower()
    with serving(tmp_path / "state") as tenant:
        assert urlsplit(tenant.said["proxy"]).port == port
        assert tenant.identities == earlier_identity
        guess = urlsplit(led).password
        assert guess != tenant.password
        tries = tried(ports={str(port): "proxy"}, tenant_id=tenant.id, guess=guess, paths=[])
        assert {ended for what, ended in tries.items() if "as a proxy, guess" in what or "CONNECT" in what} == {"407"}
        assert proxy_answers(led, tenant.trust) == 200, "a program of the owner's that was led here in the run before"
        assert proxy_answers(tenant.proxy("kernel-7"), tenant.trust) == 200
        assert proxy_answers(led.replace(str(guess), GUESS), tenant.trust) == 407


@contextlib.contextmanager
def accepted() -> Iterator[tuple[str, Iterator[tuple[socket.socket, Ends]]]]:
    """Listen at a port, and give its address and the connections that come in."""

    def connections() -> Iterator[tuple[socket.socket, Ends]]:
        while True:
            connection, client = listener.accept()
            with connection:
                yield connection, Ends(client, connection.getsockname())

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/", connections()


@pytest.mark.skipif(sys.platform != "linux", reason="the table is Linux's")
def test_whose_a_connection_is_is_told_by_the_table_and_by_the_programs() -> None:
    """Systems without the table ask the programs: both ways know the owner, and take nobody else for the owner."""
    with accepted() as (url, coming):
        with socket.create_connection((urlsplit(url).hostname, urlsplit(url).port)):
            _, ends = next(coming)
            assert (_by_table(ends), _by_programs(ends)) == ("own", "own")
            turned = Ends(ends.here, ends.client)
            assert (_by_table(turned), _by_programs(turned)) == ("own", "own"), "its other end is this process's too"
        until(lambda: _by_table(ends) == "unknown", "a connection that its client has given up is nobody's")
        assert _by_programs(ends) == "unknown"
        with second_account(links=[url]) as stranger:
            connection, ends = next(coming)
            assert (_by_table(ends), _by_programs(ends)) == ("another", "unknown")
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            assert json.loads(stranger.communicate(timeout=PATIENCE)[0])["tries"] == [
                ["a link of the admin center", "200"]
            ]
