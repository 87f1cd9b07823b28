"""Who is calling: the signed-in user's ids, put where every tool finds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastmcp import Context
from fastmcp.exceptions import ToolError
from fastmcp.server.auth import AccessToken
from fastmcp.server.dependencies import get_access_token
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext

OBJECT_ID = "object_id"
TENANT_ID = "tenant_id"


@dataclass(frozen=True)
class Owner:
    """Whose rows: a user is the same one only if tenant id and object id are.

    Source: https://learn.microsoft.com/entra/identity-platform/claims-validation#validate-the-subject
    """

    tenant_id: str
    object_id: str


class CallerMiddleware(Middleware):
    """Put the caller's object id and tenant id into the request state, before any tool runs.

    Args:
        unsigned: who a caller without a token is; None where every caller must have one.
    """

    def __init__(self, unsigned: Owner | None = None) -> None:
        self.unsigned = unsigned

    async def on_request(self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]) -> Any:
        """Note who calls and go on."""
        caller = _owner(get_access_token()) or self.unsigned
        if caller is not None and context.fastmcp_context is not None:
            # Both calls are awaited: without `await` nothing is stored, and Python only warns.
            # Not serializable means: for this request only. An identity must not outlive it.
            await context.fastmcp_context.set_state(OBJECT_ID, caller.object_id, serializable=False)
            await context.fastmcp_context.set_state(TENANT_ID, caller.tenant_id, serializable=False)
        return await call_next(context)


async def caller_of(context: Context) -> Owner:
    """Return who calls this tool.

    Raises:
        ToolError: nobody is known. Better no answer than another user's data.
    """
    object_id = await context.get_state(OBJECT_ID)
    tenant_id = await context.get_state(TENANT_ID)
    if not object_id or not tenant_id:
        raise ToolError("The server does not know who is calling, so it keeps no data for this call. Sign in again.")
    return Owner(str(tenant_id), str(object_id))


def _owner(token: AccessToken | None) -> Owner | None:
    claims = token.claims if token else {}
    tenant_id, object_id = claims.get("tid"), claims.get("oid")
    return Owner(tenant_id, object_id) if isinstance(tenant_id, str) and isinstance(object_id, str) else None
