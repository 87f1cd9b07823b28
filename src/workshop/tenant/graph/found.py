"""Find the objects that a path names.

Source: https://learn.microsoft.com/graph/api/application-get and https://learn.microsoft.com/graph/api/serviceprincipal-get
"""

from __future__ import annotations

import re

from workshop.tenant.directory import apps
from workshop.tenant.directory.objects import Application
from workshop.tenant.graph import errors
from workshop.tenant.graph.caller import Caller
from workshop.tenant.web import Call

# applications/{id} or applications(appId='{appId}'); the same for service principals.
ADDRESS = r"(?:/[^/()]+|\(appId='[^']*'\))"

_BY_APP_ID = re.compile(r"\w+\(appId='([^']*)'\)", re.IGNORECASE)


def application(call: Call, who: Caller) -> Application:
    """Return the application that the path names by object id or by application id.

    Raises:
        GraphError: 404.
    """
    store, tenant_id = call.service.store, who.directory.tenant_id
    address = call.path["application"]
    by_app_id = _BY_APP_ID.fullmatch(address)
    if by_app_id:
        wanted = by_app_id[1]
        found = apps.application(store, wanted)
    else:
        wanted = address.partition("/")[2]
        found = apps.application_object(store, tenant_id, wanted)
    if found is None or found.tenant_id != tenant_id:
        raise errors.not_found(wanted[:200])
    return found
