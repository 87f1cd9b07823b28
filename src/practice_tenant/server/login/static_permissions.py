"""The permissions that a registration lists (``requiredResourceAccess``): what ``.default`` stands for.

Source: https://learn.microsoft.com/entra/identity-platform/scopes-oidc#the-default-scope
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from practice_tenant.server.directory import apps
from practice_tenant.server.directory.objects import Application, EntraTenant, PermissionScope
from practice_tenant.server.directory.store import Store
from practice_tenant.server.login import errors
from practice_tenant.server.login.scopes import ResourceScopes, find_resource


@dataclass(frozen=True)
class RequestedPermission:
    """One permission that a consent page asks for.

    Args:
        holder: who is going to have it.
        is_role: whether it is an app role, which the holder has for itself, or a scope, which it has for a user.
    """

    holder: Application
    resource: Application
    id: str
    value: str
    title: str
    description: str
    admin_only: bool
    is_role: bool = False


def of_scope(holder: Application, resource: Application, scope: PermissionScope) -> RequestedPermission:
    return RequestedPermission(
        holder, resource, scope.id, scope.value, scope.title, scope.description, scope.admin_only
    )


def wanted(
    store: Store, directory: EntraTenant, client: Application, asked: ResourceScopes
) -> list[RequestedPermission]:
    """Return what ``.default`` of a resource asks consent for: all that the client's registration lists.

    The resource's own static permissions come with it if the resource knows the client (``knownClientApplications``).

    Raises:
        LoginError: 650057 when the registration does not list the resource; what ``every`` raises.
    """
    resource = asked.resource
    listed = client.required_access
    if resource.app_id not in listed and resource.app_id != client.app_id:
        raise errors.resource_not_listed(client.app_id, client.display_name, asked.audience, resource.app_id, listed)
    permissions = every(store, directory, client)
    if client.app_id in resource.graph["api"]["knownClientApplications"]:
        permissions += every(store, directory, resource)
    return permissions


def every(store: Store, directory: EntraTenant, holder: Application) -> list[RequestedPermission]:
    """Return the static permissions of an application, scopes and app roles, in the order of its registration.

    Raises:
        LoginError: 650052; without a number when an id is none of the resource's.
    """
    permissions: list[RequestedPermission] = []
    for app_id, access in holder.required_access.items():
        resource = find_resource(store, directory.tenant_id, holder, app_id)
        if resource is None:
            registered = apps.application(store, app_id)
            name = registered.display_name if registered else ""
            raise errors.resource_without_principal(app_id, name, directory.tenant_id)
        _check_published(holder, resource, access)
        permissions += [
            of_scope(holder, resource, scope)
            for scope in resource.scopes
            if scope.enabled and access.get(scope.id) == "Scope"
        ]
        permissions += [
            _of_role(holder, resource, role)
            for role in resource.graph["appRoles"]
            if role.get("isEnabled", True) and access.get(role["id"]) == "Role"
        ]
    return permissions


def _check_published(holder: Application, resource: Application, access: Mapping[str, str]) -> None:
    """Check that the resource publishes each permission as what it is listed, be it switched off.

    Raises:
        LoginError: without a number.
    """
    there = {(scope.id, "Scope") for scope in resource.scopes} | {(r["id"], "Role") for r in resource.graph["appRoles"]}
    unknown = [f"{id_} ({kind})" for id_, kind in access.items() if (id_, kind) not in there]
    if unknown:
        raise errors.permissions_unknown(holder.app_id, holder.display_name, resource.display_name, unknown[:20])


def _of_role(holder: Application, resource: Application, role: Mapping[str, Any]) -> RequestedPermission:
    value = role["value"] or ""
    return RequestedPermission(
        holder, resource, role["id"], value, role["displayName"], role["description"], True, True
    )
