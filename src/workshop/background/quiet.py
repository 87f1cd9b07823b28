"""What makes FastMCP pleasant in a notebook: no log lines in its output, no wait at the first tool call.

Whoever imports this also gets the choice that `workshop.servers` makes for the files of FastMCP's store.
"""

from __future__ import annotations

import gc
import importlib
import logging
import os
import sys
import threading
import warnings

import workshop.servers  # noqa: F401 (before FastMCP's store is made, see there)
from workshop.servers.logs import StandardError

COLLECT_AFTER = (20_000, 20, 100)
"""Thresholds of the three generations; Python's own are 700, 10, 10."""


def quiet_fastmcp() -> None:
    """Switch FastMCP's own output off in this process. It may be imported already or not yet."""
    os.environ["FASTMCP_LOG_ENABLED"] = "false"
    # FastMCP's callback server switches uvicorn's access log on for a moment: a request in it would be printed.
    logging.getLogger("uvicorn.access").addFilter(_nothing)
    # Every client that signs in says so; lesson 08 is about it.
    warnings.filterwarnings("ignore", "Using in-memory token storage", UserWarning)
    # A failing sign-in is raised; the same again as a logged traceback helps nobody.
    logging.getLogger("mcp.client.auth").setLevel(logging.CRITICAL)
    fastmcp = sys.modules.get("fastmcp")
    if fastmcp is None or not fastmcp.settings.log_enabled:
        return
    fastmcp.settings.log_enabled = False
    logger = logging.getLogger("fastmcp")
    for handler in tuple(logger.handlers):
        if type(handler).__module__.split(".")[0] in ("rich", "logging") or isinstance(handler, StandardError):
            logger.removeHandler(handler)
    logger.propagate = True


def warm_up() -> None:
    """Import on a thread what FastMCP's client imports at the first tool call, which takes a second or two.

    The libraries make millions of objects that stay. Python looks at all of them again and again while they come,
    which is a tenth of the time of importing them; from here on it does so less often.
    """
    gc.set_threshold(*COLLECT_AFTER)
    if "jsonschema" not in sys.modules:
        threading.Thread(target=importlib.import_module, args=("jsonschema",), daemon=True).start()


def _nothing(_: logging.LogRecord) -> bool:
    return False
