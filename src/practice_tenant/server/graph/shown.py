"""How objects are shown: what is stored, in Graph's JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from practice_tenant.server.directory import apps, groups, people
from practice_tenant.server.directory.groups import Group
from practice_tenant.server.directory.ids import guid
from practice_tenant.server.directory.objects import DIRECTORY_ROLES, FEDERATED, Application, ServicePrincipal, User
from practice_tenant.server.directory.people_shapes import ROLE, group_json, user_json, whole
from practice_tenant.server.directory.shapes import APPLICATION, PRINCIPAL
from practice_tenant.server.directory.store import Store
from practice_tenant.server.graph import certificates, kinds
from practice_tenant.server.graph.kinds import EntityType

Graph = dict[str, Any]
Item = tuple[EntityType, Graph]


def application(stored: Application, *, keys: bool = False) -> Graph:
    """Return an application: what is a relation in Graph is not in it, and its keys only where they were selected."""
    return _with_credentials({**APPLICATION, **stored.graph}, keys)


def principal(stored: ServicePrincipal, *, keys: bool = False) -> Graph:
    return _with_credentials({**PRINCIPAL, **stored.graph}, keys)


def user(stored: User) -> Graph:
    return user_json(stored.graph)


def group(stored: Group) -> Graph:
    return group_json(stored.graph)


def roles(tenant_id: str, templates: Iterable[str]) -> list[Graph]:
    """Return the directory roles with these template ids; their own ids differ from directory to directory."""
    return [
        whole(
            ROLE,
            {
                "id": guid(tenant_id, "role", template),
                "displayName": DIRECTORY_ROLES[template][0],
                "description": DIRECTORY_ROLES[template][1],
                "roleTemplateId": template,
            },
        )
        for template in templates
        if template in DIRECTORY_ROLES
    ]


def item(store: Store, tenant_id: str, object_id: str) -> Item | None:
    """Return any object of the directory by its object id, with its kind."""
    person = people.user(store, tenant_id, object_id)
    if person and person.id == object_id.lower():
        return kinds.USER, user(person)
    if stored := groups.group(store, tenant_id, object_id):
        return kinds.GROUP, group(stored)
    served = apps.principal(store, tenant_id, object_id)
    if served and served.id == object_id.lower():
        return kinds.PRINCIPAL, principal(served)
    if registered := apps.application_object(store, tenant_id, object_id):
        return kinds.APPLICATION, application(registered)
    for role in roles(tenant_id, DIRECTORY_ROLES):
        if role["id"] == object_id.lower():
            return kinds.ROLE, role
    return None


def items(store: Store, tenant_id: str, object_ids: Iterable[str]) -> list[Item]:
    """Return those of the objects that are there."""
    every = (item(store, tenant_id, object_id) for object_id in object_ids)
    return [entry for entry in every if entry]


def without_details(entry: Item) -> Item:
    """Return an object as those see it who may not read its kind: type and id, everything else null.

    Source: https://learn.microsoft.com/graph/permissions-overview (limited information for inaccessible members)
    """
    kind, graph = entry
    return kind, {name: value if name == "id" else None for name, value in graph.items()}


def _with_credentials(graph: Mapping[str, Any], keys: bool) -> Graph:
    visible = {name: value for name, value in graph.items() if name != FEDERATED}
    return visible if keys else {**visible, "keyCredentials": certificates.shown(graph["keyCredentials"])}
