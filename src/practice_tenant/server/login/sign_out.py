"""Signing out: the end of the browser's session, told to the applications, and the way back.

Source: OpenID Connect RP-Initiated Logout 1.0, Front-Channel Logout 1.0;
https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc#send-a-sign-out-request
"""

from __future__ import annotations

import base64
import json
from urllib.parse import urlsplit

from practice_tenant.server.directory import apps, sessions
from practice_tenant.server.directory.objects import Application
from practice_tenant.server.http.messages import RedirectResponse, Response
from practice_tenant.server.login import accounts, pages, realm, redirects, session
from practice_tenant.server.login.answer import appended, present
from practice_tenant.server.login.session import SignedInUser
from practice_tenant.server.web import Call

LONGEST_HINT = 8_192


async def sign_out(call: Call) -> Response:
    """Answer GET and POST ``/{tenant}/oauth2/v2.0/logout``.

    A ``logout_hint`` that names somebody else ends nothing.
    """
    call.remark.flow = "sign-out"
    realm.realm(call)
    signed_in = session.current(call)
    hint = call.value("logout_hint")
    ends = signed_in is None or not hint or accounts.is_hinted(signed_in.user, hint)
    known = _clients_of(call, signed_in)
    back = _back(call, known)
    frames = _front_channel(call, signed_in, known) if ends and signed_in else []
    response: Response = RedirectResponse(back, 302) if back and not frames else pages.signed_out(frames, back)
    if ends:
        session.end(call, response)
    return response


def _clients_of(call: Call, signed_in: SignedInUser | None) -> list[Application]:
    """Return the applications of the session, and the one that asks: by its id or by an id token it holds."""
    ids = sessions.clients(call.service.store, signed_in.cookie) if signed_in else []
    asking = (call.value("client_id"), _audience(call.value("id_token_hint")))
    applications = (apps.application(call.service.store, app_id) for app_id in dict.fromkeys([*asking, *ids]) if app_id)
    return [application for application in applications if application]


def _audience(id_token: str) -> str:
    """Return whom an id token was for; it may have expired, and nothing is given for it but a way back."""
    try:
        body = id_token[:LONGEST_HINT].split(".")[1]
        audience = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))["aud"]
    except (ValueError, IndexError, KeyError, TypeError, RecursionError):
        return ""
    return audience if isinstance(audience, str) else ""


def _back(call: Call, known: list[Application]) -> str:
    """Return the way back, if one of these applications has registered it; else there is none."""
    wanted = call.value("post_logout_redirect_uri")
    if not any(redirects.platform_of(application, wanted) for application in known):
        return ""
    return appended(wanted, "?", present([("state", call.value("state"))]))


def _front_channel(call: Call, signed_in: SignedInUser, known: list[Application]) -> list[str]:
    """Return the addresses at which the session's applications want to hear of its end."""
    issuer = realm.issuer(call, signed_in.session.tenant_id)
    mine = set(sessions.clients(call.service.store, signed_in.cookie))
    urls = [str(application.graph["web"].get("logoutUrl") or "") for application in known if application.app_id in mine]
    return [appended(url, "?", [("iss", issuer), ("sid", signed_in.session.sid)]) for url in urls if _is_web(url)]


def _is_web(url: str) -> bool:
    try:
        return urlsplit(url).scheme in ("http", "https")
    except ValueError:
        return False
