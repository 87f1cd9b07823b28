"""Who calls Microsoft Graph: the bearer token verified, and what it may do.

Source: https://learn.microsoft.com/graph/auth/auth-concepts
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from practice_tenant.server import bearer
from practice_tenant.server.directory import people
from practice_tenant.server.directory.objects import EntraTenant, User
from practice_tenant.server.directory.wellknown import GRAPH
from practice_tenant.server.graph import errors
from practice_tenant.server.graph.permissions import Needed
from practice_tenant.server.web import Call

AUDIENCES = frozenset({GRAPH, "https://graph.microsoft.com", "https://graph.microsoft.us"})


@dataclass(frozen=True)
class Caller:
    """A verified caller; ``user`` is None for an application that acts for itself."""

    directory: EntraTenant
    app_id: str
    user: User | None
    scopes: frozenset[str]
    roles: frozenset[str]

    def may(self, needed: Needed) -> bool:
        """Return whether one of the permissions is held, delegated or of the application itself."""
        return bool(self.scopes & set(needed.delegated)) if self.user else bool(self.roles & set(needed.application))

    def demand(self, needed: Needed) -> None:
        """Raise Graph's 403 unless ``may`` holds.

        Raises:
            GraphError: 403.
        """
        if not self.may(needed):
            raise errors.denied()

    @property
    def person(self) -> User:
        """Return the user behind ``/me``.

        Raises:
            GraphError: 400 for an application that acts for itself.
        """
        if self.user is None:
            raise errors.bad_request("/me request is only valid with delegated authentication flow.", "BadRequest")
        return self.user


def caller(call: Call) -> Caller:
    """Verify the bearer token.

    Raises:
        GraphError: 401 in Graph's words.
    """
    token = bearer.presented(call)
    if not token:
        raise errors.unauthenticated("Access token is empty.")
    try:
        claims = bearer.claims(call.service.keys, token)
    except bearer.Unacceptable as reason:
        raise errors.unauthenticated(str(reason)) from None
    tenant_id = str(claims.get("tid"))
    call.enter(tenant_id)
    if str(claims.get("aud")).rstrip("/") not in AUDIENCES:
        raise errors.unauthenticated("Invalid audience.")
    if not bearer.in_time(claims, call.now(tenant_id)):
        raise errors.unauthenticated("Access token has expired or is not yet valid.")
    directory = people.directory(call.service.store, tenant_id)
    if directory is None:
        raise errors.unauthenticated("Access token validation failure. Invalid tenant.")
    return _caller(call, claims, directory)


def _caller(call: Call, claims: dict[str, Any], directory: EntraTenant) -> Caller:
    user = None
    if "scp" in claims:
        user = people.user(call.service.store, directory.tenant_id, str(claims.get("oid")))
        if user is None or not user.enabled:
            raise errors.unauthenticated("The user account is disabled or was deleted.")
    return Caller(
        directory=directory,
        app_id=str(claims.get("appid", "")),
        user=user,
        scopes=frozenset(str(claims.get("scp", "")).split()),
        roles=frozenset(claims.get("roles", ())),
    )
