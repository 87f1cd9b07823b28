"""Assignment: who may use an application that asks for it, and which app roles someone holds there.

Source: https://learn.microsoft.com/entra/identity/enterprise-apps/what-is-access-management and
https://learn.microsoft.com/entra/identity-platform/howto-add-app-roles-in-apps
"""

from __future__ import annotations

from practice_tenant.server.directory import apps, groups
from practice_tenant.server.directory.objects import Application, EntraTenant, ServicePrincipal, User
from practice_tenant.server.directory.store import Store
from practice_tenant.server.login import errors


def check(store: Store, directory: EntraTenant, application: Application, user: User) -> None:
    """Check that the user is assigned to an application that demands it.

    A group counts for its direct members only: groups inside it do not.

    Raises:
        LoginError: 50105.
    """
    principal = apps.principal(store, directory.tenant_id, application.app_id)
    if principal is None or not principal.assignment_required:
        return
    if not apps.assigned_roles(store, principal, _principals(store, user)):
        raise errors.not_assigned(application.app_id, application.display_name, user.sign_in_name)


def roles(store: Store, directory: EntraTenant, application: Application, user: User) -> tuple[str, ...]:
    """Return the app roles that a user holds on an application, directly or by a group, for the ``roles`` claim."""
    if not application.graph["appRoles"]:
        return ()
    principal = apps.principal(store, directory.tenant_id, application.app_id)
    if principal is None:
        return ()
    return tuple(apps.values_of_roles(application, apps.assigned_roles(store, principal, _principals(store, user))))


def of_application(
    store: Store, client: Application, principal: ServicePrincipal, resource: Application, audience: str
) -> tuple[str, ...]:
    """Return the app roles that a client holds on a resource.

    Args:
        principal: the client's, in the directory that is asked.
        audience: the resource as it was asked for.

    Raises:
        LoginError: 501051 when it holds none on a resource that demands assignment.
    """
    there = apps.principal(store, principal.tenant_id, resource.app_id)
    if there is None:
        return ()
    held = apps.assigned_roles(store, there, [principal.id])
    if there.assignment_required and not held:
        raise errors.application_not_assigned(client.app_id, client.display_name, audience, resource.display_name)
    return tuple(apps.values_of_roles(resource, held))


def _principals(store: Store, user: User) -> list[str]:
    return [user.id, *(group.id for group in groups.of_member(store, user.tenant_id, user.id))]
