"""Who gets a link to the practice admin center: whoever knows the control door's secret, for any account."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from workshop.tenant.admin.sessions import LINK_SECONDS, Sessions
from workshop.tenant.control_body import Refused, body_of
from workshop.tenant.control_people import user_named
from workshop.tenant.directory import people
from workshop.tenant.directory.objects import Directory, User
from workshop.tenant.http.messages import HttpRequest
from workshop.tenant.service import Service

NAMES = ("account", "holder", "host")


def links(sessions: Sessions) -> Callable[[Service, Directory, HttpRequest], Awaitable[dict[str, Any]]]:
    """Return the handler that makes links."""

    async def link(service: Service, directory: Directory, request: HttpRequest) -> dict[str, Any]:
        """Answer POST /directories/{directory}/admin-center: a path that works once, within some minutes."""
        values = await body_of(request, *NAMES)
        given = {name: values.get(name) or "" for name in NAMES}
        for name, value in given.items():
            if not (isinstance(value, str) and len(value) <= 255):
                raise Refused(f"{name} takes a text")
        user = (
            user_named(service, directory, given["account"]) if given["account"] else _administrator(service, directory)
        )
        if not user.enabled:
            raise Refused(f"the account {user.upn} is disabled", 403)
        path = sessions.link(directory.tenant_id, user.id, given["holder"][:100], given["host"].lower())
        return {"path": path, "account": user.upn, "seconds": LINK_SECONDS}

    return link


def _administrator(service: Service, directory: Directory) -> User:
    for user in people.users(service.store, directory.tenant_id):
        if user.is_administrator and user.enabled:
            return user
    raise Refused("the directory has no administrator: say which account", 404)
