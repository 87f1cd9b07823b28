"""The paths of the identity platform, one row each; every other path answers 404, as at Entra."""

from __future__ import annotations

from starlette.routing import Route

from workshop.tenant.login import authorize, device_code, discovery, envelope
from workshop.tenant.login.admin_consent import admin_consent
from workshop.tenant.login.cross_origin import preflight
from workshop.tenant.login.sign_out import sign_out
from workshop.tenant.login.token import by_get, token
from workshop.tenant.service import Service
from workshop.tenant.web import Row, routes

JSON: tuple[Row, ...] = (
    ("POST", "/{tenant}/oauth2/v2.0/token", token),
    ("OPTIONS", "/{tenant}/oauth2/v2.0/token", preflight),
    ("POST", "/{tenant}/oauth2/v2.0/devicecode", device_code.device_authorization),
    ("GET", "/{tenant}/v2.0/.well-known/openid-configuration", discovery.openid_configuration),
    ("GET", "/{tenant}/discovery/v2.0/keys", discovery.keys),
    ("GET", "/common/discovery/instance", discovery.instance_discovery),
)

PAGES: tuple[Row, ...] = (
    ("GET", "/{tenant}/oauth2/v2.0/authorize", authorize.authorize),
    ("POST", "/{tenant}/oauth2/v2.0/authorize", authorize.authorize),
    ("POST", "/{tenant}/login", authorize.pick_account),
    ("POST", "/{tenant}/consent", authorize.decide_consent),
    ("POST", "/{tenant}/second-factor", authorize.show_second_factor),
    ("GET", "/{tenant}/v2.0/adminconsent", admin_consent),
    ("POST", "/{tenant}/v2.0/adminconsent", admin_consent),
    ("GET", "/{tenant}/adminconsent", admin_consent),
    ("POST", "/{tenant}/adminconsent", admin_consent),
    ("GET", "/{tenant}/oauth2/v2.0/logout", sign_out),
    ("POST", "/{tenant}/oauth2/v2.0/logout", sign_out),
    ("GET", "/{tenant}/oauth2/v2.0/token", by_get),
    ("GET", "/{tenant}/oauth2/v2.0/devicecode", by_get),
    ("GET", device_code.ENTRY, device_code.enter_code),
    ("POST", device_code.ENTRY, device_code.check_code),
    ("GET", device_code.RETURN, device_code.came_back),
    ("POST", device_code.RETURN, device_code.decide),
    ("GET", "/device", device_code.short_address),
)

SHORT: tuple[Row, ...] = (
    ("GET", "/devicelogin", device_code.short_address),
    ("GET", "/deviceloginus", device_code.short_address),
)


def login_routes(service: Service) -> list[Route]:
    return [*routes(service, JSON, envelope.answer_json), *routes(service, PAGES, envelope.answer_page)]


def short_routes(service: Service) -> list[Route]:
    """Return the short addresses that devices show, on a host of Microsoft's."""
    return routes(service, SHORT, envelope.answer_page)
