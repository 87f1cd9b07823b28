"""What differs between a registration as it is and as it should be: the lines of a plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from workshop.registration.declared import GRAPH_APP_ID, VISUAL_STUDIO_CODE
from workshop.registration.seen import App, Role, Scope

Verb = Literal["add", "change", "remove"]
Items = Mapping[str, str]

ACCOUNT_TYPES = {
    "AzureADMyOrg": "this organization only",
    "AzureADMultipleOrgs": "any organization",
    "AzureADandPersonalMicrosoftAccount": "any organization and personal accounts",
    "PersonalMicrosoftAccount": "personal accounts only",
}
CLIENTS = {VISUAL_STUDIO_CODE.app_id: VISUAL_STUDIO_CODE.name}


@dataclass(frozen=True)
class Change:
    """One line of a plan: what becomes of one thing.

    Attributes:
        aspect: what kind of setting it is.
        item: which one of several; empty where there is only one.
        before: how it is; empty if it is not there.
        after: how it will be; empty if it will be gone.
    """

    verb: Verb
    aspect: str
    item: str = ""
    before: str = ""
    after: str = ""

    @property
    def what(self) -> str:
        """Return the setting in words."""
        return f"{self.aspect} {self.item}".strip()


def changes(now: App | None, wanted: App, permission_names: Mapping[str, str]) -> tuple[Change, ...]:
    """Return what differs, in the order of the admin center's pages.

    Args:
        permission_names: of Microsoft Graph's delegated permissions, by their id.
    """
    return tuple(
        change
        for aspect, items in ASPECTS.items()
        for change in _differences(aspect, items(now, permission_names) if now else {}, items(wanted, permission_names))
    )


def _differences(aspect: str, now: Items, wanted: Items) -> Iterator[Change]:
    for item in [*now, *(item for item in wanted if item not in now)]:
        before, after = now.get(item, ""), wanted.get(item, "")
        if before != after:
            verb: Verb = "change" if before and after else "add" if after else "remove"
            yield Change(verb, aspect, item, before, after)


def _single(value: str) -> Items:
    return {"": value} if value else {}


def _uris(uris: Iterable[str]) -> Items:
    return dict.fromkeys(uris, "registered")


def _scopes(app: App) -> Items:
    return {scope.value: _scope(scope) for scope in app.scopes}


def _scope(scope: Scope) -> str:
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
        CLIENTS.get(client.app_id, client.app_id): ", ".join(sorted(values.get(one, one) for one in client.scope_ids))
        for client in app.preauthorized
    }


def _permissions(app: App, names: Mapping[str, str]) -> Items:
    return {
        names.get(one.id, one.id) if one.resource_app_id == GRAPH_APP_ID else f"{one.resource_app_id}/{one.id}": (
            "delegated" if one.kind == "Scope" else "application"
        )
        for one in app.permissions
    }


ASPECTS: Mapping[str, Callable[[App, Mapping[str, str]], Items]] = {
    "Name": lambda app, _: _single(app.display_name),
    "Supported account types": lambda app, _: _single(ACCOUNT_TYPES.get(app.account_types, app.account_types)),
    "Redirect URI (web)": lambda app, _: _uris(app.web),
    "Redirect URI (single-page application)": lambda app, _: _uris(app.spa),
    "Redirect URI (public client)": lambda app, _: _uris(app.public),
    "Implicit grant of": lambda app, _: dict.fromkeys(app.implicit, "on"),
    "Public client flows": lambda app, _: _single("allowed" if app.fallback_public_client else ""),
    "Application ID URI": lambda app, _: _uris(app.identifier_uris),
    "Access token version": lambda app, _: _single(str(app.token_version or 1)),
    "Scope": lambda app, _: _scopes(app),
    "App role": lambda app, _: _roles(app),
    "Pre-authorized client": lambda app, _: _preauthorized(app),
    "Graph permission": _permissions,
    "Tag": lambda app, _: _uris(app.tags),
}
"""What is compared of an application: of each aspect its items, in words."""
