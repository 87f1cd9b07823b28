"""App roles and owners.

Source: https://learn.microsoft.com/entra/identity-platform/howto-add-app-roles-in-apps and
https://learn.microsoft.com/entra/identity/enterprise-apps/overview-assign-app-owners
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from practice_tenant.server.admin.portal import FormRefused
from practice_tenant.server.admin.registration import app_of, off_unless_owner
from practice_tenant.server.admin.visit import Visit
from practice_tenant.server.http.messages import Response

MEMBERS: dict[str, tuple[str, list[str]]] = {
    "users": ("Users/Groups", ["User"]),
    "applications": ("Applications", ["Application"]),
    "both": ("Both (Users/Groups + Applications)", ["User", "Application"]),
}


async def show(visit: Visit) -> Response:
    """Show the app roles."""
    app = await app_of(visit)
    members = [(key, words) for key, (words, _) in MEMBERS.items()]
    return visit.page("app-roles", app, members=members, off=off_unless_owner(visit, app))


async def create(visit: Visit) -> Response:
    """Create an app role."""
    app = await app_of(visit)
    fresh = {
        "id": visit.call.service.guid(),
        "displayName": visit.needed("title", "Display name"),
        "allowedMemberTypes": MEMBERS[visit.chosen("members", tuple(MEMBERS))][1],
        "value": visit.needed("value", "Value"),
        "description": visit.needed("about", "Description"),
        "isEnabled": "on" in visit.values("enabled"),
    }
    return await _save(visit, [*app["appRoles"], fresh], "Successfully created the app role.", "value")


async def switch(visit: Visit) -> Response:
    """Enable a role, or disable it."""
    app = await app_of(visit)
    which = visit.value("which")
    changed = [{**role, "isEnabled": role["isEnabled"] ^ (role["id"] == which)} for role in app["appRoles"]]
    return await _save(visit, changed, "Successfully updated the app role.")


async def delete(visit: Visit) -> Response:
    """Delete a role."""
    app = await app_of(visit)
    kept = [role for role in app["appRoles"] if role["id"] != visit.value("which")]
    return await _save(visit, kept, "Successfully deleted the app role.")


async def _save(visit: Visit, roles: list[Any], notice: str, field: str = "") -> Response:
    await visit.graph.patch(f"/applications/{visit.object_id}", {"appRoles": roles}, field=field)
    return visit.go(f"apps/{visit.object_id}/app-roles", notice)


async def owners(visit: Visit) -> Response:
    """Show who owns the registration."""
    app = await app_of(visit)
    there = (await visit.graph.get(f"/applications/{app['id']}/owners"))["value"]
    return visit.page("owners", app, owners=there, off=off_unless_owner(visit, app))


async def add_owner(visit: Visit) -> Response:
    """Add an owner."""
    account = visit.needed("account", "User principal name")
    try:
        user = await visit.graph.get(f"/users/{quote(account, safe='@')}")
    except FormRefused as refused:
        refused.field = "account"
        raise
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{user['id']}"}
    await visit.graph.post(f"/applications/{visit.object_id}/owners/$ref", reference, field="account")
    return visit.go(f"apps/{visit.object_id}/owners", "Successfully added the owner.")


async def remove_owner(visit: Visit) -> Response:
    """Remove an owner."""
    which = quote(visit.value("which"), safe="")
    await visit.graph.delete(f"/applications/{visit.object_id}/owners/{which}/$ref")
    return visit.go(f"apps/{visit.object_id}/owners", "Successfully removed the owner.")
