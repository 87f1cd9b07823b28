"""Applications addressed by their unique name: made if there is none of that name, else changed.

Source: https://learn.microsoft.com/graph/api/application-upsert
"""

from __future__ import annotations

from practice_tenant.server.graph import applications, errors, found, kinds, odata, shown, unique_names
from practice_tenant.server.graph.caller import caller
from practice_tenant.server.graph.permissions import READ_APPLICATIONS, WRITE_APPLICATIONS
from practice_tenant.server.http.messages import Response
from practice_tenant.server.web import Call

CREATE = "create-if-missing"


async def read(call: Call) -> Response:
    """Answer GET /applications(uniqueName='{name}')."""
    who = caller(call)
    who.demand(READ_APPLICATIONS)
    application = unique_names.application(call, who)
    if application is None or application.id in found.hidden(call, who):
        raise errors.not_found(call.path["unique_name"][:200])
    return odata.entity(call, kinds.APPLICATION, shown.application(application))


async def upsert(call: Call) -> Response:
    """Answer PATCH /applications(uniqueName='{name}'): 201 with a new one, 204 for one that was there."""
    who = caller(call)
    who.demand(WRITE_APPLICATIONS)
    application = unique_names.application(call, who)
    given = {name: value for name, value in odata.body(call).items() if name != unique_names.NAME}
    if application:
        return applications.changed(call, who, application, given)
    if CREATE not in call.request.headers.get("prefer", ""):
        raise errors.not_found(call.path["unique_name"][:200])
    return applications.registered(call, who, {**given, unique_names.NAME: call.path["unique_name"]})
