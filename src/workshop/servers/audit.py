"""One line in the log for each tool call: which tool, who, by which client, and how it ended.

Of a person it holds the object id and nothing else: no name, no argument, no token. The object id is what an
administrator looks up in Entra, and what Entra's own sign-in log has.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from fastmcp.server.auth import AccessToken
from fastmcp.server.dependencies import get_access_token
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from fastmcp.tools import ToolResult
from fastmcp.utilities.logging import get_logger
from mcp_types import CallToolRequestParams

logger = get_logger(__name__)

LONGEST_NAME = 60


class Audit(Middleware):
    """Write the lines, as JSON after the word audit."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now

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
            line = _who(get_access_token()) | {
                "tool": context.message.name[:LONGEST_NAME],
                "outcome": outcome,
                "milliseconds": round((self.now() - began) * 1000),
            }
            # JSON: a name with a line break in it stays on its line.
            logger.info("audit %s", json.dumps(line))


def _who(token: AccessToken | None) -> dict[str, Any]:
    claims = token.claims if token else {}
    return {"oid": claims.get("oid"), "tid": claims.get("tid"), "client": claims.get("azp")}
