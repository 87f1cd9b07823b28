"""What a teacher does to people: accounts, sessions, consent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from practice_tenant.server.control.body import ControlRefused, body_of, flag, text
from practice_tenant.server.directory import apps, grants, people
from practice_tenant.server.directory.objects import EntraTenant, ServicePrincipal, User
from practice_tenant.server.http.messages import HttpRequest
from practice_tenant.server.service import Service

# The name in a control call, and the user's property that it changes.
PROPERTIES = {"enabled": "accountEnabled", "mfa_registered": "isMfaRegistered"}
EVERYONE = "All"


async def change_user(service: Service, directory: EntraTenant, request: HttpRequest) -> dict[str, Any]:
    """Answer PATCH /directories/{directory}/users/{user}; the answer says what it was before."""
    values = await body_of(request, *PROPERTIES)
    user = user_named(service, directory, request.path_params["user"])
    changes = {PROPERTIES[name]: flag(values, name) for name in values}
    before = {name: user.graph.get(PROPERTIES[name], True) for name in values}
    people.change_user(service.store, user, changes)
    return {"user": user.upn, "before": before}


async def revoke_sessions(service: Service, directory: EntraTenant, request: HttpRequest) -> dict[str, Any]:
    """Answer POST /directories/{directory}/users/{user}/revoke: what was granted until now is good no more."""
    user = user_named(service, directory, request.path_params["user"])
    now = service.clock() + service.settings.of(directory.tenant_id).clock
    valid_from = datetime.fromtimestamp(now, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    people.change_user(service.store, user, {"signInSessionsValidFromDateTime": valid_from})
    return {"user": user.upn, "valid_from": valid_from}


async def give_consent(service: Service, directory: EntraTenant, request: HttpRequest) -> dict[str, Any]:
    """Answer POST /directories/{directory}/consent: as if the user, or an administrator for all, had accepted."""
    values = await body_of(request, "client", "resource", "scope", "user")
    client = _principal(service, directory, text(values, "client"))
    resource = _principal(service, directory, text(values, "resource"))
    user_id = _user_id(service, directory, values)
    scopes = text(values, "scope").split()
    known = {entry["value"] for entry in resource.graph["oauth2PermissionScopes"]}
    for scope in scopes:
        if scope not in known:
            raise ControlRefused(f"the resource has no scope {scope[:60]!r}: it has {', '.join(sorted(known))}")
    grants.add(service.store, directory.tenant_id, client.id, resource.id, user_id, scopes)
    return {"granted": scopes}


async def withdraw_consent(service: Service, directory: EntraTenant, request: HttpRequest) -> dict[str, Any]:
    """Answer DELETE /directories/{directory}/consent: take back what a client was granted.

    Without a resource it is all of them, without a user everyone's and the administrator's.
    """
    values = await body_of(request, "client", "resource", "user")
    store, tenant_id = service.store, directory.tenant_id
    client = _principal(service, directory, text(values, "client"))
    resource = _principal(service, directory, values["resource"]) if values.get("resource") else None
    user_id = _user_id(service, directory, values) if values.get("user") else None
    withdrawn = []
    with store.transaction():
        for grant in grants.grants(store, tenant_id):
            fits = grant.client_id == client.id and (resource is None or grant.resource_id == resource.id)
            if fits and user_id in (None, grant.principal_id):
                grants.remove(store, tenant_id, grant.id)
                withdrawn.append(
                    {
                        "client": grant.client_id,
                        "resource": grant.resource_id,
                        "user": grant.principal_id or EVERYONE,
                        "scope": " ".join(grant.scopes),
                    }
                )
    return {"withdrawn": withdrawn}


def user_named(service: Service, directory: EntraTenant, name: str) -> User:
    """Return the user of that id, user principal name, or name before the @.

    Raises:
        ControlRefused: there is none; the line lists the names.
    """
    for wanted in (name, f"{name}@{directory.domain}"):
        user = people.user(service.store, directory.tenant_id, wanted)
        if user:
            return user
    there = ", ".join(user.upn.partition("@")[0] for user in people.users(service.store, directory.tenant_id)[:20])
    raise ControlRefused(f"there is no user {name[:60]!r}: the users are {there}", 404)


def _user_id(service: Service, directory: EntraTenant, values: dict[str, Any]) -> str:
    wanted = text(values, "user", EVERYONE)
    return "" if wanted == EVERYONE else user_named(service, directory, wanted).id


def _principal(service: Service, directory: EntraTenant, wanted: Any) -> ServicePrincipal:
    """Return a service principal by its id, its application id, or an identifier URI."""
    if isinstance(wanted, str):
        owner = apps.owner_of_identifier(service.store, directory.tenant_id, wanted)
        resource = apps.resource(service.store, directory.tenant_id, wanted)
        app_id = owner or (resource.app_id if resource else wanted)
        principal = apps.principal(service.store, directory.tenant_id, app_id)
        if principal:
            return principal
    raise ControlRefused(
        f"there is no application {str(wanted)[:100]!r}: give its application id or identifier URI", 404
    )
