"""A door and its connections: requests are read as they arrive, and answered one after the other.

Source: RFC 9112 (HTTP/1.1). The parser is httptools, which is that of Node.
"""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections import deque
from http import HTTPStatus
from typing import Literal, NamedTuple
from urllib.parse import unquote

import httptools

from practice_tenant.server.account import ends_of
from practice_tenant.server.http.messages import (
    Answering,
    HttpRequest,
    PlainTextResponse,
    Response,
    StreamingResponse,
    http_date,
)

HEAD_LIMIT = 131_072
BODY_LIMIT = 1_048_576
LAST_WORDS_SECONDS = 10.0

_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


Stage = Literal["between", "head", "body", "answered"]


class HttpTurn(NamedTuple):
    """What is to be answered next.

    Args:
        request: or what is wrong with it.
        stays: whether the connection may be used again.
        bodiless: whether it asks for the head alone.
    """

    request: HttpRequest | Response
    stays: bool
    bodiless: bool


class HttpDoor:
    """Make the connections that come in at one listening socket, with the application behind it."""

    def __init__(self, answer: Answering) -> None:
        self.answer = answer
        self.loop = asyncio.get_running_loop()
        self.connections: set[HttpConnection] = set()
        self.date = b""
        self.open = True

    def protocol(self, label: str) -> HttpConnection:
        """Return the protocol of a new connection.

        Args:
            label: of what comes in on it.
        """
        return HttpConnection(self, label)

    def set_date(self, now: float) -> None:
        """Keep the Date header right; call it every second.

        Args:
            now: in Unix seconds.
        """
        self.date = f"date: {http_date(now)}\r\n".encode()

    async def close(self) -> None:
        """Let running answers finish for a moment, then cut the connections."""
        self.open = False
        tasks = []
        for connection in list(self.connections):
            if connection.task is None:
                connection.transport.close()
            else:
                tasks.append(connection.task)
        if tasks:
            _, running = await asyncio.wait(tasks, timeout=LAST_WORDS_SECONDS)
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)


class HttpConnection(asyncio.Protocol):
    """What stands between a client's connection and the application of a door.

    Args:
        door: which it came in at.
        holder: the label of what it sends.

    Attributes:
        begun: how many requests have begun to come in.
    """

    def __init__(self, door: HttpDoor, holder: str) -> None:
        self.door = door
        self.holder = holder
        self.parser = httptools.HttpRequestParser(self)
        self.turns: deque[HttpTurn] = deque()
        self.task: asyncio.Task[None] | None = None
        self.begun = 0
        self._ending = False
        self._full = False
        self._paused = False
        self._streaming = False
        self._reading = False
        self._in_head = True
        self._head_size = 0

    @property
    def stage(self) -> Stage:
        """Return where the client is in what it sends."""
        if self.task is not None or self.turns:
            return "answered"
        if not self._reading:
            return "between"
        return "head" if self._in_head else "body"

    # What the transport tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.ends = ends_of(transport)
        self.scheme = "https" if transport.get_extra_info("sslcontext") else "http"
        self.door.connections.add(self)

    def connection_lost(self, _: Exception | None) -> None:
        self.door.connections.discard(self)
        self.turns.clear()
        if self._streaming and self.task is not None:
            self.task.cancel()

    def data_received(self, data: bytes) -> None:
        if self._ending:
            return
        self._head_size += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # the request is answered as if nothing else had been offered, and is the last one
        except httptools.HttpParserError:
            self._take(PlainTextResponse("Invalid HTTP request received.", 400), stays=False)
        else:
            if self._in_head and self._head_size > HEAD_LIMIT:
                self._take(PlainTextResponse("The request's head is too large.", 431), stays=False)

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._go_on()

    # What the parser tells

    def on_message_begin(self) -> None:
        self.begun += 1
        self._reading = True
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._size = 0

    def on_url(self, part: bytes) -> None:
        self._url += part

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:  # what follows a chunked body is left out
            self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._in_head = False
        if (b"expect", b"100-continue") in self._headers:
            self.transport.write(_CONTINUE)

    def on_body(self, part: bytes) -> None:
        before, self._size = self._size, self._size + len(part)
        if self._size <= BODY_LIMIT:
            self._body.append(part)
        elif before <= BODY_LIMIT:
            self._body.clear()
            self._take(PlainTextResponse("The request's body is too large.", 413), stays=self._may_stay())

    def on_message_complete(self) -> None:
        self._in_head, self._head_size, self._reading = True, 0, False
        if self._size > BODY_LIMIT:
            return
        url = httptools.parse_url(self._url)
        path = url.path.decode("ascii")
        request = HttpRequest(
            method=self.parser.get_method().decode("ascii"),
            path=unquote(path) if "%" in path else path,
            query=url.query or b"",
            raw_headers=self._headers,
            body=b"".join(self._body),
            scheme=self.scheme,
            holder=self.holder,
            ends=self.ends,
        )
        self._take(request, stays=self._may_stay())

    # The answers

    def _may_stay(self) -> bool:
        return self.parser.should_keep_alive() and not self.parser.should_upgrade()

    def _take(self, request: HttpRequest | Response, *, stays: bool) -> None:
        if self._ending:
            return
        self._ending = not stays
        self.turns.append(HttpTurn(request, stays, self.parser.get_method() == b"HEAD"))
        if self.task is None:
            self._go_on()
        elif not self._paused:
            self._paused = True
            self.transport.pause_reading()

    def _go_on(self) -> None:
        if self.task is None and self.turns and not self._full:
            self.task = self.door.loop.create_task(self._answer(self.turns.popleft()))

    async def _answer(self, turn: HttpTurn) -> None:
        try:
            stays = await self._send(turn)
        finally:
            self.task = None
        if not stays:
            self.transport.close()
        elif self.turns:
            self._go_on()
        elif self._paused:
            self._paused = False
            self.transport.resume_reading()

    async def _send(self, turn: HttpTurn) -> bool:
        """Send what answers a request, and say whether the connection may be used again."""
        try:
            response = turn.request if isinstance(turn.request, Response) else await self.door.answer(turn.request)
            stays = turn.stays and self.door.open
            message = self._message(response, stays=stays, bodiless=turn.bodiless)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            response, stays = PlainTextResponse("Internal Server Error", 500), False
            message = self._message(response, stays=stays, bodiless=turn.bodiless)
        if self.transport.is_closing():
            return False
        self.transport.write(message)
        if isinstance(response, StreamingResponse) and not turn.bodiless:
            await self._stream(response)
        return stays

    def _message(self, response: Response, *, stays: bool, bodiless: bool) -> bytes:
        """Return a response in one piece: apart, head and body would be two records and two system calls."""
        return b"".join(
            (
                _STATUS_LINES[response.status_code],
                self.door.date,
                response.head(),
                b"transfer-encoding: chunked\r\n" if isinstance(response, StreamingResponse) else b"",
                b"\r\n" if stays else b"connection: close\r\n\r\n",
                b"" if bodiless else response.body,
            )
        )

    async def _stream(self, response: StreamingResponse) -> None:
        self._streaming = True
        try:
            async for part in response.parts:
                self.transport.write(b"%x\r\n%b\r\n" % (len(part), part))
            self.transport.write(b"0\r\n\r\n")
        finally:
            self._streaming = False
