"""The settings of an app registration that are declared: what each is called, how it reads, how Graph's JSON has it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from workshop.core.well_known import GRAPH_APP_ID
from workshop.registration.codec import (
    client_json,
    implicit_json,
    permissions_json,
    redirects_json,
    role_json,
    scope_json,
)
from workshop.registration.declarations import VISUAL_STUDIO_CODE_CLIENT
from workshop.registration.seen import App, ExposedScope, Role

Items = Mapping[str, str]

NAME = "Name"
WEB = "Redirect URI (web)"
IMPLICIT_GRANT = "Implicit grant of"
PUBLIC_FLOWS = "Public client flows"
IDENTIFIER = "Application ID URI"
VERSION = "Access token version"
SCOPE = "Scope"
ROLE = "App role"
PREAUTHORIZED = "Pre-authorized client"

ACCOUNT_TYPES = {
    "AzureADMyOrg": "this organization only",
    "AzureADMultipleOrgs": "any organization",
    "AzureADandPersonalMicrosoftAccount": "any organization and personal accounts",
    "PersonalMicrosoftAccount": "personal accounts only",
}
CLIENTS = {VISUAL_STUDIO_CODE_CLIENT.app_id: VISUAL_STUDIO_CODE_CLIENT.name}


@dataclass(frozen=True)
class Aspect:
    """One kind of setting.

    Attributes:
        name: in the admin center's words.
        words: its items in words, given the application and the names of Graph's permissions by their id.
        json: the members of Graph's application object that hold it.
        rule: the name of the rule that says why it is needed; empty if nobody has to be asked for it.
    """

    name: str
    words: Callable[[App, Mapping[str, str]], Items]
    json: Callable[[App], dict[str, Any]]
    rule: str = ""


def body(app: App, names: Collection[str]) -> dict[str, Any]:
    """Return a request's body that sets these aspects as `app` has them, and nothing else."""
    members: dict[str, Any] = {}
    for name in names:
        for member, value in ASPECTS[name].json(app).items():
            members[member] = members[member] | value if member in ("api", "web") and member in members else value
    return members


def _single(value: str) -> Items:
    return {"": value} if value else {}


def _uris(uris: Iterable[str]) -> Items:
    return dict.fromkeys(uris, "registered")


def _scopes(app: App) -> Items:
    return {scope.value: _scope(scope) for scope in app.scopes}


def _scope(scope: ExposedScope) -> str:
    who = "only administrators consent" if scope.type == "Admin" else "everyone may consent"
    title, description, user_title, user_description = scope.texts
    texts = f"“{title}”: {description}"
    if (user_title, user_description) != (title, description):
        texts += f" / “{user_title}”: {user_description}"
    return f"{'enabled' if scope.enabled else 'disabled'}, {who}, {texts}"


def _roles(app: App) -> Items:
    return {role.value: _role(role) for role in app.roles}


def _role(role: Role) -> str:
    state = "enabled" if role.enabled else "disabled"
    return f"{state}, for {' and '.join(role.members)}, “{role.title}”: {role.description}"


def _preauthorized(app: App) -> Items:
    values = {scope.id: scope.value for scope in app.scopes}
    return {
        CLIENTS.get(client.app_id, client.app_id): ", ".join(sorted(values.get(id_, id_) for id_ in client.scope_ids))
        for client in app.preauthorized
    }


def _permissions(app: App, names: Mapping[str, str]) -> Items:
    return {
        names.get(permission.id, permission.id)
        if permission.resource_app_id == GRAPH_APP_ID
        else f"{permission.resource_app_id}/{permission.id}": (
            "delegated" if permission.kind == "Scope" else "application"
        )
        for permission in app.permissions
    }


def _scopes_json(app: App) -> list[dict[str, object]]:
    # Graph takes no empty text where it takes none at all.
    optional = ("userConsentDisplayName", "userConsentDescription")
    written = [scope_json(scope) for scope in app.scopes]
    return [{name: value for name, value in scope.items() if value or name not in optional} for scope in written]


_ASPECTS = (
    Aspect(NAME, lambda app, _: _single(app.display_name), lambda app: {"displayName": app.display_name}),
    Aspect(
        "Supported account types",
        lambda app, _: _single(ACCOUNT_TYPES.get(app.account_types, app.account_types)),
        lambda app: {"signInAudience": app.account_types},
        rule="account-types",
    ),
    Aspect(
        WEB,
        lambda app, _: _uris(app.web),
        lambda app: {"web": redirects_json(app.web)},
        rule="redirect-uri",
    ),
    Aspect(
        "Redirect URI (single-page application)",
        lambda app, _: _uris(app.spa),
        lambda app: {"spa": redirects_json(app.spa)},
    ),
    Aspect(
        "Redirect URI (public client)",
        lambda app, _: _uris(app.public),
        lambda app: {"publicClient": redirects_json(app.public)},
    ),
    Aspect(
        IMPLICIT_GRANT,
        lambda app, _: dict.fromkeys(app.implicit, "on"),
        lambda app: {"web": {"implicitGrantSettings": implicit_json(app)}},
    ),
    Aspect(
        PUBLIC_FLOWS,
        lambda app, _: _single("allowed" if app.fallback_public_client else ""),
        lambda app: {"isFallbackPublicClient": app.fallback_public_client},
    ),
    Aspect(
        IDENTIFIER,
        lambda app, _: _uris(app.identifier_uris),
        lambda app: {"identifierUris": list(app.identifier_uris)},
        rule="identifier-uri",
    ),
    Aspect(
        VERSION,
        lambda app, _: _single(str(app.token_version or 1)),
        lambda app: {"api": {"requestedAccessTokenVersion": app.token_version}},
        rule="access-token-version",
    ),
    Aspect(
        SCOPE,
        lambda app, _: _scopes(app),
        lambda app: {"api": {"oauth2PermissionScopes": _scopes_json(app)}},
        rule="scopes-exist",
    ),
    Aspect(
        ROLE,
        lambda app, _: _roles(app),
        lambda app: {"appRoles": [role_json(role) for role in app.roles]},
        rule="app-roles",
    ),
    Aspect(
        PREAUTHORIZED,
        lambda app, _: _preauthorized(app),
        lambda app: {"api": {"preAuthorizedApplications": [client_json(client) for client in app.preauthorized]}},
        rule="preauthorized-clients",
    ),
    Aspect(
        "Graph permission",
        _permissions,
        lambda app: {"requiredResourceAccess": permissions_json(app.permissions)},
        rule="graph-permissions",
    ),
    Aspect("Tag", lambda app, _: _uris(app.tags), lambda app: {"tags": list(app.tags)}),
)
ASPECTS: Mapping[str, Aspect] = {aspect.name: aspect for aspect in _ASPECTS}
"""By their names, in the order of the admin center's pages."""

AFTERWARDS = (IDENTIFIER, PREAUTHORIZED)
"""Set in a request of their own: the one names the new client id, and Graph takes no client of a new scope."""
