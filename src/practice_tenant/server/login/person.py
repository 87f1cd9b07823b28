"""A user as the claims of a token tell of them, and the sign-in that the token comes from."""

from __future__ import annotations

from dataclasses import dataclass

from practice_tenant.server.directory.guests import Home
from practice_tenant.server.directory.objects import EntraTenant, User


@dataclass(frozen=True)
class Person:
    """A user in a directory, for one token.

    Args:
        home: where the account lives; for a guest that is another directory.
        oidc: the OpenID scopes that were asked for.
        amr: how they proved who they are (RFC 8176): ``pwd``, ``mfa``.
        auth_time: when they signed in, in Unix seconds.
        sid: the session they signed in with; empty when it is not known.
        capabilities: what the client says it can do (``xms_cc``).
    """

    directory: EntraTenant
    user: User
    home: Home
    oidc: frozenset[str]
    amr: tuple[str, ...]
    auth_time: float
    sid: str
    capabilities: tuple[str, ...]

    @property
    def is_at_home(self) -> bool:
        return self.home.tenant_id == self.directory.tenant_id
