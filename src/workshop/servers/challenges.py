"""A claims challenge on its way to the client: as data it can act on, and at the proxy as a new sign-in.

A tool can't answer 401: the client's call has long been let in. So the tool's error carries the challenge. Where the
proxy signs users in, a client never asks Entra itself. There the next request is answered 401, and the sign-in that
follows asks Entra for what it demanded.

Source: https://learn.microsoft.com/entra/identity-platform/claims-challenge
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

from fastmcp.server.dependencies import get_access_token
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from fastmcp.tools import ToolResult
from mcp_types import CallToolRequestParams

from .refusals import CallRefused

ERROR = "insufficient_claims"
MOST = 1_000
GOOD_FOR_SECONDS = 600.0

Value = TypeVar("Value")


class ChallengeErrors(Middleware):
    """Answer a refused call with the challenge beside the words: `structured_content` of an error.

    Args:
        note: is told the caller's token of Entra and the claims.
    """

    def __init__(self, note: Callable[[str, str], None] = lambda _token, _claims: None) -> None:
        self.note = note

    async def on_call_tool(
        self,
        context: MiddlewareContext[CallToolRequestParams],
        call_next: CallNext[CallToolRequestParams, ToolResult],
    ) -> ToolResult:
        """Go on, and hand over what Entra demands."""
        try:
            return await call_next(context)
        except CallRefused as refused:
            token = get_access_token()
            if refused.claims is None or token is None:
                raise
            self.note(token.token, refused.claims)
            challenge = {"error": ERROR, "claims": refused.claims, "what_to_do": str(refused)}
            return ToolResult(content=str(refused), structured_content=challenge, is_error=True)


class Pending:
    """Challenges whose users have not signed in again yet, at the proxy; the oldest go first."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.now = now
        self._of_token: OrderedDict[str, str] = OrderedDict()
        self._of_client: OrderedDict[str, tuple[float, str]] = OrderedDict()

    def note(self, token: str, claims: str) -> None:
        """Remember what Entra demands of whoever holds a token."""
        _keep(self._of_token, _hash(token), claims)

    def stops(self, token: str, client_id: str) -> bool:
        """Say whether a token's client must sign in again first, and remember with what.

        Args:
            token: of Entra.
            client_id: of the MCP client that came with it.
        """
        claims = self._of_token.get(_hash(token))
        if claims is None:
            return False
        _keep(self._of_client, client_id, (self.now() + GOOD_FOR_SECONDS, claims))
        return True

    def claims_for(self, client_id: str) -> str | None:
        """Return what the next sign-in of a client must bring."""
        until, claims = self._of_client.get(client_id, (0.0, ""))
        return claims if self.now() < until else None


def _keep(entries: OrderedDict[str, Value], key: str, value: Value) -> None:
    entries[key] = value
    entries.move_to_end(key)
    while len(entries) > MOST:
        entries.popitem(last=False)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
