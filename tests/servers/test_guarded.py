"""By which names a server may be called, from which pages, and who may read the answer."""

from __future__ import annotations

import http.client
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType

import fastmcp
import httpx
import pytest
from fastmcp import FastMCP
from practice_help import clean_environ, until
from server_help import free_port, serving

from workshop.background import BackgroundServer
from workshop.servers import both_doors, on_behalf_of, preauthorized, proxy, unprotected, whoami
from workshop.servers.guarded import GuardedServer, ServerReach

from .conftest import Entra

PUBLIC = "https://mcp.example.com"
PAGE = "https://app.example.com"


@pytest.fixture(scope="module")
def servers(entra: Entra) -> Iterator[dict[str, BackgroundServer]]:
    """All shared servers, each as it would be started on this machine."""
    told, own = entra.settings(), entra.preauthorized()
    builds: dict[str, Callable[[str], FastMCP]] = {
        "unprotected": unprotected.build,
        "whoami": lambda url: whoami.build(url, told),
        "proxy": lambda url: proxy.build(url, told),
        "on_behalf_of": lambda url: on_behalf_of.build(url, told),
        "both_doors": lambda url: both_doors.build(url, told),
        "preauthorized": lambda url: preauthorized.build(url, own),
        # Anybody's own server in a notebook: started in the background, it is guarded as well.
        "of a learner": lambda _: FastMCP("own"),
    }
    with ExitStack() as running:
        yield {name: running.enter_context(serving(build, name=f"guarded {name}")) for name, build in builds.items()}


def asked(server: BackgroundServer, path: str = "/mcp", method: str = "POST", **headers: str) -> int:
    """Send one request, with Host and Origin as they are given, and return the status."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in ({"Accept": "application/json, text/event-stream", "Content-Length": "0"} | headers).items():
            connection.putheader(name, value)
        connection.endheaders()
        return connection.getresponse().status
    finally:
        connection.close()


ALL = ("unprotected", "whoami", "proxy", "on_behalf_of", "both_doors", "preauthorized", "of a learner")
FOREIGN_HOSTS = (
    "evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example", "evil-localhost",
    "2130706433", "0x7f.1", "localhost@evil.example", "[::ffff:1.2.3.4]", "", "10.0.0.1", "mcp.example.com",
)  # fmt: skip
FOREIGN_ORIGINS = (
    "http://evil.example", "https://evil.example", "http://localhost.evil.example", "null", "http://10.0.0.1",
    "https://localhost@evil.example", "chrome-extension://abc", "file://", "evil", "http://evil.example:8000",
)  # fmt: skip


@pytest.mark.parametrize("name", ALL)
def test_a_name_that_is_none_of_the_servers_is_refused(servers: dict[str, BackgroundServer], name: str) -> None:
    """DNS rebinding: the browser of a page of evil.example calls this machine by that name."""
    server = servers[name]
    for path in ("/mcp", "/.well-known/oauth-protected-resource/mcp", "/register", "/nothing"):
        assert [asked(server, path, Host=host) for host in FOREIGN_HOSTS] == [421] * len(FOREIGN_HOSTS), path
    for host in ("localhost", "127.0.0.1", "[::1]", f"localhost:{server.port}", "LOCALHOST"):
        assert asked(server, Host=host) not in (421, 403), host


@pytest.mark.parametrize("name", ALL)
def test_a_page_that_is_none_of_the_servers_is_refused(servers: dict[str, BackgroundServer], name: str) -> None:
    """The MCP specification: a server MUST look at Origin and answer 403."""
    server = servers[name]
    for path, method in (("/mcp", "POST"), ("/mcp", "GET"), ("/mcp", "OPTIONS"), ("/authorize", "GET")):
        statuses = [asked(server, path, method, Origin=origin) for origin in FOREIGN_ORIGINS]
        assert statuses == [403] * len(FOREIGN_ORIGINS), (path, method)
    for origin in ("http://localhost:6274", f"http://localhost:{server.port}", "http://127.0.0.1:6274"):
        assert asked(server, Origin=origin) not in (421, 403), origin


def test_the_reason_stands_in_the_log(servers: dict[str, BackgroundServer]) -> None:
    server = servers["proxy"]
    server.log.clear()
    asked(server, Host="evil.example\x1b[2J")
    asked(server, Origin="https://evil.example")
    until(lambda: len(server.log.refusals) == 2, "both are noted")
    assert [line.text for line in server.log.refusals] == [
        "Request rejected: its Host 'evil.example\\x1b[2J' is no name of this server (BASE_URL, ALLOWED_HOSTS)",
        "Request rejected: its Origin 'https://evil.example' is not an allowed one (ALLOWED_ORIGINS)",
    ]


def test_behind_a_reverse_proxy_it_answers_to_its_public_name(entra: Entra) -> None:
    told = entra.settings(
        base_url=PUBLIC, resource_base_url="https://api.example.com", allowed_hosts=("*.internal",),
        allowed_origins=(PAGE,),
    )  # fmt: skip
    with serving(lambda _: proxy.build(PUBLIC, told)) as server:
        for host in ("mcp.example.com", "mcp.example.com:443", "api.example.com", "backend.internal", "127.0.0.1"):
            assert asked(server, Host=host) == 401, host
        for host in ("example.com", "evil.example", "internal", "app.example.com"):
            assert asked(server, Host=host) == 421, host
        for origin in (PUBLIC, "https://api.example.com", PAGE):
            assert asked(server, Host="mcp.example.com", Origin=origin) == 401, origin
        for origin in ("https://mcp.example.com:8443", "http://localhost:6274", "null"):
            assert asked(server, Host="mcp.example.com", Origin=origin) == 403, origin


def test_a_star_that_somebody_writes_down_brings_the_old_ways_back(entra: Entra) -> None:
    told = entra.settings(allowed_hosts=("*",), allowed_origins=("*",))
    with serving(lambda url: proxy.build(url, told)) as server:
        assert asked(server, Host="evil.example", Origin="http://evil.example") == 401


def test_fastmcps_own_variables_count_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fastmcp.settings, "http_allowed_hosts", ["of.fastmcp.example"])
    monkeypatch.setattr(fastmcp.settings, "http_allowed_origins", ["https://page.example"])
    with serving(lambda url: GuardedServer("own", ServerReach((url,)))) as server:
        assert asked(server, Host="of.fastmcp.example") != 421
        assert asked(server, Origin="https://page.example") != 403
        assert asked(server, Host="evil.example") == 421


STARTS = {
    "python -m": [sys.executable, "-m", "workshop.servers.unprotected", "--port", "{port}"],
    "workshop serve": [sys.executable, "-m", "workshop", "serve", "unprotected", "--port", "{port}"],
    "fastmcp run": [
        sys.executable, "-m", "fastmcp.cli", "run", "{folder}/run.py:unprotected", "--transport", "http",
        "--port", "{port}", "--no-banner",
    ],
}  # fmt: skip


@pytest.mark.parametrize("start", STARTS)
def test_however_it_is_started(start: str, tmp_path: Path) -> None:
    port = free_port()
    folder = Path(unprotected.__file__).parent
    command = [part.format(port=port, folder=folder) for part in STARTS[start]]
    with (
        (tmp_path / "said").open("w+b") as said,
        subprocess.Popen(command, env=clean_environ(tmp_path), stdout=said, stderr=said) as started,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        try:
            until(lambda: started.poll() is not None or answers(client), "an answer")
            assert started.poll() is None, (tmp_path / "said").read_text()
            callers: tuple[dict[str, str], ...] = ({"Host": "evil.example"}, {"Origin": "http://evil.example"}, {})
            told = [client.post("/mcp", headers=headers).status_code for headers in callers]
            assert told[:2] == [421, 403]
            assert told[2] not in (421, 403)
            assert not answers(client, {"X-Long": "x" * 1_000_000}), "a head without end is not read to its end"
        finally:
            started.terminate()


def answers(client: httpx.Client, headers: Mapping[str, str] = MappingProxyType({})) -> bool:
    """Say whether the server answers a request."""
    try:
        return client.get("/", headers=headers).status_code != 400
    except httpx.TransportError:
        return False


# --- CORS ---


def preflight(server: BackgroundServer, origin: str, path: str = "/mcp") -> httpx.Response:
    """Ask as a browser does before a script sends a token."""
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,mcp-protocol-version,mcp-method,mcp-name",
    }
    return httpx.options(server.base_url + path, headers=headers, trust_env=False)


@pytest.mark.parametrize("name", ALL[:-1])
def test_a_script_of_an_allowed_page_may_ask_and_read(servers: dict[str, BackgroundServer], name: str) -> None:
    origin = "http://localhost:6274"  # MCP Inspector
    asked_first = preflight(servers[name], origin)
    assert (asked_first.status_code, asked_first.headers["access-control-allow-origin"]) == (200, origin)
    allowed = asked_first.headers["access-control-allow-headers"].lower()
    assert all(header in allowed for header in ("authorization", "mcp-protocol-version", "mcp-name"))
    answer = httpx.post(servers[name].url, headers={"Origin": origin}, trust_env=False)
    assert answer.headers.get_list("access-control-allow-origin") == [origin]
    assert "WWW-Authenticate" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in answer.headers
    assert "Origin" in answer.headers["vary"]


def test_a_refusal_of_the_size_may_be_read_as_well(servers: dict[str, BackgroundServer]) -> None:
    origin = "http://localhost:6274"
    answer = httpx.post(
        f"{servers['proxy'].base_url}/register", content=b"x" * 70_000, headers={"Origin": origin}, trust_env=False
    )
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (413, origin)


def test_nobody_else_is_told_anything(servers: dict[str, BackgroundServer]) -> None:
    answer = preflight(servers["proxy"], "https://evil.example")
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers
