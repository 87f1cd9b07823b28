"""Start, find and stop servers that run on a thread of this process."""

from __future__ import annotations

import asyncio
import contextvars
import html
import http.client
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from socket import socket
from typing import TYPE_CHECKING

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from workshop.background.log import ServerLog, current_log
from workshop.background.quiet import quiet_fastmcp
from workshop.background.sockets import is_free, listen
from workshop.core.ports import ANOTHER_PROGRAM, Notes
from workshop.errors import WorkshopError
from workshop.servers.logs import one_line_each
from workshop.trace import bus, taps
from workshop.trace.asgi import Recorder
from workshop.trace.hop import Sighting

if TYPE_CHECKING:
    from fastmcp import FastMCP
    from fastmcp.server.auth import AuthProvider

MCP_PATH = "/mcp"
_READY_WITHIN = 120.0
_STOPPED_WITHIN = 30.0
# Above what clients keep an idle connection for: whoever uses one in the moment it is closed is cut off.
_KEPT_SECONDS = 120

_running: dict[str, BackgroundServer] = {}
_notes: Notes | None = None
_starting = threading.RLock()


@dataclass(eq=False)
class ServerDidNotStart(WorkshopError):
    """A background server failed while it was built or started; the cause is `__cause__`."""

    name: str
    step: str
    reason: str

    def __str__(self) -> str:
        return f"The server {self.name!r} did not start: {self.step} failed with {self.reason}"


class _Server(uvicorn.Server):
    """Uvicorn's server, which ends when it is told to; uvicorn's own looks for that ten times a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told = asyncio.Event()

    def end(self) -> None:
        """End; it may be called from any thread."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended already
                self._loop.call_soon_threadsafe(self._told.set)

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        counter = 0
        while not await self.on_tick(counter):
            counter += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), 0.1)


@dataclass(eq=False)
class BackgroundServer:
    """A server that runs on a thread of this process.

    Attributes:
        name: a later start under this name replaces it.
        preferred: the port that was asked for.
        port: the port it got.
        log: what was refused, and why.
        auth: what decides who comes in; None if nothing does.
        holder: who had the preferred port when it was started; "" if nobody had.
    """

    name: str
    preferred: int
    port: int
    log: ServerLog
    auth: AuthProvider | None = field(default=None, repr=False)
    holder: str = field(default="", repr=False)
    _uvicorn: _Server = field(init=False, repr=False)
    _thread: threading.Thread = field(init=False, repr=False)
    _failure: BaseException | None = field(default=None, init=False, repr=False)

    @property
    def base_url(self) -> str:
        """The address of the server, without a path."""
        return f"http://localhost:{self.port}"

    @property
    def url(self) -> str:
        """The address an MCP client connects to."""
        return self.base_url + MCP_PATH

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Stop the server and free its port. A second call does nothing."""
        self._uvicorn.end()
        self._thread.join(_STOPPED_WITHIN)
        with _starting:
            if _running.get(self.name) is self:
                del _running[self.name]

    def serve(self, app: ASGIApp, sockets: list[socket]) -> None:
        """Serve `app` on the listening `sockets` from a new thread; it answers when this returns."""
        gate = _Gate(app, self.base_url, self.log)
        config = uvicorn.Config(
            gate, lifespan="off", log_config=None, http="h11", access_log=False,
            timeout_graceful_shutdown=1, timeout_keep_alive=_KEPT_SECONDS,
        )  # fmt: skip
        self._uvicorn = _Server(config)
        self._thread = threading.Thread(
            target=self._run, args=(app, sockets), name=f"workshop {self.name}", daemon=True
        )
        self._thread.start()
        try:
            _await_answer(self.port)
        except BaseException as error:
            self._uvicorn.end()
            self._thread.join(_STOPPED_WITHIN)
            if not isinstance(error, Exception):
                raise
            cause = self._failure or error
            raise ServerDidNotStart(self.name, "starting it", _one_line(cause)) from cause
        gate.recording = True

    def _run(self, app: ASGIApp, sockets: list[socket]) -> None:
        current_log.set(self.log)

        async def live() -> None:
            # Entered here, not by uvicorn: a failing lifespan is an exception then and no printed traceback.
            async with app.router.lifespan_context(app):  # type: ignore[attr-defined]
                await self._uvicorn.serve(sockets=sockets)

        try:
            asyncio.run(live())
        except BaseException as error:
            self._failure = error
        finally:
            _release(self.port, sockets)

    def __repr__(self) -> str:
        if not self.alive:
            return f"{self.name}: stopped"
        moved = f" (port {self.preferred} is held by {self.holder})" if self.holder else ""
        return f"{self.name}: running at {self.url}{moved}"

    def _repr_html_(self) -> str:
        return html.escape(repr(self))


def start(build: Callable[[str], FastMCP], *, port: int = 8000, name: str | None = None) -> BackgroundServer:
    """Start a server in the background; it answers when this returns.

    A server started before under the same name is stopped first and its port is used again, so the cell
    may be run again. The server survives an interrupt of the main thread and ends with the process.

    Args:
        build: gets the base url, such as `http://localhost:8000`, and returns the server.
        port: the port to use if it is free, else it gets another one.
        name: "server on port 8000" if None.

    Raises:
        ServerDidNotStart: building or starting failed; the message says with what.
    """
    quiet_fastmcp()
    one_line_each()
    _listen_to_libraries()
    name = name or f"server on port {port}"
    with _starting:
        former = _running.pop(name, None)
        wanted = port
        if former is not None:
            former.stop()
            wanted = former.port if former.preferred == port else port
        got, sockets = listen(wanted)
        if _notes:
            _notes.keep(got, name)
        holder = "" if got == port or is_free(port) else _holder_of(port)
        log = ServerLog(name)
        try:
            app = _build(build, f"http://localhost:{got}", name, log)
        except BaseException:
            _release(got, sockets)
            raise
        # FastMCP keeps the server it made an application of there.
        auth = app.state.fastmcp_server.auth  # type: ignore[attr-defined]
        server = BackgroundServer(name, port, got, log, auth, holder)
        server.serve(app, sockets)
        _running[name] = server
        return server


def stop(name: str) -> None:
    """Stop the server that was started under this name; nothing happens if there is none."""
    server = _running.get(name)
    if server is not None:
        server.stop()


def leave_notes(notes: Notes) -> None:
    """Note down for others which port each server has that is started from here on, and read what they noted."""
    global _notes
    _notes = notes


def keep_log(log: ServerLog) -> None:
    """Keep what FastMCP says from here on, in this thread or task, in `log` and off the screen."""
    _listen_to_libraries()
    current_log.set(log)


def _listen_to_libraries() -> None:
    for logger_name in ("fastmcp", "mcp.server"):
        taps.install(logger_name, logging.DEBUG, _take)


def _build(build: Callable[[str], FastMCP], base_url: str, name: str, log: ServerLog) -> ASGIApp:
    def in_context() -> ASGIApp:
        current_log.set(log)
        return build(base_url).http_app(path=MCP_PATH, host_origin_protection=True)

    try:
        return contextvars.copy_context().run(in_context)
    except Exception as error:
        raise ServerDidNotStart(name, "building it", _one_line(error)) from error


class _Gate:
    """Record requests once the server is ready, and answer 500 where an exception got through."""

    def __init__(self, app: ASGIApp, base_url: str, log: ServerLog) -> None:
        self.app = app
        self.log = log
        self.recorder = Recorder(app, base_url, self.report)
        self.recording = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.log.begin_request()
        try:
            await (self.recorder if self.recording else self.app)(scope, receive, send)
        except Exception as error:
            # Starlette has answered 500 by now; uvicorn would print the traceback into the notebook.
            self.log.note_error(error, f"{scope.get('method', '')} {scope.get('path', '')}".strip())

    def report(self, sighting: Sighting, body: bytes) -> None:
        hop = self.log.note_answer(sighting.hop, body)
        bus.publish(Sighting(hop, sighting.seen_by, sighting.user_agent))


def _await_answer(port: int) -> None:
    """Return when the server has answered a request; the socket listens already, so this waits for it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_READY_WITHIN)
    try:
        connection.request("GET", "/", headers={"Connection": "close"})
        connection.getresponse().read()
    finally:
        connection.close()


def _take(record: logging.LogRecord) -> bool:
    log = current_log.get()
    if log is not None:
        log.note_record(record)
    return log is not None


def _holder_of(port: int) -> str:
    own = next((f"this notebook's server {one.name}" for one in _running.values() if one.port == port), "")
    return own or str((_notes and _notes.holder(port)) or ANOTHER_PROGRAM)


def _release(port: int, sockets: list[socket]) -> None:
    """Free the port; before it is free the note of it goes."""
    if _notes:
        _notes.drop(port)
    for listener in sockets:
        with suppress(OSError):
            listener.close()


def _one_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
