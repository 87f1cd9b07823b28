"""App roles for apps that act for themselves: declared by name, and looked for where the server's setting names them.

Source: https://learn.microsoft.com/graph/api/resources/approle and
https://learn.microsoft.com/entra/identity-platform/howto-add-app-roles-in-apps
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from workshop.errors import WorkshopError
from workshop.registration.declarations import Declaration, DeclaredRole
from workshop.registration.seen import App, Snapshot

# What Graph takes, without the comma, at which the server's setting is split.
NAME = re.compile(r"(?!\.)[A-Za-z0-9:!#$%&'()*+\-./;<=>?@\[\]^_`{|}~]{1,120}")


def with_app_roles(declaration: Declaration, names: Iterable[str]) -> Declaration:
    """Return the same with app roles that applications may hold, and nobody else.

    Raises:
        WorkshopError: Entra takes no role of such a name.
    """
    known = {role.value for role in declaration.app_roles}
    more = tuple(role_for_apps(name) for name in dict.fromkeys(names) if name not in known)
    return replace(declaration, app_roles=(*declaration.app_roles, *more))


def role_for_apps(name: str) -> DeclaredRole:
    """Return a role for applications alone.

    Raises:
        WorkshopError: Entra takes no role of such a name.
    """
    if not NAME.fullmatch(name):
        raise WorkshopError(
            f"{name!r} can't be the value of an app role: it needs 1 to 120 letters, digits or signs such as . _ - "
            "and no space, no comma and no dot at its beginning. Expenses.Count is one."
        )
    return DeclaredRole(
        name, name, "Lets an app call the MCP server for itself, with no user.", for_applications=True, for_people=False
    )


def needed_roles(app: App, snapshot: Snapshot, declaration: Declaration) -> tuple[DeclaredRole, ...]:
    """Return the roles that should be there: the declared ones, and those that the server's setting names."""
    values = snapshot.values
    named = values.app_roles if values and values.client_id == app.client_id else ()
    return with_app_roles(declaration, [name for name in named if NAME.fullmatch(name)]).app_roles
