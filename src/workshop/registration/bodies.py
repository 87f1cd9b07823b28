"""The application as msgraph-sdk wants it in a request: only the properties that are to change."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from uuid import UUID

from msgraph.generated.models.api_application import ApiApplication
from msgraph.generated.models.app_role import AppRole
from msgraph.generated.models.application import Application
from msgraph.generated.models.implicit_grant_settings import ImplicitGrantSettings
from msgraph.generated.models.permission_scope import PermissionScope
from msgraph.generated.models.pre_authorized_application import PreAuthorizedApplication
from msgraph.generated.models.public_client_application import PublicClientApplication
from msgraph.generated.models.required_resource_access import RequiredResourceAccess
from msgraph.generated.models.resource_access import ResourceAccess
from msgraph.generated.models.spa_application import SpaApplication
from msgraph.generated.models.web_application import WebApplication

from workshop.registration.seen import App, Role, Scope

PREAUTHORIZED = "Pre-authorized client"
IDENTIFIER = "Application ID URI"


def body(app: App, aspects: Collection[str]) -> Application:
    """Return a request's body that sets these aspects (the names of `compare.ASPECTS`) as `app` has them."""
    request = Application()
    for aspect in aspects:
        SETTERS[aspect](request, app)
    return request


def _name(request: Application, app: App) -> None:
    request.display_name = app.display_name


def _account_types(request: Application, app: App) -> None:
    request.sign_in_audience = app.account_types


def _web(request: Application, app: App) -> None:
    request.web = request.web or WebApplication()
    request.web.redirect_uris = list(app.web)


def _implicit(request: Application, app: App) -> None:
    request.web = request.web or WebApplication()
    request.web.implicit_grant_settings = ImplicitGrantSettings(
        enable_access_token_issuance="access tokens" in app.implicit,
        enable_id_token_issuance="ID tokens" in app.implicit,
    )


def _spa(request: Application, app: App) -> None:
    request.spa = SpaApplication(redirect_uris=list(app.spa))


def _public(request: Application, app: App) -> None:
    request.public_client = PublicClientApplication(redirect_uris=list(app.public))


def _fallback(request: Application, app: App) -> None:
    request.is_fallback_public_client = app.fallback_public_client


def _identifier(request: Application, app: App) -> None:
    request.identifier_uris = list(app.identifier_uris)


def _token_version(request: Application, app: App) -> None:
    request.api = request.api or ApiApplication()
    request.api.requested_access_token_version = app.token_version


def _scopes(request: Application, app: App) -> None:
    request.api = request.api or ApiApplication()
    request.api.oauth2_permission_scopes = [_scope(scope) for scope in app.scopes]


def _preauthorized(request: Application, app: App) -> None:
    request.api = request.api or ApiApplication()
    request.api.pre_authorized_applications = [
        PreAuthorizedApplication(app_id=client.app_id, delegated_permission_ids=list(client.scope_ids))
        for client in app.preauthorized
    ]


def _roles(request: Application, app: App) -> None:
    request.app_roles = [_role(role) for role in app.roles]


def _permissions(request: Application, app: App) -> None:
    resources = dict.fromkeys(one.resource_app_id for one in app.permissions)
    request.required_resource_access = [
        RequiredResourceAccess(
            resource_app_id=resource,
            resource_access=[
                ResourceAccess(id=UUID(one.id), type=one.kind)
                for one in app.permissions
                if one.resource_app_id == resource
            ],
        )
        for resource in resources
    ]


def _tags(request: Application, app: App) -> None:
    request.tags = list(app.tags)


def _scope(scope: Scope) -> PermissionScope:
    title, description, user_title, user_description = scope.texts
    return PermissionScope(
        id=UUID(scope.id),
        value=scope.value,
        type=scope.type,
        is_enabled=scope.enabled,
        admin_consent_display_name=title,
        admin_consent_description=description,
        user_consent_display_name=user_title or None,
        user_consent_description=user_description or None,
    )


def _role(role: Role) -> AppRole:
    return AppRole(
        id=UUID(role.id),
        value=role.value,
        display_name=role.title,
        description=role.description,
        is_enabled=role.enabled,
        allowed_member_types=list(role.members),
    )


SETTERS: Mapping[str, Callable[[Application, App], None]] = {
    "Name": _name,
    "Supported account types": _account_types,
    "Redirect URI (web)": _web,
    "Redirect URI (single-page application)": _spa,
    "Redirect URI (public client)": _public,
    "Implicit grant of": _implicit,
    "Public client flows": _fallback,
    IDENTIFIER: _identifier,
    "Access token version": _token_version,
    "Scope": _scopes,
    "App role": _roles,
    PREAUTHORIZED: _preauthorized,
    "Graph permission": _permissions,
    "Tag": _tags,
}
