"""The pages a person sees, each from the template of its name.

Each says PRACTICE, none asks for a password, none needs JavaScript. A page names itself in
``<meta name="practice-page">`` so that a program can tell which one it is looking at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from urllib.parse import quote

from practice_tenant.server.directory.objects import Application, User
from practice_tenant.server.http.messages import HTMLResponse
from practice_tenant.server.http.templates import Templates
from practice_tenant.server.login.accounts import Choice
from practice_tenant.server.login.static_permissions import RequestedPermission
from practice_tenant.server.web import Call

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
_HEADERS = {
    "Cache-Control": "no-store, no-cache",
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_TEMPLATES = Templates(Path(__file__).with_name("templates"), _HEADERS)

Fields = Iterable[tuple[str, str]]
# How long the applications have to hear that someone signed out, before the browser goes on.
SECONDS_FOR_FRAMES = 2
_URL = ":/%#?=@[]!$&'()*+,;~"


def account_picker(
    action: str, fields: Fields, client: Application, choices: Sequence[Choice], hinted: Callable[[User], bool]
) -> HTMLResponse:
    """Show the people who can sign in; choosing one is the whole sign-in."""
    return _TEMPLATES.page(
        "account-picker", action=action, fields=fields, client=client, choices=choices, is_hinted=hinted
    )


def consent(
    action: str, fields: Fields, client: Application, user: User, permissions: Sequence[RequestedPermission]
) -> HTMLResponse:
    """Ask the user to grant what the client wants, each permission with what it means."""
    return _TEMPLATES.page("consent", action=action, fields=fields, client=client, user=user, permissions=permissions)


def second_factor(action: str, fields: Fields, user: User, registered: bool) -> HTMLResponse:
    """Ask for a second factor, or to register one first; nothing is sent to any phone."""
    return _TEMPLATES.page("second-factor", action=action, fields=fields, user=user, registered=registered)


def admin_consent(
    action: str, fields: Fields, client: Application, user: User, permissions: Sequence[RequestedPermission]
) -> HTMLResponse:
    """Ask an administrator to grant what the client wants for everyone."""
    return _TEMPLATES.page(
        "admin-consent", action=action, fields=fields, client=client, user=user, permissions=permissions
    )


def admin_approval(
    action: str,
    again: str,
    fields: Fields,
    client: Application,
    user: User,
    permissions: Sequence[RequestedPermission],
    text: str,
) -> HTMLResponse:
    """Tell a user that only an administrator can grant what the client wants.

    Args:
        action: where giving up is posted to.
        again: where another account can be picked.
    """
    fields = list(fields)
    other = [(name, value) for name, value in fields if name not in ("prompt", "login_hint", "flow")]
    return _TEMPLATES.page(
        "admin-approval",
        action=action,
        fields=fields,
        again=again,
        other=[*other, ("prompt", "select_account")],
        client=client,
        user=user,
        permissions=permissions,
        text=text,
    )


def error(call: Call, code: int, text: str) -> HTMLResponse:
    """Show an error that must not, or can't, be told to the client."""
    return _TEMPLATES.page("error", 400, code=code, text=text, request_id=call.trace_id)


def form_post(target: str, fields: Fields) -> HTMLResponse:
    """Hand the answer to the client by a form. Source: OAuth 2.0 Form Post Response Mode."""
    response = _TEMPLATES.page("form-post", action=target, fields=fields)
    response.headers["content-security-policy"] = f"{_POLICY}; script-src 'unsafe-inline'"
    return response


def signed_out(frames: Sequence[str] = (), back: str = "") -> HTMLResponse:
    """Say that the session is over, tell the applications in frames nobody sees, and lead back.

    Args:
        frames: addresses of the applications. Source: OpenID Connect Front-Channel Logout 1.0.
        back: where to go on.
    """
    response = _TEMPLATES.page("signed-out", frames=frames, back=back)
    if frames:
        response.headers["content-security-policy"] = f"{_POLICY}; frame-src http: https:"
    if back:
        response.headers["refresh"] = f"{SECONDS_FOR_FRAMES}; url={quote(back, safe=_URL)}"
    return response


def device_code(action: str, fields: Fields, wrong: str) -> HTMLResponse:
    """Ask for the code that a device shows.

    Args:
        wrong: what was wrong with the code that was entered before.
    """
    return _TEMPLATES.page("device-code", action=action, fields=fields, wrong=wrong)


def device_confirm(action: str, fields: Fields, client: Application, upn: str) -> HTMLResponse:
    """Ask whether the device that gets the tokens is the one that was meant."""
    return _TEMPLATES.page("device-confirm", action=action, fields=fields, client=client, upn=upn)


def device_done(client: Application) -> HTMLResponse:
    return _TEMPLATES.page("device-done", client=client)


def device_declined(client: Application) -> HTMLResponse:
    return _TEMPLATES.page("device-declined", client=client)


def device_error(text: str) -> HTMLResponse:
    """Show why the sign-in that a device asked for can't be made."""
    return _TEMPLATES.page("error", 400, code=None, text=text)
