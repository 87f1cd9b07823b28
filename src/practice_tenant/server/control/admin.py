"""Who gets a link to the practice admin center: whoever knows the control door's secret, for any account."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from practice_tenant.server.admin.sessions import LINK_SECONDS, Sessions
from practice_tenant.server.control.body import ControlRefused, body_of
from practice_tenant.server.control.people import user_named
from practice_tenant.server.directory import people
from practice_tenant.server.directory.objects import EntraTenant, User
from practice_tenant.server.http.messages import HttpRequest
from practice_tenant.server.service import Service

NAMES = ("account", "holder", "host")


def links(sessions: Sessions) -> Callable[[Service, EntraTenant, HttpRequest], Awaitable[dict[str, Any]]]:
    """Return the handler that makes links."""

    async def link(service: Service, directory: EntraTenant, request: HttpRequest) -> dict[str, Any]:
        """Answer POST /directories/{directory}/admin-center: a path that works once, within some minutes."""
        values = await body_of(request, *NAMES)
        texts = {name: values.get(name) or "" for name in NAMES}
        for name, value in texts.items():
            if not (isinstance(value, str) and len(value) <= 255):
                raise ControlRefused(f"{name} takes a text")
        user = (
            user_named(service, directory, texts["account"]) if texts["account"] else _administrator(service, directory)
        )
        if not user.enabled:
            raise ControlRefused(f"the account {user.upn} is disabled", 403)
        path = sessions.link(directory.tenant_id, user.id, texts["holder"][:100], texts["host"].lower())
        return {"path": path, "account": user.upn, "seconds": LINK_SECONDS}

    return link


def _administrator(service: Service, directory: EntraTenant) -> User:
    for user in people.users(service.store, directory.tenant_id):
        if user.is_administrator and user.enabled:
            return user
    raise ControlRefused("the directory has no administrator: say which account", 404)
