"""A declaration -> the application as it should be, with the ids kept that are there already."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from workshop.core.well_known import GRAPH_APP_ID
from workshop.errors import WorkshopError
from workshop.registration.declarations import Declaration, DeclaredRole, DeclaredScope
from workshop.registration.seen import App, ExposedScope, Preauthorized, Role, SeenPermission

NO_ID_YET = "<application id>"


def wanted_app(
    declaration: Declaration,
    mark: str,
    now: App | None,
    permission_ids: Mapping[str, str],
    new_id: Callable[[str], str],
) -> App:
    """Return the application as the declaration wants it.

    Args:
        mark: the tag that says the workshop made it.
        now: the application as it is; None if there is none.
        permission_ids: of Microsoft Graph's delegated permissions.
        new_id: gives the GUID of a new scope or role by its value.

    Raises:
        WorkshopError: Microsoft Graph has no permission of a declared name.
    """
    client_id = now.client_id if now else NO_ID_YET
    scopes = tuple(scope_as_declared(scope, now, new_id) for scope in declaration.scopes)
    ids = tuple(sorted(scope.id for scope in scopes))
    return App(
        client_id=client_id,
        display_name=declaration.display_name,
        object_id=now.object_id if now else "",
        account_types=declaration.account_types,
        identifier_uris=declaration.identifier_uris(client_id),
        token_version=declaration.token_version,
        scopes=scopes,
        roles=tuple(role_as_declared(role, now, new_id) for role in declaration.app_roles),
        preauthorized=tuple(Preauthorized(client.app_id, ids) for client in declaration.preauthorized),
        web=declaration.web_redirect_uris,
        spa=declaration.spa_redirect_uris,
        public=declaration.public_redirect_uris,
        permissions=tuple(_permission(name, permission_ids) for name in declaration.graph_permissions),
        tags=(*(tag for tag in (now.tags if now else ()) if tag != mark), mark),
    )


def scope_as_declared(scope: DeclaredScope, now: App | None, new_id: Callable[[str], str]) -> ExposedScope:
    """Return a scope as it should be, with the id it has already."""
    there = now.scope(scope.value) if now else None
    return ExposedScope(
        id=there.id if there else new_id(scope.value),
        value=scope.value,
        enabled=True,
        type="Admin" if scope.admins_only else "User",
        texts=(scope.title, scope.description) * 2,
    )


def role_as_declared(role: DeclaredRole, now: App | None, new_id: Callable[[str], str]) -> Role:
    """Return an app role as it should be, with the id it has already."""
    there = now.role(role.value) if now else None
    members = ("Application",) * role.for_applications + ("User",) * role.for_people
    return Role(
        there.id if there else new_id(f"role {role.value}"), role.value, True, role.title, role.description, members
    )


def _permission(name: str, ids: Mapping[str, str]) -> SeenPermission:
    if name not in ids:
        raise WorkshopError(f"Microsoft Graph has no delegated permission {name!r}.")
    return SeenPermission(GRAPH_APP_ID, ids[name], "Scope")
