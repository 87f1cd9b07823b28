"""What programs ask before anything else, one row each.

These rows stand apart so that the first answer of a start needs no module of the sign-in.
"""

from __future__ import annotations

from practice_tenant.server.http.routing import HttpRoute
from practice_tenant.server.login import discovery, envelope
from practice_tenant.server.service import Service
from practice_tenant.server.web import Row, routes

DISCOVERY: tuple[Row, ...] = (
    ("GET", "/{tenant}/v2.0/.well-known/openid-configuration", discovery.openid_configuration),
    ("GET", "/{tenant}/discovery/v2.0/keys", discovery.keys),
    ("GET", "/common/discovery/instance", discovery.instance_discovery),
)


def discovery_routes(service: Service) -> list[HttpRoute]:
    return routes(service, DISCOVERY, envelope.answer_json)
