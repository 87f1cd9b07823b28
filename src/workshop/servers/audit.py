"""A line for each tool call, in a stream of its own: which tool, who, by which client, and how it ended.

Each line is a JSON object, and nothing else is in the stream: what a stranger wrote to the log is never beside it. Of
a person it holds the object id and nothing else: no name, no argument, no token. The object id is what an
administrator looks up in Entra, and what Entra's own sign-in log has. Of an app that acts for itself it says so; its
object id is that of its service principal.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any, TextIO

from fastmcp.server.auth import AccessToken
from fastmcp.server.dependencies import get_access_token
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from fastmcp.tools import ToolResult
from fastmcp.utilities.logging import get_logger
from mcp_types import CallToolRequestParams

from .caller import is_app
from .environment import SettingsError
from .places import STDERR, STDOUT
from .proxied import ProxiedToken

logger = get_logger(__name__)
logger.propagate = False
logger.setLevel(logging.INFO)

LONGEST_NAME = 60


class Audit(Middleware):
    """Write the lines.

    Args:
        where: stdout, stderr or a file; None leaves it to whoever runs the server.
        now: seconds of a clock that is never set.
        date: the time of day.

    Raises:
        SettingsError: the file can't be written.
    """

    def __init__(
        self,
        where: str | None = None,
        now: Callable[[], float] = time.monotonic,
        date: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.now = now
        self.date = date
        if where:
            write_to(where)

    async def on_call_tool(
        self,
        context: MiddlewareContext[CallToolRequestParams],
        call_next: CallNext[CallToolRequestParams, ToolResult],
    ) -> ToolResult:
        """Note the call when it has ended."""
        began = self.now()
        outcome = "error"
        try:
            result = await call_next(context)
            outcome = "error" if getattr(result, "is_error", False) else "ok"
            return result
        finally:
            line = {
                "time": self.date().isoformat(timespec="milliseconds"),
                **_who(get_access_token()),
                "tool": context.message.name[:LONGEST_NAME],
                "outcome": outcome,
                "milliseconds": round((self.now() - began) * 1000),
            }
            # There stdout is the connection, and nobody is signed in.
            if context.fastmcp_context is None or context.fastmcp_context.transport != "stdio":
                logger.info("%s", _json(line))


class Lines(logging.StreamHandler[TextIO]):
    """Write each message as it is to stdout or stderr, whatever these are at the time."""

    def __init__(self, name: str) -> None:
        logging.Handler.__init__(self)
        self.set_name(name)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        """The stream."""
        return sys.stdout if self.name == STDOUT else sys.stderr


def write_to(where: str) -> None:
    """Write the lines to stdout, to stderr, or at the end of a file with mode 0600; they go there once.

    A file that is moved away is made anew, as logrotate wants it.

    Raises:
        SettingsError: the file can't be written.
    """
    printed = where in (STDOUT, STDERR)
    name = where if printed else _absolute(where)
    if any(handler.name == name for handler in logger.handlers):
        return
    logger.addHandler(Lines(name) if printed else _file(name))


def write_somewhere() -> None:
    """Write them to stdout, if no setting says where."""
    if not logger.handlers:
        write_to(STDOUT)


def _absolute(where: str) -> str:
    try:
        return str(Path(where).expanduser().absolute())
    except RuntimeError as error:  # a home folder of nobody
        raise SettingsError(f"{where} can't be written to for the audit: {error}") from error


def _file(name: str) -> logging.Handler:
    try:
        os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
        handler = WatchedFileHandler(name, encoding="ascii")
    except OSError as error:
        raise SettingsError(f"{name} can't be written to for the audit: {error.strerror}.") from error
    handler.set_name(name)
    return handler


def _who(token: AccessToken | None) -> dict[str, Any]:
    claims = token.claims if token else {}
    caller = None if token is None else "app" if is_app(token) else "user"
    # Of an app that acts for itself, oid is that of its service principal.
    who = {"caller": caller, "oid": claims.get("oid"), "tid": claims.get("tid"), "client": claims.get("azp")}
    return who | (token.client() if isinstance(token, ProxiedToken) else {"mcp_client": None})


def _json(line: dict[str, Any]) -> str:
    # Whatever is not ASCII is escaped by it; DEL is.
    return json.dumps(line).replace("\x7f", "\\u007f")
