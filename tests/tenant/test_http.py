"""HTTP at the doors: how requests may come, how answers leave, and what is not let in."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from practice_tenant.server.http.door import BODY_LIMIT, HEAD_LIMIT, HttpDoor
from practice_tenant.server.http.messages import HttpRequest, PlainTextResponse, Response, http_date
from practice_tenant.server.http.routing import HttpRoute, Router

from .process import PATIENCE, Tenant
from .world import App, World

# The token endpoint: however a form is sent, it is the same form


@contextmanager
def line_to(tenant: Tenant) -> Iterator[ssl.SSLSocket]:
    """Open a connection to the TLS listener."""
    port = urlsplit(tenant.said["https"]).port
    with socket.create_connection(("127.0.0.1", port or 0), PATIENCE) as plain:
        yield tenant.trust.wrap_socket(plain, server_hostname="localhost")


def answer_on(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Read one answer that has a Content-Length: status, headers, body."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65_536) or pytest.fail(f"the connection ended after {received!r}")
    head, _, body = received.partition(b"\r\n\r\n")
    status_line, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += connection.recv(65_536) or pytest.fail("the body is not whole")
    return int(status_line.split()[1]), headers, body


def head(world: World, *lines: str, method: str = "POST", path: str = "") -> bytes:
    target = path or f"/{world.tenant.id}/oauth2/v2.0/token"
    return "\r\n".join((f"{method} {target} HTTP/1.1", "Host: localhost", *lines, "", "")).encode()


@pytest.fixture
def form(app: App) -> bytes:
    """What a client sends that acts for itself."""
    return urlencode(
        {
            "grant_type": "client_credentials",
            "client_id": app.client_id,
            "client_secret": app.secret,
            "scope": f"{app.uri}/.default",
        }
    ).encode()


URLENCODED = "Content-Type: application/x-www-form-urlencoded"


def chunked(form: bytes, size: int, more: bytes = b"") -> bytes:
    parts = [form[at : at + size] for at in range(0, len(form), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n" + more + b"\r\n"


class TestAForm:
    @pytest.mark.parametrize(
        "kind", [URLENCODED, f"{URLENCODED}; charset=utf-8", f"{URLENCODED};charset=ISO-8859-1", "Accept: */*"]
    )
    def test_whatever_its_type_says(self, world: World, form: bytes, kind: str) -> None:
        with line_to(world.tenant) as connection:
            connection.sendall(head(world, kind, f"Content-Length: {len(form)}") + form)
            assert self.is_token(answer_on(connection))

    @pytest.mark.parametrize("size", [1, 7, 10_000])
    @pytest.mark.parametrize("more", [b"", b"X-Trailer: x\r\nHost: evil.example\r\n"])
    def test_in_chunks(self, world: World, form: bytes, size: int, more: bytes) -> None:
        with line_to(world.tenant) as connection:
            connection.sendall(head(world, URLENCODED, "Transfer-Encoding: chunked") + chunked(form, size, more))
            assert self.is_token(answer_on(connection))

    def test_byte_by_byte(self, world: World, form: bytes) -> None:
        with line_to(world.tenant) as connection:
            for byte in head(world, URLENCODED, f"Content-Length: {len(form)}") + form:
                connection.sendall(bytes([byte]))
            assert self.is_token(answer_on(connection))

    def test_of_several_values_the_first_counts(self, world: World, form: bytes) -> None:
        twice = form + b"&grant_type=nonsense&client_secret=wrong"
        with line_to(world.tenant) as connection:
            connection.sendall(head(world, URLENCODED, f"Content-Length: {len(twice)}") + twice)
            assert self.is_token(answer_on(connection))

    def test_the_query_counts_for_nothing(self, world: World, form: bytes) -> None:
        wanting, _, secret = form.partition(b"&client_secret=")
        path = f"/{world.tenant.id}/oauth2/v2.0/token?client_secret={secret.decode()}"
        with line_to(world.tenant) as connection:
            connection.sendall(head(world, URLENCODED, f"Content-Length: {len(wanting)}", path=path) + wanting)
            status, _, body = answer_on(connection)
        assert (status, json.loads(body)["error_codes"]) == (401, [7000216])

    @pytest.mark.parametrize(
        "kind", ["Content-Type: application/json", "Content-Type: multipart/form-data; boundary=x"]
    )
    def test_what_is_no_form_holds_nothing(self, world: World, form: bytes, kind: str) -> None:
        with line_to(world.tenant) as connection:
            connection.sendall(head(world, kind, f"Content-Length: {len(form)}") + form)
            status, _, body = answer_on(connection)
        assert (status, json.loads(body)["error_codes"]) == (400, [900144])

    def test_one_that_is_too_large_is_refused_and_the_next_is_served(self, world: World, form: bytes) -> None:
        large = b"x=" + b"x" * BODY_LIMIT
        with line_to(world.tenant) as connection:
            for length, body in (
                (f"Content-Length: {len(large)}", large),
                ("Transfer-Encoding: chunked", chunked(large, 500_000)),
            ):
                connection.sendall(head(world, URLENCODED, length) + body)
                assert answer_on(connection)[0] == 413
                connection.sendall(head(world, URLENCODED, f"Content-Length: {len(form)}") + form)
                assert self.is_token(answer_on(connection))

    @staticmethod
    def is_token(answer: tuple[int, dict[str, str], bytes]) -> bool:
        status, headers, body = answer
        assert headers["content-type"] == "application/json; charset=utf-8"
        assert headers["cache-control"] == "no-store, no-cache"
        return status == 200 and json.loads(body)["token_type"] == "Bearer"


class TestOtherMethods:
    def test_get_is_told_what_to_do(self, world: World) -> None:
        with line_to(world.tenant) as connection:
            connection.sendall(head(world, method="GET"))
            status, headers, body = answer_on(connection)
        assert (status, headers["content-type"]) == (400, "text/html; charset=utf-8")
        assert b"AADSTS900561" in body

    def test_options_says_what_a_script_may(self, world: World) -> None:
        with line_to(world.tenant) as connection:
            connection.sendall(head(world, "Origin: https://spa.example", method="OPTIONS"))
            status, headers, body = answer_on(connection)
        assert (status, body) == (200, b"")
        assert headers["access-control-allow-origin"] == "*"

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
    def test_others_are_told_which_there_are(self, world: World, method: str) -> None:
        with line_to(world.tenant) as connection:
            connection.sendall(head(world, "Content-Length: 0", method=method))
            status, headers, _ = answer_on(connection)
        assert (status, headers["allow"]) == (405, "OPTIONS, POST")

    def test_head_gets_the_head_alone(self, world: World) -> None:
        path = f"/{world.tenant.id}/v2.0/.well-known/openid-configuration"
        with line_to(world.tenant) as connection:
            connection.sendall(head(world, method="GET", path=path))
            whole = answer_on(connection)
            connection.sendall(head(world, method="HEAD", path=path) + head(world, method="GET", path=path))
            received = b""
            while received.count(b"HTTP/1.1 200 OK") < 2:
                received += connection.recv(65_536)
        first, _, rest = received.partition(b"\r\n\r\n")
        assert f"content-length: {len(whole[2])}".encode() in first
        assert rest.startswith(b"HTTP/1.1 200 OK")
        assert parsedate_to_datetime(whole[1]["date"]).year > 2025


# Any door: an application in this process, behind a real socket


@asynccontextmanager
async def serving(answer: Any) -> AsyncIterator[tuple[HttpDoor, int]]:
    """Serve an application on loopback."""
    door = HttpDoor(answer)
    door.set_date(0)
    server = await asyncio.get_running_loop().create_server(lambda: door.protocol("label"), "127.0.0.1", 0)
    async with server:
        yield door, server.sockets[0].getsockname()[1]
        await door.close()


async def said(port: int, *sent: bytes, statuses: int = 0) -> bytes:
    """Send pieces and return what comes back until the connection ends, or until there are so many answers."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in sent:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0)
    received = b""
    async with asyncio.timeout(PATIENCE):
        while chunk := await reader.read(65_536):
            received += chunk
            if statuses and received.count(b"HTTP/1.1 ") >= statuses and received.endswith(b"."):
                break
    writer.close()
    return received


async def echo(request: HttpRequest) -> Response:
    return PlainTextResponse(f"{request.method} {request.path} {request.query.decode()} {request.body.decode()}.")


GET = b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


class TestAConnection:
    def test_answers_come_in_the_order_of_the_requests(self) -> None:
        async def slow_first(request: HttpRequest) -> Response:
            await asyncio.sleep(0.05 if request.path == "/0" else 0)
            return await echo(request)

        async def ask() -> bytes:
            async with serving(slow_first) as (_, port):
                return await said(port, GET % 0 + GET % 1, GET % 2 + LAST)

        assert re.findall(rb"GET /(\w+)", asyncio.run(ask())) == [b"0", b"1", b"2", b"last"]

    @pytest.mark.parametrize(
        "request_",
        [
            LAST,
            b"GET /last HTTP/1.0\r\nHost: x\r\n\r\n",
            b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
        ],
    )
    def test_that_is_to_end_ends_after_the_answer(self, request_: bytes) -> None:
        async def ask() -> bytes:
            async with serving(echo) as (_, port):
                return await said(port, request_ + GET % 9)

        received = asyncio.run(ask())
        assert received.count(b"HTTP/1.1 200 OK") == 1
        assert b"connection: close\r\n" in received
        assert received.endswith(b"GET /last  .")

    @pytest.mark.parametrize(
        ("sent", "status"),
        [
            (b"not http\r\n\r\n", 400),
            (b"GET /x HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
            (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
            (b"CONNECT x:443 HTTP/1.1\r\n\r\n", 400),
        ],
    )
    def test_that_brings_no_http_ends(self, sent: bytes, status: int) -> None:
        async def ask() -> bytes:
            async with serving(echo) as (_, port):
                return await said(port, GET % 1 + sent)

        first, _, second = asyncio.run(ask()).partition(b"GET /1  .")
        assert first.startswith(b"HTTP/1.1 200 OK\r\n")
        assert second.startswith(b"HTTP/1.1 %d " % status)

    def test_whose_head_has_no_end_is_let_go(self) -> None:
        async def ask() -> bytes:
            async with serving(echo) as (_, port):
                return await said(port, b"GET /x HTTP/1.1\r\nX: ".ljust(HEAD_LIMIT + 1, b"x"))

        assert asyncio.run(ask()).startswith(b"HTTP/1.1 431 ")

    def test_a_client_that_waits_for_leave_gets_it(self) -> None:
        async def ask() -> bytes:
            async with serving(echo) as (_, port):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
                leave = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
                writer.write(b"ab")
                received = leave + await asyncio.wait_for(reader.readuntil(b"ab."), PATIENCE)
                writer.close()
                return received

        assert asyncio.run(ask()).startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")

    def test_who_reads_nothing_is_sent_no_more(self) -> None:
        answered = 0

        async def large(_: HttpRequest) -> Response:
            nonlocal answered
            answered += 1
            return PlainTextResponse("x" * 1_000_000)

        async def ask() -> tuple[int, bytes]:
            async with serving(large) as (_, port):
                reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1_000)
                writer.write(GET % 1 * 49 + LAST)
                before = -1
                while before != answered:  # until it stands still
                    before = answered
                    await asyncio.sleep(0.2)
                received = await asyncio.wait_for(reader.read(), PATIENCE)
                writer.close()
                return before, received

        unread, received = asyncio.run(ask())
        assert unread < 20
        assert received.count(b"HTTP/1.1 200 OK") == answered == 50

    @pytest.mark.parametrize("value", ["a\r\nSet-Cookie: x=y", "a\nb", "a\rb", "a\0b"])
    def test_no_header_can_add_another(self, value: str, capsys: pytest.CaptureFixture[str]) -> None:
        async def careless(_: HttpRequest) -> Response:
            return PlainTextResponse("", headers={"Location": value})

        async def ask() -> bytes:
            async with serving(careless) as (_, port):
                return await said(port, GET % 1)

        received = asyncio.run(ask())
        assert received.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
        assert b"Set-Cookie" not in received
        assert "ValueError" in capsys.readouterr().err


class TestRoutes:
    def test_a_name_stands_for_one_segment_unless_it_is_said_to_stand_for_more(self) -> None:
        async def ask(path: str, method: str = "GET") -> tuple[int, str]:
            async def of(request: HttpRequest) -> Response:
                return PlainTextResponse(str(dict(request.path_params)))

            router = Router(
                [
                    HttpRoute("/a/{one}", of, ["GET"]),
                    HttpRoute("/a/{one}", of, ["POST"]),
                    HttpRoute("/n/{id:int}", of, ["GET"]),
                    HttpRoute("/V/{version}.x/{rest:path}", of, ["GET"], {"version": r"v1\.0|beta"}, any_case=True),
                ]
            )
            answer = await router(HttpRequest(method, path))
            return answer.status_code, answer.body.decode()

        for path, expected in {
            "/a/b": (200, "{'one': 'b'}"),
            "/a/b/c": (404, "Not Found"),
            "/a/b\n": (200, "{'one': 'b\\n'}"),
            "/a/": (404, "Not Found"),
            "/n/12": (200, "{'id': '12'}"),
            "/n/x": (404, "Not Found"),
            "/v/BETA.x/a/b": (200, "{'version': 'BETA', 'rest': 'a/b'}"),
            "/v/betaQx/a/b": (404, "Not Found"),
        }.items():
            assert asyncio.run(ask(path)) == expected
        assert asyncio.run(ask("/a/b", "POST"))[0] == 200
        assert asyncio.run(ask("/a/b", "DELETE"))[0] == 405
        assert asyncio.run(ask("/n/1", "HEAD"))[0] == 200


@pytest.mark.parametrize("now", [0, 1_796_000_000, 1_709_210_096.7])
def test_the_date_is_that_of_the_standard_library(now: float) -> None:
    from email.utils import formatdate

    assert http_date(now) == formatdate(now, usegmt=True)


def test_cookies_are_read_as_browsers_send_them() -> None:
    request = HttpRequest("GET", "/", raw_headers=[(b"cookie", b"a=1; b = x=y ;c;d=")])
    assert request.cookies == {"a": "1", "b": "x=y", "d": ""}
