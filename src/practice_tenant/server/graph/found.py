"""Find the objects that a path names.

Source: https://learn.microsoft.com/graph/api/application-get, https://learn.microsoft.com/graph/api/serviceprincipal-get
and https://learn.microsoft.com/graph/api/user-get
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from practice_tenant.server.directory import apps, groups, people, replication
from practice_tenant.server.directory.groups import Group
from practice_tenant.server.directory.objects import Application, ServicePrincipal, User
from practice_tenant.server.graph import errors, shown
from practice_tenant.server.graph.caller import Caller
from practice_tenant.server.graph.permissions import Needed
from practice_tenant.server.web import Call

Registered = TypeVar("Registered", Application, ServicePrincipal)

# A key is one segment; functions of a collection, such as delta, are none.
KEY = r"(?!delta(?:/|$))[^/()]+"
# applications/{id} or applications(appId='{appId}'); the same for service principals.
BY_ID_OR_APP_ID = rf"(?:/{KEY}|\(appId='[^']*'\))"
PERSON = rf"(?:me|users/{KEY}|users\('[^']*'\))"
APPLICATION = "applications" + BY_ID_OR_APP_ID
PRINCIPAL = "servicePrincipals" + BY_ID_OR_APP_ID
GROUP = f"groups/{KEY}"
# Whoever can be a member of a group or hold an app role.
HOLDER = f"(?:{PERSON}|{GROUP}|{PRINCIPAL}|directoryObjects/{KEY})"
OWNED = f"(?:{APPLICATION}|{PRINCIPAL}|{GROUP})"

_ADDRESS = re.compile(r"(?P<set>\w+)(?:/(?P<id>.+)|\((?:(?P<by>\w+)=)?'(?P<key>.*)'\))?", re.DOTALL)


def address(text: str) -> tuple[str, str, bool]:
    """Return the set in lower case, the key, and whether the key is an application id."""
    match = _ADDRESS.fullmatch(text)
    if match is None:
        raise errors.not_found(text[:200])
    return match["set"].lower(), match["id"] or match["key"] or "", match["by"] is not None


def application(call: Call, who: Caller) -> Application:
    """Return the application that the path names by object id or by application id.

    Raises:
        GraphError: 404.
    """
    store, tenant_id = call.service.store, who.directory.tenant_id
    _, wanted, by_app_id = address(call.path["application"])
    registration = apps.application(store, wanted) if by_app_id else apps.application_object(store, tenant_id, wanted)
    if registration is None or registration.tenant_id != tenant_id or registration.id in hidden(call, who):
        raise errors.not_found(wanted[:200])
    return registration


def principal(call: Call, who: Caller) -> ServicePrincipal:
    """Return the service principal that the path names by object id or by application id.

    Raises:
        GraphError: 404.
    """
    _, wanted, by_app_id = address(call.path["principal"])
    service_principal = apps.principal(call.service.store, who.directory.tenant_id, wanted)
    if service_principal is None or service_principal.id in hidden(call, who):
        raise errors.not_found(wanted[:200])
    if (service_principal.app_id if by_app_id else service_principal.id).lower() != wanted.lower():
        raise errors.not_found(wanted[:200])
    return service_principal


def own_or_permitted(who: Caller, needed: Needed, find: Callable[[], Registered]) -> Registered:
    """Find what the caller may read: an application reads itself without any permission.

    Raises:
        GraphError: 403, also for what is not there; 404 to whom it may be told.
    """
    if who.may(needed):
        return find()
    try:
        addressed = find()
    except errors.GraphError:
        raise errors.denied() from None
    if who.user is not None or addressed.app_id != who.app_id:
        raise errors.denied()
    return addressed


def person(call: Call, who: Caller, text: str = "") -> User:
    """Return the user that the path, or another address, names: ``me``, an object id, or a user principal name.

    Raises:
        GraphError: 404, 400 for an application's ``/me``.
    """
    collection, wanted, _ = address(text or call.path["person"])
    if collection == "me":
        return who.person
    user = people.user(call.service.store, who.directory.tenant_id, wanted)
    if user is None or user.id in hidden(call, who):
        raise errors.not_found(wanted[:200])
    return user


def group(call: Call, who: Caller) -> Group:
    """Return the group that the path names.

    Raises:
        GraphError: 404.
    """
    wanted = address(call.path["group"])[1]
    group = groups.group(call.service.store, who.directory.tenant_id, wanted)
    if group is None or group.id in hidden(call, who):
        raise errors.not_found(wanted[:200])
    return group


def item(call: Call, who: Caller, text: str) -> shown.Item:
    """Return any object of the directory by its address, with its kind.

    Raises:
        GraphError: 404.
    """
    collection, wanted, by_app_id = address(text)
    store, tenant_id = call.service.store, who.directory.tenant_id
    if collection == "me":
        wanted = who.person.id
    elif collection == "users":
        found_user = people.user(store, tenant_id, wanted)
        wanted = found_user.id if found_user else wanted
    elif by_app_id:
        served = apps.principal(store, tenant_id, wanted)
        registered = apps.application(store, wanted)
        candidate = served if collection == "serviceprincipals" else registered
        wanted = candidate.id if candidate and candidate.app_id.lower() == wanted.lower() else wanted
    shown_item = shown.item(store, tenant_id, wanted)
    if shown_item is None or shown_item[1]["id"] in hidden(call, who):
        raise errors.not_found(wanted[:200])
    if collection not in ("me", "directoryobjects") and shown_item[0].set.lower() != collection:
        raise errors.not_found(wanted[:200])
    return shown_item


def hidden(call: Call, who: Caller) -> frozenset[str]:
    """Return the ids of what was just made and is not shown yet; nothing unless a teacher set a delay."""
    if not call.settings.replication_delay:
        return frozenset()
    return replication.hidden(call.service.store, who.directory.tenant_id, call.now(who.directory.tenant_id))


def made(call: Call, who: Caller, object_id: str) -> None:
    """Remember that an object was just made, where replication takes time."""
    delay = call.settings.replication_delay
    if delay:
        replication.made(
            call.service.store, who.directory.tenant_id, object_id, call.now(who.directory.tenant_id) + delay
        )
