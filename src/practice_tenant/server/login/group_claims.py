"""Which groups and directory roles of a user stand in a token, and what stands there when they are too many.

Source: https://learn.microsoft.com/entra/identity-platform/optional-claims#configure-groups-optional-claims and
https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference#groups-overage-claim
"""

from __future__ import annotations

from typing import Any

from practice_tenant.server.directory import apps, groups
from practice_tenant.server.directory.groups import Group
from practice_tenant.server.directory.objects import Application, TokenKind, User
from practice_tenant.server.directory.store import Store

MOST = 200
MOST_IN_A_URL = 5

# Stand among the directory roles of everybody; source: tokens of members and guests in public recordings.
MEMBER, GUEST = "b79fbf4d-3ef9-4689-8143-76b194e85509", "13bd1c72-6f4a-4dcf-985f-18d3b80f208a"


def of(store: Store, application: Application, kind: TokenKind, user: User, *, in_url: bool = False) -> dict[str, Any]:
    """Return ``groups`` and ``wids``, or what stands for them.

    Args:
        application: whose registration decides: the resource for an access token, the client for an id token.
        in_url: whether the token is handed over in an address, which may not grow long.
    """
    chosen = application.group_claims
    claims: dict[str, Any] = {}
    if chosen & {"All", "DirectoryRole"}:
        claims["wids"] = directory_roles(user)
    if not chosen & {"All", "SecurityGroup", "ApplicationGroup"}:
        return claims
    held = _chosen(store, application, user)
    if in_url and len(held) > MOST_IN_A_URL:
        return {**claims, "hasgroups": True}
    if len(held) > MOST:
        return {**claims, **_overage(user)}
    shape = application.optional_claims(kind).get("groups", frozenset())
    values = [_value(group, shape, chosen) for group in held]
    name = "roles" if "emit_as_roles" in shape else "groups"
    return {**claims, name: values} if values else claims


def directory_roles(user: User) -> list[str]:
    """Return ``wids``: template ids of the user's directory roles, and one that tells members from guests."""
    return [*user.roles, GUEST if user.is_guest else MEMBER]


def _chosen(store: Store, application: Application, user: User) -> list[Group]:
    """Return the groups that count; those assigned to the application only for their direct members."""
    chosen = application.group_claims
    if chosen & {"All", "SecurityGroup"}:
        every = groups.of_member_transitively(store, user.tenant_id, user.id)
        return [group for group in every if "All" in chosen or group.is_security_group]
    principal = apps.principal(store, user.tenant_id, application.app_id)
    assigned = apps.assigned_principals(store, principal) if principal else set()
    return [group for group in groups.of_member(store, user.tenant_id, user.id) if group.id in assigned]


def _value(group: Group, shape: frozenset[str], chosen: frozenset[str]) -> str:
    """Return the group's id; its name where the application may rely on names, being assigned the group itself."""
    named = "cloud_displayname" in shape and chosen == {"ApplicationGroup"}
    return group.display_name if named else group.id


def _overage(user: User) -> dict[str, Any]:
    """Return the claims that point to where the groups can be read; the address is one that has been shut down."""
    endpoint = f"https://graph.windows.net/{user.tenant_id}/users/{user.id}/getMemberObjects"
    return {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": endpoint}}}
