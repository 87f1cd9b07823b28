"""What the person behind a call may do: administrators anything, owners with what is theirs, guests little.

Source: https://learn.microsoft.com/entra/fundamentals/users-default-permissions and
https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference
"""

from __future__ import annotations

from practice_tenant.server.directory import apps, authorization_policy, owners
from practice_tenant.server.directory.objects import (
    APPLICATION_ADMINISTRATOR,
    CLOUD_APPLICATION_ADMINISTRATOR,
    GLOBAL_ADMINISTRATOR,
    PRIVILEGED_ROLE_ADMINISTRATOR,
)
from practice_tenant.server.directory.wellknown import GRAPH
from practice_tenant.server.graph import errors
from practice_tenant.server.graph.caller import Caller
from practice_tenant.server.web import Call

APPLICATION_ADMINISTRATORS = (
    GLOBAL_ADMINISTRATOR,
    APPLICATION_ADMINISTRATOR,
    CLOUD_APPLICATION_ADMINISTRATOR,
)
CONSENT_ADMINISTRATORS = (*APPLICATION_ADMINISTRATORS, PRIVILEGED_ROLE_ADMINISTRATOR)
OWNED_ONLY = "Application.ReadWrite.OwnedBy"


def is_one_of(who: Caller, roles: tuple[str, ...]) -> bool:
    """Say whether the caller's user holds one of these directory roles."""
    return who.user is not None and bool(set(who.user.roles) & set(roles))


def may_make(call: Call, who: Caller, policy: str) -> bool:
    """Say whether the caller may make something that is theirs from then on.

    Members may where the directory's authorization policy lets them, guests may not, administrators always.

    Args:
        policy: the member of ``defaultUserRolePermissions`` that says it, such as ``allowedToCreateApps``.
    """
    if who.user is None or is_one_of(who, APPLICATION_ADMINISTRATORS):
        return True
    allowed = authorization_policy.read(call.service.store, who.directory.tenant_id)["defaultUserRolePermissions"]
    return not who.user.is_guest and bool(allowed[policy])


def may_change(call: Call, who: Caller, object_id: str) -> bool:
    """Say whether the caller may change an application or a service principal: its owners and administrators may."""
    if who.user is not None:
        if is_one_of(who, APPLICATION_ADMINISTRATORS):
            return True
        return owners.owns(call.service.store, who.directory.tenant_id, object_id, who.user.id)
    if "Application.ReadWrite.All" in who.roles:
        return True
    own = own_principal_id(call, who)
    return bool(own) and owners.owns(call.service.store, who.directory.tenant_id, object_id, own)


def demand_change(call: Call, who: Caller, object_id: str) -> None:
    """Raise Graph's 403 unless ``may_change`` holds.

    Raises:
        GraphError: 403.
    """
    if not may_change(call, who, object_id):
        raise errors.denied()


def may_consent(who: Caller) -> bool:
    """Say whether the caller may grant delegated permissions for others."""
    return who.user is None or is_one_of(who, CONSENT_ADMINISTRATORS)


def may_assign(call: Call, who: Caller, resource_id: str, resource_app_id: str) -> bool:
    """Say whether the caller may give away app roles of a resource.

    Those of Microsoft Graph only the highest administrators may; those of other resources also administrators of
    applications and the resource's owners.
    """
    if who.user is None or is_one_of(who, (GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR)):
        return True
    return resource_app_id != GRAPH and may_change(call, who, resource_id)


def own_principal_id(call: Call, who: Caller) -> str:
    """Return the object id of the calling application's own service principal."""
    principal = apps.principal(call.service.store, who.directory.tenant_id, who.app_id)
    return principal.id if principal else ""
