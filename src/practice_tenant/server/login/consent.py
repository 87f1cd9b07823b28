"""Consent: what a client may already use for a user, what it still has to be granted, and granting it.

Source: https://learn.microsoft.com/entra/identity-platform/permissions-consent-overview and
https://learn.microsoft.com/entra/identity-platform/scopes-oidc#the-default-scope
"""

from __future__ import annotations

from collections.abc import Iterable

from practice_tenant.server.directory import apps, authorization_policy, grants
from practice_tenant.server.directory.ids import guid
from practice_tenant.server.directory.objects import Application, EntraTenant, PermissionScope, ServicePrincipal, User
from practice_tenant.server.directory.shapes import principal_json
from practice_tenant.server.directory.store import Store
from practice_tenant.server.directory.wellknown import GRAPH
from practice_tenant.server.login import errors, scopes, static_permissions
from practice_tenant.server.login.errors import LoginError
from practice_tenant.server.login.scopes import Request, ResourceScopes
from practice_tenant.server.login.static_permissions import RequestedPermission, of_scope


def granted_values(
    store: Store, directory: EntraTenant, client: Application, user: User, asked: ResourceScopes
) -> set[str]:
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


def canonical(asked: ResourceScopes) -> list[str]:
    """Return the asked values in the resource's own spelling, without ``.default``."""
    return [scope.value for scope in _named(asked)]


def missing(
    store: Store, directory: EntraTenant, client: Application, user: User, request: Request
) -> list[RequestedPermission]:
    """Return what the user, or an administrator, still has to grant before this request can be answered.

    Raises:
        LoginError: 650057 or 650052 from the static permissions that ``.default`` stands for.
    """
    lacking: list[RequestedPermission] = []
    for asked in request.asked:
        has = granted_values(store, directory, client, user, asked)
        if asked.default:
            lacking += [] if has else static_permissions.wanted(store, directory, client, asked)
        else:
            lacking += [of_scope(client, asked.resource, scope) for scope in _named(asked) if scope.value not in has]
    if not lacking and request.asked:
        return []
    plain = _openid(store, directory, request.oidc)
    has = granted_values(store, directory, client, user, plain)
    lacking += [of_scope(client, plain.resource, scope) for scope in _named(plain) if scope.value not in has]
    return _with_offline_access(lacking, client, plain.resource, has)


def everything(
    store: Store, directory: EntraTenant, client: Application, request: Request, *, with_offline_access: bool = True
) -> list[RequestedPermission]:
    """Return all that a forced consent page lists (``prompt=consent``, and that of the admin consent endpoint)."""
    lacking: list[RequestedPermission] = []
    for asked in request.asked:
        if asked.default:
            lacking += static_permissions.wanted(store, directory, client, asked)
        else:
            lacking += [of_scope(client, asked.resource, scope) for scope in _named(asked)]
    plain = _openid(store, directory, request.oidc)
    lacking += [of_scope(client, plain.resource, scope) for scope in _named(plain)]
    return _with_offline_access(lacking, client, plain.resource, set() if with_offline_access else {"offline_access"})


def refusal(
    store: Store,
    directory: EntraTenant,
    client: Application,
    user: User,
    wanted: list[RequestedPermission],
    *,
    forced: bool = False,
) -> LoginError | None:
    """Return why this user can't grant these permissions; None if they can.

    Args:
        forced: whether the client wants the page though nothing is missing (``prompt=consent``).

    Source: https://learn.microsoft.com/entra/identity/enterprise-apps/application-sign-in-unexpected-user-consent-error;
    for a forced page anthropics/claude-code#94804.
    """
    if user.is_administrator:
        return None
    may_consent = authorization_policy.users_may_consent(store, directory.tenant_id)
    if forced and not may_consent:
        return errors.admin_consent_may_be_asked_for()
    if any(permission.admin_only for permission in wanted):
        return errors.admin_consent_required()
    holder = apps.principal(store, directory.tenant_id, client.app_id)
    if holder and holder.assignment_required:
        return errors.admin_consent_required()
    if may_consent and any(
        permission.resource.app_id == GRAPH
        and not authorization_policy.users_may_grant(store, directory.tenant_id, permission.value)
        for permission in wanted
    ):
        return errors.admin_consent_required()
    if not may_consent:
        return errors.user_consent_forbidden(directory.display_name, client.display_name)
    return None


def grant(
    store: Store, directory: EntraTenant, permissions: Iterable[RequestedPermission], user_id: str, ids: Iterable[str]
) -> None:
    """Store the consent of one user, or of the organization when ``user_id`` is empty.

    App roles are granted to the application itself, whoever consents.

    Args:
        ids: a fresh id for each app role.
    """
    scopes_of: dict[tuple[str, str], list[str]] = {}
    fresh = iter(ids)
    with store.transaction():
        for permission in permissions:
            holder = ensure_principal(store, directory, permission.holder)
            owner = ensure_principal(store, directory, permission.resource)
            if permission.is_role:
                apps.assign_role(store, next(fresh), directory.tenant_id, holder.id, owner.id, permission.id)
            else:
                scopes_of.setdefault((holder.id, owner.id), []).append(permission.value)
        for (holder_id, owner_id), values in scopes_of.items():
            grants.add(store, directory.tenant_id, holder_id, owner_id, user_id, values)


def ensure_principal(store: Store, directory: EntraTenant, client: Application) -> ServicePrincipal:
    """Return the client's service principal; the first consent in a directory makes it."""
    principal = apps.principal(store, directory.tenant_id, client.app_id)
    if principal:
        return principal
    principal_id = guid(directory.tenant_id, "principal", client.app_id)
    graph = principal_json(principal_id, client, {})
    made = ServicePrincipal(principal_id, directory.tenant_id, client.app_id, graph)
    apps.save_principal(store, made)
    return made


def _named(asked: ResourceScopes) -> list[PermissionScope]:
    named = (scopes.named(asked.resource, value) for value in asked.values)
    return [scope for scope in named if scope]


def _openid(store: Store, directory: EntraTenant, oidc: tuple[str, ...]) -> ResourceScopes:
    graph = apps.resource(store, directory.tenant_id, GRAPH)
    assert graph is not None
    return ResourceScopes(graph, "", oidc)


def _with_offline_access(
    lacking: list[RequestedPermission], client: Application, graph: Application, has: set[str]
) -> list[RequestedPermission]:
    """Add ``offline_access``, which stands on all consent pages, and leave out what is there twice.

    Source: https://learn.microsoft.com/entra/identity-platform/scopes-oidc#offline_access
    """
    scope = scopes.named(graph, "offline_access")
    if lacking and scope and scope.value not in has:
        lacking = [*lacking, of_scope(client, graph, scope)]
    return list({(each.holder.app_id, each.resource.app_id, each.id): each for each in lacking}.values())
