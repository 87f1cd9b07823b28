"""The browser's session and the guard against forged form posts: two cookies."""

from __future__ import annotations

import hmac

from starlette.responses import Response

from workshop.tenant.directory import people
from workshop.tenant.directory.objects import User
from workshop.tenant.login import errors
from workshop.tenant.web import Call

SESSION = "__Host-practice-session"
FLOW = "__Host-practice-flow"


def signed_in(call: Call) -> User | None:
    """Return who is signed in in this browser; a user disabled since then is not."""
    cookie = call.request.cookies.get(SESSION, "")
    found = call.service.store.session(cookie) if cookie else None
    user = people.user(call.service.store, *found) if found else None
    return user if user and user.enabled else None


def begin(call: Call, response: Response, user: User) -> None:
    cookie = call.service.opaque(32)
    call.service.store.add_session(cookie, user.tenant_id, user.id, call.now)
    _set(response, SESSION, cookie)


def end(response: Response) -> None:
    response.delete_cookie(SESSION, secure=True, httponly=True, samesite="lax")


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
    response.set_cookie(name, value, secure=True, httponly=True, samesite="lax", path="/")
