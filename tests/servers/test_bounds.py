"""What a stranger may send: how much at once, and how often."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import httpx
import psutil
import pytest
from server_help import serving

from practice_tenant import PracticeBrowser
from workshop.background import BackgroundServer
from workshop.servers import bounds, preauthorized, proxy
from workshop.servers.bounds import LARGEST_BODY, MOST_ADDRESSES, Pace

from .conftest import Entra
from .raw_client import REDIRECT, RawClient, raw_client

UNAUTHENTICATED = ("/register", "/token", "/revoke", "/authorize", "/consent", "/auth/callback", "/nothing")
MIB = 1 << 20


@pytest.fixture(scope="module")
def client(entra: Entra) -> Iterator[RawClient]:
    with raw_client(entra) as made:
        yield made


def sent(server: BackgroundServer, path: str, size: int, *, chunked: bool = False) -> str:
    """Send a body of so many bytes, as far as the server takes it, and return the status of its answer."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=120) as connection:
        length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{length}\r\n\r\n"
        block = b"x" * 65_536
        part = b"10000\r\n" + block + b"\r\n" if chunked else block
        try:
            connection.sendall(head.encode())
            for _ in range(size // len(block)):
                connection.sendall(part)
        except OSError:
            pass  # the server has answered and closed
        try:
            return connection.recv(200).split()[1].decode()
        except ConnectionResetError:
            return "closed"


@pytest.mark.parametrize("path", UNAUTHENTICATED)
@pytest.mark.parametrize("chunked", [False, True], ids=["with its length", "in chunks"])
def test_a_large_body_is_refused_and_not_kept(client: RawClient, path: str, chunked: bool) -> None:
    """Whether it says how large it is or not; 200 MB fit into no process that is to live long."""
    before = psutil.Process().memory_info().rss
    answers = {sent(client.server, path, 200 * MIB, chunked=chunked) for _ in range(2)}
    assert answers <= {"413", "closed"}
    assert psutil.Process().memory_info().rss - before < 50 * MIB


def test_without_a_token_a_large_body_is_not_read_at_mcp_either(client: RawClient) -> None:
    before = psutil.Process().memory_info().rss
    assert sent(client.server, "/mcp", 200 * MIB) in ("401", "closed")
    assert psutil.Process().memory_info().rss - before < 50 * MIB


def test_what_fits_is_taken(client: RawClient) -> None:
    body = b'{"redirect_uris": ["%s"], "contacts": ["%s"]}' % (REDIRECT.encode(), b"x" * 60_000)
    assert len(body) < LARGEST_BODY
    answer = client.post("/register", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 201


def test_a_body_that_never_comes_is_not_waited_for(client: RawClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "BODY_SECONDS", 0.2)
    with socket.create_connection(("127.0.0.1", client.server.port), timeout=120) as connection:
        connection.sendall(b"POST /token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nx")
        assert connection.recv(200).startswith(b"HTTP/1.1 408 ")


def test_an_address_may_register_so_many_clients_in_a_minute(entra: Entra) -> None:
    told = entra.settings(registrations_per_minute=3)
    with (
        serving(lambda url: proxy.build(url, told), name="paced") as server,
        httpx.Client(trust_env=False, timeout=120) as http,
    ):
        client = RawClient(server, PracticeBrowser(), [], http)
        statuses = [client.register().status_code for _ in range(5)]
        assert statuses == [201, 201, 201, 429, 429]
        late = client.register()
        assert 0 < int(late.headers["retry-after"]) <= 61
        begun = [client.authorize().status_code for _ in range(32)]
        assert begun == [302] * 30 + [429] * 2
        assert client.get("/.well-known/oauth-authorization-server").status_code == 200


def test_by_default_three_hundred_in_six_seconds_are_too_many(entra: Entra) -> None:
    with (
        serving(lambda url: proxy.build(url, entra.settings()), name="paced") as server,
        httpx.Client(trust_env=False, timeout=120) as http,
    ):
        client = RawClient(server, PracticeBrowser(), [], http)
        assert sum(client.register().status_code == 201 for _ in range(300)) == 30


def test_the_other_door_has_the_same_bound(entra: Entra) -> None:
    with serving(lambda url: preauthorized.build(url, entra.preauthorized()), name="bound") as server:
        assert sent(server, "/nothing", 10 * MIB) in ("413", "closed")


def test_a_minute_goes_by() -> None:
    now = [0.0]
    pace = Pace(2, lambda: now[0])
    assert [pace.wait("10.0.0.1") for _ in range(3)] == [0, 0, 60]
    assert pace.wait("10.0.0.2") == 0, "another address"
    now[0] = 59
    assert pace.wait("10.0.0.1") == 1
    now[0] = 60
    assert pace.wait("10.0.0.1") == 0


def test_a_network_of_ipv6_is_one_caller_and_addresses_are_not_kept_for_ever() -> None:
    pace = Pace(1, lambda: 0)
    assert pace.wait("2001:db8::1") == 0
    assert pace.wait("2001:db8::2") > 0
    assert pace.wait("2001:db8:0:1::1") == 0
    for number in range(MOST_ADDRESSES + 5):
        pace.wait(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(pace._began) == MOST_ADDRESSES
