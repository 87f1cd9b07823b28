"""A server in the background: ready when started, replaceable, with a log that says why it refused."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from http.client import HTTPConnection

import httpx
import pytest
import uvicorn
from fastmcp import FastMCP
from practice_help import process, until
from server_help import OTHER_KEY, call, free_port, get, is_free, protected, serving, token
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from workshop import background
from workshop.background import BackgroundServer, ServerDidNotStart


@pytest.fixture(scope="module")
def module_server() -> Iterator[BackgroundServer]:
    with serving(protected) as server:
        yield server


@pytest.fixture
def server(module_server: BackgroundServer) -> BackgroundServer:
    module_server.log.clear()
    return module_server


def test_it_answers_as_soon_as_start_returns() -> None:
    with serving(protected) as server:
        assert call(server, token()).json()["result"]["structuredContent"] == {"result": "hello"}


@pytest.mark.thorough
def test_a_connection_is_kept_longer_than_clients_use_it(server: BackgroundServer) -> None:
    """Uvicorn's own 5 s are what httpx keeps one for: a busy client would be cut off in the middle of a request."""
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        for idle in (6, 0):
            connection.request("GET", "/nothing")
            connection.getresponse().read()
            time.sleep(idle)


def test_it_is_reached_by_every_name_of_this_machine(server: BackgroundServer) -> None:
    hosts = ["127.0.0.1", "localhost"] + (["[::1]"] if _has_ipv6() else [])
    assert [get(f"http://{host}:{server.port}/mcp").status_code for host in hosts] == [401] * len(hosts)


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    ("bearer", "reason"),
    [
        (None, "the request carries no bearer token"),
        ("not-a-token-of-anything", "Invalid JWT format"),
        (token(audience="api://other"), "audience mismatch (got 'api://other', expected 'api://whoami')"),
        (token(expires_in_seconds=-60), "token expired"),
        (token(OTHER_KEY), "signature/format invalid"),
        (token(scopes=["write"]), "missing required scopes (has ['write'], requires ['read'])"),
        (token(issuer="https://else.example"), "issuer mismatch (got 'https://else.example'"),
    ],
    ids=["missing", "garbage", "audience", "expired", "signature", "scope", "issuer"],
)
def test_each_refusal_stands_in_the_log_with_its_reason(
    server: BackgroundServer, bearer: str | None, reason: str
) -> None:
    assert call(server, bearer).status_code == 401
    (line,) = server.log.lines
    assert (line.level, line.status, line.request) == ("refused", 401, "POST /mcp tools/call hello")
    assert reason in line.text
    assert reason in repr(server.log)


def test_no_token_stands_in_the_log(server: BackgroundServer) -> None:
    bearers = [token(), token(OTHER_KEY), "opaque-but-secret-0123456789"]
    for bearer in bearers:
        call(server, bearer)
    get(f"{server.base_url}/mcp?access_token={bearers[0]}")
    shown = repr(server.log) + server.log._repr_html_() + repr(server.log.lines)
    for bearer in bearers:
        assert all(part not in shown for part in bearer.split("."))


def test_what_was_answered_well_is_not_in_the_log(server: BackgroundServer) -> None:
    assert call(server, token()).status_code == 200
    assert server.log.lines == ()
    assert "nothing was refused" in repr(server.log)


def test_a_token_in_an_exception_is_masked_in_the_log() -> None:
    leaked = token()

    def build(_base_url: str) -> FastMCP:
        server = protected(_base_url)

        @server.tool
        def leak() -> str:
            raise RuntimeError(f"Graph refused {leaked}")

        return server

    with serving(build) as server:
        call(server, token(), tool="leak")
        assert "Graph refused ‹token›" in repr(server.log)
        assert leaked not in repr(server.log)


def test_a_failing_tool_stands_in_the_log_with_its_exception(server: BackgroundServer) -> None:
    call(server, token(), tool="broken")
    (line,) = server.log.lines
    assert line.level == "error"
    assert "RuntimeError: the disk is full" in line.text


def test_an_exception_nobody_handled_is_a_500_and_a_line_and_nothing_is_printed(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def build(_base_url: str) -> FastMCP:
        server = FastMCP("broken")

        @server.custom_route("/broken", methods=["GET"])
        async def broken(_request: Request) -> Response:
            raise LookupError("no such row")

        return server

    with serving(build) as server:
        assert get(f"{server.base_url}/broken").status_code == 500
        until(lambda: "LookupError: no such row" in repr(server.log), "the exception in the log")
    assert capfd.readouterr() == ("", "")


def test_the_html_of_the_log_is_escaped() -> None:
    with serving(lambda _: FastMCP("<b>bold</b>"), name="<i>x</i>") as server:
        get(f"{server.base_url}/<script>alert(1)</script>")
        shown = server.log._repr_html_()
    assert "<script>" not in shown
    assert "<i>" not in shown
    assert "&lt;i&gt;x&lt;/i&gt;" in shown
    assert ">404<" in shown


def test_the_same_name_replaces_the_server_and_keeps_the_port() -> None:
    port = free_port()
    with serving(protected, port=port, name="mine") as first:
        with serving(_saying("second"), port=port, name="mine") as second:
            assert not first.alive
            assert second.port == first.port == port
            assert get(f"{second.base_url}/who").text == "second"
        assert "stopped" in repr(first)


def test_a_server_that_had_to_move_stays_where_it_is_when_the_cell_runs_again() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        first = background.start(protected, port=port)
    assert first.port != port
    assert repr(first).endswith(f"running at {first.url} (port {port} is held by another program)")
    assert call(first).status_code == 401
    with serving(protected, port=port) as second:
        assert second.port == first.port
        assert repr(second).endswith(f"running at {second.url}"), "nobody holds it any more"


def test_two_names_are_two_servers() -> None:
    port = free_port()
    with serving(_saying("one"), name="one", port=port) as one, serving(_saying("two"), name="two", port=port) as two:
        assert [get(f"{server.base_url}/who").text for server in (one, two)] == ["one", "two"]
        assert repr(one) == f"one: running at {one.url}"
        assert repr(two) == f"two: running at {two.url} (port {port} is held by this notebook's server one)"
        background.stop("two")
        background.stop("two")
        assert (one.alive, two.alive) == (True, False)


def _saying(words: str) -> Callable[[str], FastMCP]:
    def build(_base_url: str) -> FastMCP:
        server = FastMCP(words)

        @server.custom_route("/who", methods=["GET"])
        async def who(_request: Request) -> Response:
            return PlainTextResponse(words)

        return server

    return build


def test_stop_frees_the_port_and_may_be_called_twice() -> None:
    with serving(protected) as server:
        server.stop()
        server.stop()
        assert is_free(server.port)
        assert not server.alive


def test_stop_does_not_wait_for_an_open_stream() -> None:
    with serving(lambda _: FastMCP("open")) as server, httpx.Client(trust_env=False) as client:
        headers = {"Accept": "text/event-stream, application/json"}
        hello = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "initialize",
            "params": {
                "protocolVersion": "2025-06-18",
                "capabilities": {},
                "clientInfo": {"name": "test", "version": "1"},
            },
        }
        session = client.post(server.url, headers=headers, json=hello).headers["mcp-session-id"]
        with client.stream("GET", server.url, headers=headers | {"Mcp-Session-Id": session}) as stream:
            assert stream.status_code == 200
            server.stop()
            assert not server.alive


def test_a_failing_build_raises_one_line_and_frees_the_port() -> None:
    port = free_port()

    def build(_base_url: str) -> FastMCP:
        raise ValueError("no client id\nis set")

    with pytest.raises(ServerDidNotStart) as raised:
        background.start(build, port=port, name="failing")
    assert str(raised.value) == (
        "The server 'failing' did not start: building it failed with ValueError: no client id is set"
    )
    assert isinstance(raised.value.__cause__, ValueError)
    assert is_free(port)


def test_a_failing_lifespan_raises_one_line_and_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    @asynccontextmanager
    async def lifespan(_server: FastMCP) -> AsyncIterator[None]:
        raise OSError("the database is away")
        yield

    threads = threading.active_count()
    with pytest.raises(ServerDidNotStart, match="starting it failed with OSError: the database is away"):
        background.start(lambda _: FastMCP("x", lifespan=lifespan), port=free_port())
    assert threading.active_count() == threads
    assert capfd.readouterr() == ("", "")


def test_it_survives_an_interrupt_of_the_main_thread(server: BackgroundServer) -> None:
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert call(server, token()).status_code == 200


PROGRAM = """
import sys
import {first}
from fastmcp import FastMCP
from fastmcp.server.auth.providers.jwt import JWTVerifier, RSAKeyPair
from workshop import background
key = RSAKeyPair.generate()
auth = JWTVerifier(public_key=key.public_key, audience="api://x")
server = background.start(lambda _: FastMCP("x", auth=auth), port=int(sys.argv[1]))
import httpx
wrong = {{"Authorization": "Bearer " + key.create_token(audience="api://y")}}
httpx.post(server.url, headers=wrong, trust_env=False)
assert "audience mismatch" in repr(server.log)
print(server.port, flush=True)
{last}
"""


@pytest.mark.parametrize("first", ["fastmcp", "workshop"])
def test_a_process_with_a_server_ends_by_itself_and_prints_nothing(first: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(first=first, last=""), str(free_port())],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={name: value for name, value in os.environ.items() if name != "FASTMCP_LOG_ENABLED"},
    )
    assert ended.stderr == ""
    assert len(ended.stdout.split()) == 1


def test_a_killed_process_takes_its_server_along() -> None:
    code = PROGRAM.format(first="workshop", last="sys.stdin.read()")
    with process(code, str(free_port()), environ=dict(os.environ)) as started:
        assert started.stdout
        port = int(started.stdout.readline())
        assert not is_free(port)
        started.kill()
        started.wait()
        until(lambda: is_free(port), "a free port")


def test_log_lines_that_are_not_a_servers_go_where_they_went_before(
    server: BackgroundServer,
) -> None:
    heard = _Heard()
    logging.getLogger().addHandler(heard)
    try:
        logging.getLogger("fastmcp.client.somewhere").warning("the client warns")
        logging.getLogger("fastmcp.client.somewhere").debug("the client mumbles")
        call(server, "garbage")
    finally:
        logging.getLogger().removeHandler(heard)
    assert [text for text in heard.texts if "mcp" in text or "client" in text] == ["the client warns"]


class _Heard(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


def test_no_request_is_printed_even_while_another_server_switches_the_access_log_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with serving(protected) as server:
        uvicorn.Config(FastMCP("loud").http_app(), log_level="info")
        assert logging.getLogger("uvicorn.access").hasHandlers()
        assert httpx.get(f"{server.base_url}/seen").status_code == 404
    printed = capsys.readouterr()
    assert "/seen" not in printed.out + printed.err
