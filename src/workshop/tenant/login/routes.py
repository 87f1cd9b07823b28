"""The paths of the identity platform, one row each; every other path answers 404, as at Entra."""

from __future__ import annotations

from starlette.routing import Route

from workshop.tenant.login import authorize, discovery, envelope
from workshop.tenant.login.sign_out import sign_out
from workshop.tenant.login.token import token
from workshop.tenant.service import Service
from workshop.tenant.web import Row, routes

JSON: tuple[Row, ...] = (
    ("POST", "/{tenant}/oauth2/v2.0/token", token),
    ("GET", "/{tenant}/v2.0/.well-known/openid-configuration", discovery.openid_configuration),
    ("GET", "/{tenant}/discovery/v2.0/keys", discovery.keys),
    ("GET", "/common/discovery/instance", discovery.instance_discovery),
)

PAGES: tuple[Row, ...] = (
    ("GET", "/{tenant}/oauth2/v2.0/authorize", authorize.authorize),
    ("POST", "/{tenant}/oauth2/v2.0/authorize", authorize.authorize),
    ("POST", "/{tenant}/login", authorize.pick_account),
    ("POST", "/{tenant}/consent", authorize.decide_consent),
    ("GET", "/{tenant}/oauth2/v2.0/logout", sign_out),
)


def login_routes(service: Service) -> list[Route]:
    return [*routes(service, JSON, envelope.answer_json), *routes(service, PAGES, envelope.answer_page)]
