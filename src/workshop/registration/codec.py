"""An app registration as Microsoft Graph's JSON, read and written.

Reading, members that are missing count as Graph's defaults. Names and meanings:
https://learn.microsoft.com/graph/api/resources/application
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from workshop.registration.seen import (
    App,
    Credential,
    ExposedScope,
    Federated,
    Grant,
    Preauthorized,
    Principal,
    Role,
    SeenPermission,
)

Json = Mapping[str, Any]

IMPLICIT_FLOWS = {"enableAccessTokenIssuance": "access tokens", "enableIdTokenIssuance": "ID tokens"}
SCOPE_TEXTS = ("adminConsentDisplayName", "adminConsentDescription", "userConsentDisplayName", "userConsentDescription")


def application(graph: Json) -> App:
    """Read an application, as Graph, the portal's manifest and `az ad app show` have it."""
    api = _object(graph, "api")
    web = _object(graph, "web")
    implicit = _object(web, "implicitGrantSettings")
    version = api.get("requestedAccessTokenVersion")
    return App(
        client_id=_text(graph, "appId"),
        display_name=_text(graph, "displayName"),
        object_id=_text(graph, "id"),
        account_types=_text(graph, "signInAudience"),
        identifier_uris=_texts(graph, "identifierUris"),
        token_version=version if isinstance(version, int) else None,
        scopes=tuple(_scope(entry) for entry in _objects(api, "oauth2PermissionScopes")),
        roles=tuple(_role(entry) for entry in _objects(graph, "appRoles")),
        preauthorized=tuple(
            Preauthorized(_text(entry, "appId").lower(), _preauthorized_ids(entry))
            for entry in _objects(api, "preAuthorizedApplications")
        ),
        web=_texts(web, "redirectUris"),
        spa=_texts(_object(graph, "spa"), "redirectUris"),
        public=_texts(_object(graph, "publicClient"), "redirectUris"),
        implicit=tuple(name for member, name in IMPLICIT_FLOWS.items() if implicit.get(member)),
        fallback_public_client=bool(graph.get("isFallbackPublicClient")),
        permissions=tuple(_permissions(_objects(graph, "requiredResourceAccess"))),
        secrets=tuple(_credential(entry) for entry in _objects(graph, "passwordCredentials")),
        certificates=tuple(_credential(entry) for entry in _objects(graph, "keyCredentials")),
        tags=_texts(graph, "tags"),
    )


def principal(graph: Json, assigned: int | None = None) -> Principal:
    """Read a service principal."""
    return Principal(
        id=_text(graph, "id"),
        enabled=graph.get("accountEnabled") is not False,
        assignment_required=bool(graph.get("appRoleAssignmentRequired")),
        assigned=assigned,
    )


def grant(graph: Json) -> Grant:
    """Read a permission grant."""
    everyone = graph.get("consentType") == "AllPrincipals"
    return Grant(_text(graph, "id"), _text(graph, "resourceId"), everyone, frozenset(_text(graph, "scope").split()))


def federated(graph: Json) -> Federated:
    """Read a federated identity credential."""
    return Federated(
        _text(graph, "name"),
        _text(graph, "issuer"),
        _text(graph, "subject"),
        _texts(graph, "audiences"),
        _text(graph, "id"),
    )


def scope_json(scope: ExposedScope) -> dict[str, object]:
    """Write a scope."""
    return {
        "id": scope.id,
        "value": scope.value,
        "type": scope.type,
        "isEnabled": scope.enabled,
        **dict(zip(SCOPE_TEXTS, scope.texts, strict=True)),
    }


def role_json(role: Role) -> dict[str, object]:
    """Write an app role."""
    return {
        "id": role.id,
        "value": role.value,
        "displayName": role.title,
        "description": role.description,
        "isEnabled": role.enabled,
        "allowedMemberTypes": list(role.members),
    }


def client_json(client: Preauthorized) -> dict[str, object]:
    """Write a pre-authorized client."""
    return {"appId": client.app_id, "delegatedPermissionIds": list(client.scope_ids)}


def permissions_json(permissions: Iterable[SeenPermission]) -> list[dict[str, object]]:
    """Write permissions, by the resource they belong to."""
    accesses: dict[str, list[dict[str, str]]] = {}
    for permission in permissions:
        accesses.setdefault(permission.resource_app_id, []).append({"id": permission.id, "type": permission.kind})
    return [{"resourceAppId": resource, "resourceAccess": access} for resource, access in accesses.items()]


def redirects_json(uris: Iterable[str]) -> dict[str, list[str]]:
    """Write the redirect URIs of a platform."""
    return {"redirectUris": list(uris)}


def implicit_json(app: App) -> dict[str, bool]:
    """Write which tokens the implicit grant hands out."""
    return {member: name in app.implicit for member, name in IMPLICIT_FLOWS.items()}


def permission_ids(scopes: Iterable[Json]) -> dict[str, str]:
    """Return the ids of delegated permissions by their value."""
    return {_text(scope, "value"): _text(scope, "id") for scope in scopes}


def moment(text: object) -> datetime | None:
    """Return a date and time of Graph's, None if there is none."""
    if not isinstance(text, str):
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _scope(entry: Json) -> ExposedScope:
    title, description, user_title, user_description = (_text(entry, name) for name in SCOPE_TEXTS)
    return ExposedScope(
        id=_text(entry, "id").lower(),
        value=_text(entry, "value"),
        enabled=bool(entry.get("isEnabled")),
        type=_text(entry, "type"),
        texts=(title, description, user_title, user_description),
    )


def _role(entry: Json) -> Role:
    return Role(
        id=_text(entry, "id").lower(),
        value=_text(entry, "value"),
        enabled=bool(entry.get("isEnabled")),
        title=_text(entry, "displayName"),
        description=_text(entry, "description"),
        members=tuple(sorted(_texts(entry, "allowedMemberTypes"))),
    )


def _preauthorized_ids(entry: Json) -> tuple[str, ...]:
    # Graph v1.0 says delegatedPermissionIds, the manifest of the portal said permissionIds for years.
    ids = _texts(entry, "delegatedPermissionIds") or _texts(entry, "permissionIds")
    return tuple(sorted(id_.lower() for id_ in ids))


def _permissions(entries: Iterable[Json]) -> Iterable[SeenPermission]:
    for entry in entries:
        for access in _objects(entry, "resourceAccess"):
            yield SeenPermission(
                _text(entry, "resourceAppId").lower(), _text(access, "id").lower(), _text(access, "type")
            )


def _credential(entry: Json) -> Credential:
    return Credential(
        key_id=_text(entry, "keyId").lower(),
        name=_text(entry, "displayName"),
        starts=moment(entry.get("startDateTime")),
        ends=moment(entry.get("endDateTime")),
        thumbprint=_thumbprint(entry.get("customKeyIdentifier")),
    )


def _thumbprint(value: object) -> str:
    """Return a certificate's thumbprint in hexadecimal: Graph writes it so, or in base64."""
    if not isinstance(value, str) or not value:
        return ""
    if len(value) == 40 and all(digit in "0123456789abcdefABCDEF" for digit in value):
        return value.upper()
    try:
        return base64.b64decode(value, validate=True).hex().upper()
    except (ValueError, binascii.Error):
        return value


def _object(graph: Json, name: str) -> Json:
    value = graph.get(name)
    return value if isinstance(value, Mapping) else {}


def _objects(graph: Json, name: str) -> list[Json]:
    value = graph.get(name)
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def _text(graph: Json, name: str) -> str:
    value = graph.get(name)
    return value if isinstance(value, str) else ""


def _texts(graph: Json, name: str) -> tuple[str, ...]:
    value = graph.get(name)
    return tuple(entry for entry in value if isinstance(entry, str)) if isinstance(value, list) else ()
