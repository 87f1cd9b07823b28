"""The pages, one row each: address, what it shows, and what its forms do by the name each sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from practice_tenant.server.admin import (
    authentication,
    credentials,
    expose,
    manifest,
    overview,
    pages,
    permissions,
    registrations,
    roles,
)
from practice_tenant.server.admin.portal import FormRefused
from practice_tenant.server.admin.registration import NoSuchRegistration
from practice_tenant.server.admin.sessions import Sessions
from practice_tenant.server.admin.visit import Act, visiting
from practice_tenant.server.http.messages import Answering, Response
from practice_tenant.server.http.routing import Router
from practice_tenant.server.service import Service
from practice_tenant.server.web import Call, Row, routes, unrouted


@dataclass(frozen=True)
class AdminPage:
    """A page.

    Args:
        path: below the session's place.
        actions: what its forms do.
    """

    path: str
    show: Act
    actions: Mapping[str, Act] = field(default_factory=dict)


PAGES: tuple[AdminPage, ...] = (
    AdminPage("", registrations.listed),
    AdminPage("new", registrations.new, {"register": registrations.register}),
    AdminPage("apps/{id}/overview", overview.show, {"create-principal": overview.create_principal}),
    AdminPage("apps/{id}/delete", overview.ask_delete, {"delete": overview.delete}),
    AdminPage("apps/{id}/branding", overview.branding, {"rename": overview.rename}),
    AdminPage("apps/{id}/authentication", authentication.show, authentication.ACTIONS),
    AdminPage(
        "apps/{id}/credentials",
        credentials.secrets,
        {"add": credentials.add_secret, "delete": credentials.delete_secret},
    ),
    AdminPage(
        "apps/{id}/credentials/certificates",
        credentials.certificates,
        {"upload": credentials.upload, "delete": credentials.delete_certificate},
    ),
    AdminPage(
        "apps/{id}/credentials/federated",
        credentials.federated,
        {"add": credentials.add_federated, "delete": credentials.delete_federated},
    ),
    AdminPage("apps/{id}/api-permissions", permissions.show, {"remove": permissions.remove}),
    AdminPage("apps/{id}/api-permissions/add", permissions.choose, {"add": permissions.add}),
    AdminPage("apps/{id}/grant-admin-consent", permissions.ask_consent, {"consent": permissions.consent}),
    AdminPage(
        "apps/{id}/expose-an-api",
        expose.show,
        {
            "set-uri": expose.set_uri,
            "remove-uri": expose.remove_uri,
            "add-client": expose.add_client,
            "remove-client": expose.remove_client,
        },
    ),
    AdminPage(
        "apps/{id}/expose-an-api/scope",
        expose.scope,
        {
            "set-uri": expose.set_uri,
            "add": expose.add_scope,
            "save": expose.save_scope,
            "delete": expose.delete_scope,
        },
    ),
    AdminPage(
        "apps/{id}/app-roles", roles.show, {"create": roles.create, "switch": roles.switch, "delete": roles.delete}
    ),
    AdminPage("apps/{id}/owners", roles.owners, {"add": roles.add_owner, "remove": roles.remove_owner}),
    AdminPage("apps/{id}/manifest", manifest.show, {"save": manifest.save}),
)


def pages_application(service: Service, sessions: Sessions, tenant: Answering) -> Answering:
    """Return the pages; nothing but the way in is there for whoever has no session.

    Args:
        tenant: the application behind the TLS listener.
    """
    rows: list[Row] = []
    for page in PAGES:
        handler = visiting(sessions, tenant, page.show, page.actions)
        rows.append(("GET", f"/{{place}}/{page.path}", handler))
        if page.actions:
            rows.append(("POST", f"/{{place}}/{page.path}", handler))
    return Router(routes(service, rows, _answer_error), unrouted(service))


def _answer_error(call: Call, error: Exception) -> Response | None:
    """Show what keeps a page from being shown at all."""
    call.remark.reason = str(error)
    if isinstance(error, NoSuchRegistration):
        return pages.not_shown("There is no such app registration in this directory.", 404)
    if isinstance(error, FormRefused):
        return pages.not_shown(error.message, error.status)
    return None
