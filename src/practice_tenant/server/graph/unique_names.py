"""A name of the client's own choice, which an application keeps for ever and no other one may have.

Source: https://learn.microsoft.com/graph/api/application-upsert; that a deleted application keeps it:
https://github.com/microsoftgraph/msgraph-bicep-types/issues/137
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from practice_tenant.server.directory import apps, deleted
from practice_tenant.server.directory.objects import Application
from practice_tenant.server.graph import errors
from practice_tenant.server.graph.caller import Caller
from practice_tenant.server.web import Call

NAME = "uniqueName"


def application(call: Call, who: Caller) -> Application | None:
    """Return the application that has the name in the path."""
    every = apps.applications(call.service.store, who.directory.tenant_id)
    return next((application for application in every if application.graph.get(NAME) == call.path["unique_name"]), None)


def check_free(call: Call, who: Caller, graph: Mapping[str, Any]) -> None:
    """Refuse a name that another application has, or had until it was deleted.

    Raises:
        GraphError: 400.
    """
    store, tenant_id = call.service.store, who.directory.tenant_id
    taken = {application.graph.get(NAME) for application in apps.applications(store, tenant_id)}
    taken |= {item.graph.get(NAME) for item in deleted.items(store, tenant_id, call.now(tenant_id))}
    if graph.get(NAME) and graph[NAME] in taken:
        raise errors.bad_request("Another object with the same value for property uniqueName already exists.")
