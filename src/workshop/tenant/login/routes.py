"""The endpoints of the identity platform that programs call, one row each.

Discovery is in `discovery_routes`, the pages are in `page_routes`; every other path answers 404, as at Entra.
"""

from __future__ import annotations

from workshop.tenant.http.routing import HttpRoute
from workshop.tenant.login import device_code, envelope
from workshop.tenant.login.cross_origin import preflight
from workshop.tenant.login.token import by_get, token
from workshop.tenant.service import Service
from workshop.tenant.web import Row, routes

JSON: tuple[Row, ...] = (
    ("POST", "/{tenant}/oauth2/v2.0/token", token),
    ("OPTIONS", "/{tenant}/oauth2/v2.0/token", preflight),
    ("POST", "/{tenant}/oauth2/v2.0/devicecode", device_code.device_authorization),
)

BY_GET: tuple[Row, ...] = (
    ("GET", "/{tenant}/oauth2/v2.0/token", by_get),
    ("GET", "/{tenant}/oauth2/v2.0/devicecode", by_get),
)


def login_routes(service: Service) -> list[HttpRoute]:
    return [*routes(service, JSON, envelope.answer_json), *routes(service, BY_GET, envelope.answer_page)]
