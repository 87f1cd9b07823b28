"""Signing out. Source: https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc#send-a-sign-out-request"""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from workshop.tenant.login import clients, pages, redirects, session
from workshop.tenant.login.answer import appended, present
from workshop.tenant.login.realm import realm
from workshop.tenant.web import Call


async def sign_out(call: Call) -> Response:
    """Answer ``/{tenant}/oauth2/v2.0/logout``: end the browser's session."""
    call.remark.flow = "sign-out"
    where = realm(call)
    response: Response = pages.signed_out()
    wanted = call.value("post_logout_redirect_uri")
    client = clients.find(call, where, call.value("client_id")) if call.value("client_id") else None
    if client and redirects.platform_of(client, wanted):
        response = RedirectResponse(appended(wanted, "?", present([("state", call.value("state"))])), 302)
    session.end(call, response)
    return response
