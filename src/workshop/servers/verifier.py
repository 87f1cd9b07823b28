"""FastMCP's verifier and the servers' own judges after it: what looks at Entra's tokens at a server's door."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from fastmcp.server.auth import AccessToken, TokenVerifier
from fastmcp.server.auth.providers.jwt import JWTVerifier
from fastmcp.utilities.logging import get_logger

from .claims import LONGEST_TOKEN, Rules, refusal, scopes_granted
from .keys import PublishedKeys
from .one_token import TakesOneToken

__all__ = ["LONGEST_TOKEN", "EntraTokenVerifier", "Rules", "SecondLook", "refusal"]

logger = get_logger(__name__)


class SecondLook:
    """What the servers look at once FastMCP's verifier has taken a token: its key, its header, its claims."""

    def __init__(self, verifier: TokenVerifier, rules: Rules) -> None:
        """Begin to look on as the verifier fetches its keys.

        Args:
            rules: without scopes, those that the verifier requires.
        """
        self.rules = rules if rules.scopes else replace(rules, scopes=tuple(verifier.required_scopes))
        fetches = isinstance(verifier, JWTVerifier) and verifier.jwks_uri
        self._keys = PublishedKeys(verifier) if fetches and isinstance(verifier, JWTVerifier) else None

    async def at(self, access: AccessToken, now: float) -> AccessToken | None:
        """Return the token with the scopes of `scp`, or None with the reason in the log.

        Args:
            now: Unix time in seconds.
        """
        reason = await self._keys.refusal(access.token, access.claims) if self._keys else None
        reason = reason or refusal(access.claims, self.rules, now)
        # FastMCP lets a claim `scope` speak first, and that one is not Entra's.
        return _refused(reason) if reason else access.model_copy(update={"scopes": scopes_granted(access.claims)})


class EntraTokenVerifier(TakesOneToken, TokenVerifier):
    """Take the tokens that another verifier takes, if they keep the rules as well.

    It advertises the same scopes as the other one, so it may stand wherever that one stood.
    """

    def __init__(self, inner: TokenVerifier, rules: Rules, now: Callable[[], float] = time.time) -> None:
        super().__init__(inner.base_url, inner.required_scopes, inner.resource_base_url)
        self.inner = inner
        self.now = now
        self._look = SecondLook(inner, rules)
        self.rules = self._look.rules

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
        return None if access is None else await self._look.at(access, self.now())


def _refused(reason: str) -> AccessToken | None:
    # No token, no name, no id of a person.
    logger.warning("Bearer token rejected: %s", reason)
    return None
