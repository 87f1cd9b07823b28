"""FastMCP's verifier and the servers' own judges after it: what looks at Entra's tokens at a server's door."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from fastmcp.server.auth import AccessToken, TokenVerifier
from fastmcp.server.auth.providers.jwt import JWTVerifier
from fastmcp.utilities.auth import decode_jwt_payload
from fastmcp.utilities.logging import get_logger

from .claims import LONGEST_TOKEN, Claims, Rules, refusal, says_app, scopes_granted
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

    def __init__(
        self,
        inner: TokenVerifier,
        rules: Rules,
        now: Callable[[], float] = time.time,
        of_apps: TokenVerifier | None = None,
    ) -> None:
        """Stand before another verifier.

        Args:
            inner: looks at users' tokens first.
            of_apps: looks first at tokens of apps that act for themselves. Such a token has no scopes, so it can't
                require any, and the rules must name app roles. None lets no such app in.
        """
        super().__init__(inner.base_url, inner.required_scopes, inner.resource_base_url)
        self.inner = inner
        self.of_apps = of_apps
        self.now = now
        self._look = SecondLook(inner, rules if of_apps else replace(rules, app_roles=frozenset()))
        self.rules = self._look.rules
        self._look_at_apps = SecondLook(of_apps, self.rules) if of_apps else None

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
            verifier, look = self._for(token)
            access = await verifier.verify_token(token)
        except (RecursionError, OverflowError):  # made to end the verifier, not to be read by it
            return _refused("it can't be read")
        return None if access is None else await look.at(access, self.now())

    def verifier_of(self, claims: Claims) -> TokenVerifier:
        """Return FastMCP's verifier that looks at a token with these claims."""
        return self.of_apps if self.of_apps and self.rules.app_roles and says_app(claims) else self.inner

    def _for(self, token: str) -> tuple[TokenVerifier, SecondLook]:
        """Return who looks at a token. It may say of itself what it likes: either way all of it is verified."""
        if self._look_at_apps is None:
            return self.inner, self._look
        try:
            verifier = self.verifier_of(decode_jwt_payload(token))
        except (ValueError, TypeError, AttributeError):  # no JSON Web Token
            return self.inner, self._look
        return verifier, self._look if verifier is self.inner else self._look_at_apps


def _refused(reason: str) -> AccessToken | None:
    # No token, no name, no id of a person.
    logger.warning("Bearer token rejected: %s", reason)
    return None
