"""The browser's session and the guard against forged form posts: two cookies."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from practice_tenant.server.directory import people, sessions
from practice_tenant.server.directory.objects import User
from practice_tenant.server.directory.sessions import BrowserSession
from practice_tenant.server.http.messages import Response
from practice_tenant.server.login import errors
from practice_tenant.server.web import Call

SESSION = "__Host-practice-session"
FLOW = "__Host-practice-flow"


@dataclass(frozen=True)
class SignedInUser:
    """Who is signed in in this browser; ``user`` is the account of the directory they signed in to first."""

    cookie: str
    session: BrowserSession
    user: User


def current(call: Call) -> SignedInUser | None:
    """Return who is signed in in this browser; a user disabled, or whose sessions were revoked, since then is not."""
    cookie = call.request.cookies.get(SESSION, "")
    session = sessions.find(call.service.store, cookie) if cookie else None
    user = people.user(call.service.store, session.tenant_id, session.user_id) if session else None
    if session is None or user is None or not user.enabled or session.started < user.sessions_valid_from:
        return None
    return SignedInUser(cookie, session, user)


def new(call: Call, user: User) -> SignedInUser:
    """Return a session of this user; it begins when it is kept."""
    session = BrowserSession(call.service.guid(), user.tenant_id, user.id, call.now(user.tenant_id), None)
    return SignedInUser(call.service.opaque(32), session, user)


def keep(call: Call, response: Response, signed_in: SignedInUser) -> None:
    """Begin a session in the browser that gets this response; one before it ends."""
    store = call.service.store
    with store.transaction():
        sessions.end(store, call.request.cookies.get(SESSION, ""))
        sessions.begin(store, signed_in.cookie, signed_in.session)
    _set(response, SESSION, signed_in.cookie)


def end(call: Call, response: Response) -> None:
    """End the browser's session, here and there."""
    sessions.end(call.service.store, call.request.cookies.get(SESSION, ""))
    response.delete_cookie(SESSION)


def flow_token(call: Call) -> str:
    """Return the token that stands in this browser's cookie and in each of its forms."""
    return call.request.cookies.get(FLOW, "") or call.service.opaque(24)


def keep_flow(response: Response, token: str) -> None:
    _set(response, FLOW, token)


def check_form(call: Call) -> None:
    """Refuse a form that this browser did not get from here.

    Raises:
        LoginError: 9002313.
    """
    cookie = call.request.cookies.get(FLOW, "")
    origin = call.request.headers.get("origin", "")
    foreign = origin not in ("", "null", f"https://{call.host}")
    if not cookie or foreign or not hmac.compare_digest(cookie.encode(), call.value("flow").encode()):
        raise errors.malformed()


def _set(response: Response, name: str, value: str) -> None:
    response.set_cookie(name, value)
