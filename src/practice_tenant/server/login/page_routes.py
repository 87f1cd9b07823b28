"""The pages of the identity platform, one row each."""

from __future__ import annotations

from practice_tenant.server.http.routing import HttpRoute
from practice_tenant.server.login import authorize, device_code, envelope, head, version1
from practice_tenant.server.login.admin_consent import admin_consent
from practice_tenant.server.login.sign_out import sign_out
from practice_tenant.server.service import Service
from practice_tenant.server.web import Row, routes

PAGES: tuple[Row, ...] = (
    ("GET", "/{tenant}/oauth2/v2.0/authorize", authorize.authorize),
    ("POST", "/{tenant}/oauth2/v2.0/authorize", authorize.authorize),
    ("GET", "/{tenant}/oauth2/authorize", version1.authorize_v1),
    ("POST", "/{tenant}/oauth2/authorize", version1.authorize_v1),
    ("POST", "/{tenant}/login", authorize.pick_account),
    ("POST", "/{tenant}/consent", authorize.decide_consent),
    ("POST", "/{tenant}/second-factor", authorize.show_second_factor),
    ("GET", "/{tenant}/v2.0/adminconsent", admin_consent),
    ("POST", "/{tenant}/v2.0/adminconsent", admin_consent),
    ("GET", "/{tenant}/adminconsent", admin_consent),
    ("POST", "/{tenant}/adminconsent", admin_consent),
    ("GET", "/{tenant}/oauth2/v2.0/logout", sign_out),
    ("POST", "/{tenant}/oauth2/v2.0/logout", sign_out),
    ("GET", "/{tenant}/oauth2/logout", sign_out),
    ("POST", "/{tenant}/oauth2/logout", sign_out),
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


def page_routes(service: Service) -> list[HttpRoute]:
    return routes(service, PAGES, envelope.answer_page, complete=head.complete)


def short_routes(service: Service) -> list[HttpRoute]:
    """Return the short addresses that devices show, on a host of Microsoft's."""
    return routes(service, SHORT, envelope.answer_page, complete=head.complete)
