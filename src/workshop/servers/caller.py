"""Who is calling: the signed-in user's ids, put where every tool finds them."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from fastmcp import Context
from fastmcp.exceptions import ToolError
from fastmcp.server.auth import AccessToken
from fastmcp.server.dependencies import get_access_token
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext

from .claims import is_of_a_user

OBJECT_ID = "object_id"
TENANT_ID = "tenant_id"
OF_USERS = (
    "This is a tool for users: it works with the data of whoever is signed in, and the caller is an app that acts for "
    "itself (app-only token). Let a user sign in, and call the tool with the user's token."
)


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
        token = get_access_token()
        caller = self.unsigned if token is None else _owner(token)
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
        if is_app(get_access_token()):
            raise ToolError(OF_USERS, log_level=logging.WARNING)
        raise ToolError("The server does not know who is calling, so it keeps no data for this call. Sign in again.")
    return Owner(str(tenant_id), str(object_id))


def is_app(token: AccessToken | None) -> bool:
    """Say whether an app calls that acts for itself: one whose token is not plainly a user's."""
    return token is not None and not is_of_a_user(token.claims)


def _owner(token: AccessToken) -> Owner | None:
    if is_app(token):  # it has an oid as well, and no expenses
        return None
    tenant_id, object_id = token.claims.get("tid"), token.claims.get("oid")
    return Owner(tenant_id, object_id) if isinstance(tenant_id, str) and isinstance(object_id, str) else None
