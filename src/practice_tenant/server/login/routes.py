"""The endpoints of the identity platform that programs call, one row each.

Discovery is in `discovery`, the pages are in `page_routes`; every other path answers 404, as at Entra.
"""

from __future__ import annotations

from practice_tenant.server.http.routing import HttpRoute
from practice_tenant.server.login import device_code, envelope, head, version1
from practice_tenant.server.login.cross_origin import preflight
from practice_tenant.server.login.token import by_get, token
from practice_tenant.server.service import Service
from practice_tenant.server.web import Row, routes

JSON: tuple[Row, ...] = (
    ("POST", "/{tenant}/oauth2/v2.0/token", token),
    ("OPTIONS", "/{tenant}/oauth2/v2.0/token", preflight),
    ("POST", "/{tenant}/oauth2/v2.0/devicecode", device_code.device_authorization),
    ("POST", "/{tenant}/oauth2/token", version1.token_v1),
    ("OPTIONS", "/{tenant}/oauth2/token", preflight),
)

BY_GET: tuple[Row, ...] = (
    ("GET", "/{tenant}/oauth2/v2.0/token", by_get),
    ("GET", "/{tenant}/oauth2/v2.0/devicecode", by_get),
    ("GET", "/{tenant}/oauth2/token", by_get),
)


def login_routes(service: Service) -> list[HttpRoute]:
    return [
        *routes(service, JSON, envelope.answer_json, complete=head.complete),
        *routes(service, BY_GET, envelope.answer_page, complete=head.complete),
    ]
