"""FastMCP's verifier and the servers' own judges after it: what looks at Entra's tokens at a server's door."""

from __future__ import annotations

import time
from collections.abc import Callable

from fastmcp.server.auth import AccessToken, TokenVerifier
from fastmcp.utilities.logging import get_logger

from .claims import LONGEST_TOKEN, Rules, refusal
from .one_token import TakesOneToken

__all__ = ["LONGEST_TOKEN", "EntraTokenVerifier", "Rules", "checked", "refusal"]

logger = get_logger(__name__)


class EntraTokenVerifier(TakesOneToken, TokenVerifier):
    """Take the tokens that another verifier takes, if they keep the rules as well.

    It advertises the same scopes as the other one, so it may stand wherever that one stood.
    """

    def __init__(self, inner: TokenVerifier, rules: Rules, now: Callable[[], float] = time.time) -> None:
        super().__init__(inner.base_url, inner.required_scopes, inner.resource_base_url)
        self.inner = inner
        self.rules = rules
        self.now = now

    @property
    def scopes_supported(self) -> list[str]:
        """The scopes advertised in the protected resource metadata."""
        return self.inner.scopes_supported

    def get_challenge_scopes(self, required_scopes: list[str] | None = None) -> list[str]:
        """Return the scopes that a refused client is told to ask for."""
        return self.inner.get_challenge_scopes(required_scopes)

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return what the token says, or None with the reason in the log."""
        if len(token) > LONGEST_TOKEN:
            return _refused("it is too long")
        try:
            access = await self.inner.verify_token(token)
        except (RecursionError, OverflowError):  # made to end the verifier, not to be read by it
            return _refused("it can't be read")
        return None if access is None else checked(access, self.rules, self.now())


def checked(access: AccessToken, rules: Rules, now: float) -> AccessToken | None:
    """Return a verified token if it keeps the rules, else None with the reason in the log."""
    reason = refusal(access.claims, rules, now)
    return access if reason is None else _refused(reason)


def _refused(reason: str) -> AccessToken | None:
    # No token, no name, no id of a person.
    logger.warning("Bearer token rejected: %s", reason)
    return None
