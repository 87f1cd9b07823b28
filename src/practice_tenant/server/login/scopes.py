"""The ``scope`` parameter: which permissions of which resource are asked for.

Source: https://learn.microsoft.com/entra/identity-platform/scopes-oidc
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from practice_tenant.server.directory import apps
from practice_tenant.server.directory.ids import is_guid
from practice_tenant.server.directory.objects import Application, PermissionScope
from practice_tenant.server.directory.store import Store
from practice_tenant.server.directory.wellknown import GRAPH, OIDC_SCOPES
from practice_tenant.server.login import errors

DEFAULT = ".default"


@dataclass(frozen=True)
class ResourceScopes:
    """The permissions asked of one resource; ``prefix`` is the resource as the client wrote it ('' when bare)."""

    resource: Application
    prefix: str
    values: tuple[str, ...]

    @property
    def default(self) -> bool:
        return DEFAULT in self.values

    @property
    def audience(self) -> str:
        """Return the resource as a version 1.0 token names it in ``aud``."""
        return self.prefix or self.resource.app_id

    def qualified(self, value: str) -> str:
        """Return a scope in the form the client uses for this resource."""
        if not self.prefix or value in OIDC_SCOPES:
            return value
        return f"{self.prefix}{'' if self.prefix.endswith('/') else '/'}{value}"


@dataclass(frozen=True)
class Request:
    """A whole ``scope`` parameter, read."""

    text: str
    oidc: tuple[str, ...]
    asked: tuple[ResourceScopes, ...]


def read(
    store: Store, tenant_id: str, tenant_name: str, client: Application, text: str, *, known_only: bool = True
) -> Request:
    """Read a ``scope`` parameter.

    Args:
        tenant_name: what a refusal calls the tenant: its id where tokens are asked for, as captured 2026-09-08, its
            name where people sign in (Azure-Samples/azure-search-openai-demo#1969, pnp/pnpassessment#76).
        known_only: whether each scope must be there; Entra looks only once someone is signed in.

    Raises:
        LoginError: 900144 when it is empty, 70011 when a part is malformed or ``.default`` stands beside scopes of a
            resource, 500011 when a resource has no service principal in the tenant, 650053 when the resource has no
            such scope.
    """
    words = list(dict.fromkeys(text.split()))
    if not words:
        raise errors.missing_parameter("scope")
    asked: dict[str, tuple[str, list[str]]] = {}
    resources: dict[str, Application] = {}
    for word in words:
        if word in OIDC_SCOPES:
            continue
        prefix, value = split(word, text)
        resource = find_resource(store, tenant_id, client, prefix.rstrip("/") if prefix else GRAPH)
        if resource is None:
            raise errors.resource_not_found(prefix[:300], tenant_name)
        if known_only and value != DEFAULT and named(resource, value) is None:
            raise errors.scope_not_found(client.display_name, value[:200], resource.app_id)
        resources[resource.app_id] = resource
        asked.setdefault(resource.app_id, (prefix, []))[1].append(value)
    everything = [value for _, values in asked.values() for value in values]
    if DEFAULT in everything and len(everything) > 1:
        raise errors.default_with_others(text[:500])
    return Request(
        text,
        tuple(word for word in words if word in OIDC_SCOPES),
        tuple(ResourceScopes(resources[app_id], prefix, tuple(values)) for app_id, (prefix, values) in asked.items()),
    )


def find_resource(store: Store, tenant_id: str, client: Application, identifier: str) -> Application | None:
    """Find a resource that is in the directory, or that the consent which is being asked for brings there.

    The latter are the client itself and a multi-tenant resource that knows the client (``knownClientApplications``).

    Source: https://learn.microsoft.com/entra/identity-platform/howto-convert-app-to-be-multi-tenant
    """
    resource = apps.resource(store, tenant_id, identifier)
    if resource:
        return resource
    registered = apps.registered(store, identifier)
    if registered is None:
        return None
    known = registered.multi_tenant and client.app_id in registered.graph["api"]["knownClientApplications"]
    return registered if known or registered.app_id == client.app_id else None


def split(word: str, text: str = "") -> tuple[str, str]:
    """Split a scope into the resource and the permission; a bare permission belongs to Microsoft Graph.

    Args:
        text: the whole parameter, for the error.

    Raises:
        LoginError: 70011.
    """
    prefix, slash, value = word.rpartition("/")
    if not slash:
        return "", word
    if not value or not prefix or prefix.endswith(":/"):
        raise errors.invalid_scope((text or word)[:500])
    if "://" not in prefix and not is_guid(prefix.rstrip("/")):
        raise errors.invalid_scope((text or word)[:500])
    return prefix, value


def named(resource: Application, value: str) -> PermissionScope | None:
    """Return the enabled scope of that value; Entra compares it without regard to case."""
    for scope in resource.scopes:
        if scope.enabled and scope.value.lower() == value.lower():
            return scope
    return None


def check_resource_parameter(resource: str, request: Request, *, supported: bool = True) -> None:
    """Hold the RFC 8707 ``resource`` parameter against the scopes, as Entra has done since March 2026.

    Source: https://learn.microsoft.com/entra/agent-id/secure-mcp-server-with-entra-id

    Args:
        supported: whether there may be one at all.

    Raises:
        LoginError: 9010010 unless it is an identifier URI of the application that owns every scope, or 901002.
    """
    if resource and not supported:
        raise errors.resource_parameter_not_supported()
    if resource and not (request.asked and all(_names(resource, asked.resource) for asked in request.asked)):
        raise errors.resource_mismatch()


def _names(resource: str, owner: Application) -> bool:
    """Compare character for character; only Microsoft Graph goes by its URI with a slash at the end too."""
    if resource == owner.app_id or resource in owner.identifier_uris:
        return True
    return owner.app_id == GRAPH and resource.removesuffix("/") in owner.identifier_uris


def one_resource(request: Request, store: Store, tenant_id: str) -> ResourceScopes:
    """Return the single resource a token can be for; with OpenID scopes only that is Microsoft Graph.

    Raises:
        LoginError: 28000 when there are several.
    """
    if len(request.asked) > 1:
        raise errors.several_resources(request.text[:500])
    if request.asked:
        return request.asked[0]
    graph = apps.resource(store, tenant_id, GRAPH)
    assert graph is not None
    return ResourceScopes(graph, "", ())


def joined(scopes: Iterable[str]) -> str:
    return " ".join(dict.fromkeys(scopes))
