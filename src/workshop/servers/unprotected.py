"""The expense tracker without any protection: to see what that means, and for tests."""

from __future__ import annotations

from pathlib import Path

from fastmcp import FastMCP

from .app_settings import LOCAL
from .caller import CallerMiddleware, Owner
from .expenses import ExpenseStore, add_tools
from .guarded import GuardedServer, ServerReach
from .icon import ICON

# There is no user, so everybody is the same one.
ANYONE = Owner(tenant_id="nowhere", object_id="anyone")


def build(base_url: str | None = None, database: Path | None = None) -> FastMCP:
    """Return the server.

    Args:
        base_url: where clients reach it; http://localhost:8000 if None.
        database: the SQLite file; in memory if None.
    """
    reach = ServerReach((base_url or LOCAL,))
    mcp = GuardedServer("Expenses (unprotected)", reach, website_url=base_url, icons=[ICON], mask_error_details=True)
    mcp.add_middleware(CallerMiddleware(unsigned=ANYONE))
    add_tools(mcp, ExpenseStore(database))
    return mcp


if __name__ == "__main__":
    from .serve import main

    main(build)
