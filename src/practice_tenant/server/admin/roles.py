"""App roles and owners.

Source: https://learn.microsoft.com/entra/identity-platform/howto-add-app-roles-in-apps and
https://learn.microsoft.com/entra/identity/enterprise-apps/overview-assign-app-owners
"""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import quote

from practice_tenant.server.admin import html
from practice_tenant.server.admin.portal import Refused
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
    off = off_unless_owner(visit, app)
    rows = [
        (
            escape(role["displayName"]),
            escape(role["description"]),
            escape(
                ", ".join(
                    {"User": "Users/Groups", "Application": "Applications"}[one] for one in role["allowedMemberTypes"]
                )
            ),
            html.code(role["value"] or "-"),
            html.code(role["id"]),
            "Enabled" if role["isEnabled"] else "Disabled",
            html.press(
                visit,
                "switch",
                role["id"],
                "Disable" if role["isEnabled"] else "Enable",
                role["displayName"],
                off=bool(off),
            )
            + " "
            + html.press(visit, "delete", role["id"], "Delete", role["displayName"], off=bool(off)),
        )
        for role in app["appRoles"]
    ]
    heads = ("Display name", "Description", "Allowed member types", "Value", "ID", "State", "")
    form = "create"
    body = html.text(visit, form, "title", "Display name", needed=True)
    body += html.radios(
        visit, form, "members", "Allowed member types", [(key, words) for key, (words, _) in MEMBERS.items()], "users"
    )
    body += html.text(visit, form, "value", "Value", hint="What stands in the token's claim roles.", needed=True)
    body += html.text(visit, form, "about", "Description", needed=True)
    body += html.boxes(visit, form, "enabled", "State", [("on", "Do you want to enable this app role?")], ["on"])
    is_open = visit.draft is not None and visit.draft.action == form
    adding = html.opened("Create app role", html.form(visit, form, body, "Apply", off=off), is_open=is_open)
    about = html.hint(
        "App roles are custom roles to assign permissions to users or apps. The application defines and publishes the "
        "app roles and interprets them as permissions during authorization."
    )
    return html.page(
        visit,
        "App roles",
        f"{about}{html.table('App roles', heads, rows, 'No app roles have been created.')}{adding}",
        app=app,
        current="app-roles",
    )


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
    off = off_unless_owner(visit, app)
    there = (await visit.graph.get(f"/applications/{app['id']}/owners"))["value"]
    rows = [
        (
            escape(one.get("displayName") or "-"),
            escape(one.get("userPrincipalName") or "-"),
            html.press(visit, "remove", one["id"], "Remove", one.get("displayName") or "", off=bool(off)),
        )
        for one in there
    ]
    heads = ("Name", "User principal name", "")
    form = "add"
    body = html.text(
        visit, form, "account", "User principal name", hint="e.g. robin@contoso.onmicrosoft.com", needed=True
    )
    adding = html.opened("Add owners", html.form(visit, form, body, "Select", off=off), is_open=visit.draft is not None)
    about = html.hint("Owners can view and edit this app registration, and so can administrators of applications.")
    return html.page(
        visit,
        "Owners",
        f"{about}{html.table('Owners', heads, rows, 'No owner has been assigned.')}{adding}",
        app=app,
        current="owners",
    )


async def add_owner(visit: Visit) -> Response:
    """Add an owner."""
    account = visit.needed("account", "User principal name")
    try:
        user = await visit.graph.get(f"/users/{quote(account, safe='@')}")
    except Refused as refused:
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
