"""Keeping FastMCP's log lines out of the notebook: `BackgroundServer.log` shows the ones that matter."""

from __future__ import annotations

import logging
import os
import sys


def quiet_fastmcp() -> None:
    """Switch FastMCP's own log output off in this process. It may be imported already or not yet."""
    os.environ["FASTMCP_LOG_ENABLED"] = "false"
    # A failing sign-in is raised; the same again as a logged traceback helps nobody.
    logging.getLogger("mcp.client.auth").setLevel(logging.CRITICAL)
    fastmcp = sys.modules.get("fastmcp")
    if fastmcp is None or not fastmcp.settings.log_enabled:
        return
    fastmcp.settings.log_enabled = False
    logger = logging.getLogger("fastmcp")
    for handler in tuple(logger.handlers):
        if type(handler).__module__.split(".")[0] in ("rich", "logging"):
            logger.removeHandler(handler)
    logger.propagate = True
