"""Run an MCP server in the background of a notebook."""

from __future__ import annotations

from workshop.background.log import LogLine, ServerLog
from workshop.background.quiet import quiet_fastmcp, warm_up
from workshop.background.server import BackgroundServer, ServerDidNotStart, keep_log, leave_notes, start, stop

__all__ = [
    "BackgroundServer",
    "LogLine",
    "ServerDidNotStart",
    "ServerLog",
    "keep_log",
    "leave_notes",
    "quiet_fastmcp",
    "start",
    "stop",
    "warm_up",
]
