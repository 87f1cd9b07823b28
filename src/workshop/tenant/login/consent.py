"""Consent: what a client may already use for a user, what it still has to be granted, and granting it.

Source: https://learn.microsoft.com/entra/identity-platform/permissions-consent-overview
"""

from __future__ import annotations

from dataclasses import dataclass

from workshop.tenant.directory import apps, grants
from workshop.tenant.directory.objects import Application, Directory, Scope, ServicePrincipal, User
from workshop.tenant.directory.seed import guid
from workshop.tenant.directory.shapes import principal_json
from workshop.tenant.directory.store import Store
from workshop.tenant.directory.wellknown import GRAPH
from workshop.tenant.login import scopes
from workshop.tenant.login.scopes import Asked, Request


@dataclass(frozen=True)
class Permission:
    """One permission that a consent page asks for."""

    resource: Application
    scope: Scope


def granted_values(store: Store, directory: Directory, client: Application, user: User, asked: Asked) -> set[str]:
    """Return the scope values of the resource that a token for this user and client may carry."""
    resource = asked.resource
    holder = apps.principal(store, directory.tenant_id, client.app_id)
    owner = apps.principal(store, directory.tenant_id, resource.app_id)
    values: set[str] = set()
    if holder and owner:
        values = grants.granted(store, directory.tenant_id, holder.id, owner.id, user.id)
    listed = set(resource.preauthorized(client.app_id))
    spared = {scope.value for scope in resource.scopes if scope.id in listed}
    if not asked.default:
        spared &= set(canonical(asked))
    return {scope.value for scope in resource.scopes if scope.enabled and scope.value in values | spared}


def canonical(asked: Asked) -> list[str]:
    """Return the asked values in the resource's own spelling, without ``.default``."""
    found = (scopes.named(asked.resource, value) for value in asked.values)
    return [scope.value for scope in found if scope]


def missing(store: Store, directory: Directory, client: Application, user: User, request: Request) -> list[Permission]:
    """Return what the user, or an administrator, still has to grant before this request can be answered."""
    lacking: list[Permission] = []
    for asked in request.asked:
        has = granted_values(store, directory, client, user, asked)
        lacking += [
            Permission(asked.resource, scope) for scope in _wanted(client, asked, has) if scope.value not in has
        ]
    if request.oidc and (lacking or not request.asked):
        graph = apps.resource(store, directory.tenant_id, GRAPH)
        assert graph is not None
        plain = Asked(graph, "", request.oidc)
        has = granted_values(store, directory, client, user, plain)
        lacking += [Permission(graph, scope) for scope in _wanted(client, plain, has) if scope.value not in has]
    return lacking


def everything(store: Store, directory: Directory, client: Application, request: Request) -> list[Permission]:
    """Return all that a forced consent page (``prompt=consent``) lists."""
    graph = apps.resource(store, directory.tenant_id, GRAPH)
    assert graph is not None
    all_asked = [*request.asked, Asked(graph, "", request.oidc)]
    return [Permission(asked.resource, scope) for asked in all_asked for scope in _wanted(client, asked, set())]


def _wanted(client: Application, asked: Asked, has: set[str]) -> list[Scope]:
    """Return the scopes asked for; ``.default`` stands for the static permissions unless something is granted."""
    if asked.default:
        static = set(client.static_permissions(asked.resource.app_id))
        return [scope for scope in asked.resource.scopes if scope.id in static and not has]
    found = (scopes.named(asked.resource, value) for value in asked.values)
    return [scope for scope in found if scope]


def grant(
    store: Store,
    directory: Directory,
    client: Application,
    permissions: list[Permission],
    user_id: str,
    grant_ids: list[str],
) -> None:
    """Store the consent of one user, or of the organization when ``user_id`` is empty."""
    holder = ensure_principal(store, directory, client)
    by_resource: dict[str, list[str]] = {}
    for permission in permissions:
        by_resource.setdefault(permission.resource.app_id, []).append(permission.scope.value)
    for (app_id, values), grant_id in zip(by_resource.items(), grant_ids, strict=False):
        owner = apps.principal(store, directory.tenant_id, app_id)
        if owner:
            grants.add(store, grant_id, directory.tenant_id, holder.id, owner.id, user_id, values)


def ensure_principal(store: Store, directory: Directory, client: Application) -> ServicePrincipal:
    """Return the client's service principal; the first consent in a directory makes it."""
    found = apps.principal(store, directory.tenant_id, client.app_id)
    if found:
        return found
    principal_id = guid(directory.tenant_id, "principal", client.app_id)
    graph = principal_json(principal_id, client, {})
    made = ServicePrincipal(principal_id, directory.tenant_id, client.app_id, graph)
    apps.save_principal(store, made)
    return made
