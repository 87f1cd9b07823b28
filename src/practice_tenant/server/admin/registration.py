"""The registration that a page is about, and what the person who looks may do with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from practice_tenant.server.admin.portal import FormRefused
from practice_tenant.server.admin.visit import Visit
from practice_tenant.server.directory.ids import is_guid
from practice_tenant.server.graph import authority

NOT_YOURS = (
    "You can look at this application and not change it: you are neither one of its owners nor an administrator of "
    "applications."
)


class NoSuchRegistration(Exception):
    """The path names none of this directory."""


async def app_of(visit: Visit) -> dict[str, Any]:
    """Return the registration as Graph shows it.

    Raises:
        NoSuchRegistration: there is none.
    """
    if not is_guid(visit.object_id):
        raise NoSuchRegistration
    try:
        return await visit.graph.get(f"/applications/{visit.object_id}")
    except FormRefused as refused:
        if refused.status == 404:
            raise NoSuchRegistration from None
        raise


async def principal_of(visit: Visit, app: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return its service principal in this directory, if there is one."""
    try:
        return await visit.graph.get(f"/servicePrincipals(appId='{app['appId']}')")
    except FormRefused as refused:
        if refused.status == 404:
            return None
        raise


def may_change(visit: Visit, app: Mapping[str, Any]) -> bool:
    """Say whether this person may change it, by Graph's own rule."""
    return authority.may_change(visit.call, visit.who, app["id"])


def off_unless_owner(visit: Visit, app: Mapping[str, Any]) -> str:
    """Return why its forms can't be sent by this person; empty if they can."""
    return "" if may_change(visit, app) else NOT_YOURS
