"""The pages a person sees. Each says PRACTICE, none asks for a password, none needs JavaScript.

A page names itself in ``<meta name="practice-page">`` so that a program can tell which one it is looking at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from importlib import resources

from starlette.responses import HTMLResponse

from workshop.tenant.directory.objects import Application, Directory, Scope, User
from workshop.tenant.login.consent import Permission
from workshop.tenant.web import Call

_HEADERS = {
    "Cache-Control": "no-store, no-cache",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_STYLE = resources.files(__package__).joinpath("pages.css").read_text("utf-8")

Fields = Iterable[tuple[str, str]]


def account_picker(
    action: str,
    fields: Fields,
    client: Application,
    groups: Sequence[tuple[Directory, Sequence[User]]],
    hint: str,
) -> HTMLResponse:
    """Show the people who can sign in; choosing one is the whole sign-in."""
    buttons = "".join(
        f"<h2>{escape(directory.display_name)}</h2><ul>{''.join(_account(user, hint) for user in users)}</ul>"
        for directory, users in groups
    )
    return _page(
        "account-picker",
        "Pick an account",
        f"<p>to continue to <strong>{escape(client.display_name)}</strong></p>"
        f'<form method="post" action="{escape(action)}">{_hidden(fields)}{buttons}</form>',
    )


def _account(user: User, hint: str) -> str:
    kind = (
        "account disabled"
        if not user.enabled
        else "guest"
        if user.is_guest
        else "administrator"
        if user.is_administrator
        else "member"
    )
    focus = " autofocus" if hint and user.upn.lower() == hint.lower() else ""
    return (
        f'<li><button name="account" value="{escape(user.upn)}"{focus}><span class="name">{escape(user.display_name)}'
        f'</span><span class="detail">{escape(user.upn)}</span>'
        f'<span class="detail">{kind}</span></button></li>'
    )


def consent(
    action: str, fields: Fields, client: Application, user: User, permissions: Sequence[Permission]
) -> HTMLResponse:
    """Ask the user to grant what the client wants, each permission with what it means."""
    rows = "".join(_permission(permission) for permission in permissions)
    for_all = (
        '<p><label><input type="checkbox" name="organization" value="true"> Consent on behalf of your organization'
        "</label><br>If you check this, nobody in the organization is asked for these permissions again.</p>"
        if user.is_administrator
        else ""
    )
    return _page(
        "consent",
        "Permissions requested",
        f"<p>Signed in as {escape(user.upn)}</p><p><strong>{escape(client.display_name)}</strong> would like to:</p>"
        f"<ul>{rows}</ul><p>Accepting means that you allow this app to use your data as listed. You can withdraw "
        f'this at any time.</p><form method="post" action="{escape(action)}">{_hidden(fields)}{for_all}'
        '<p class="choice"><button name="decision" value="cancel" class="quiet">Cancel</button>'
        '<button name="decision" value="accept">Accept</button></p></form>',
    )


def _permission(permission: Permission) -> str:
    scope = permission.scope
    return (
        f'<li><span class="name">{escape(scope.title)}</span>'
        f"{_detail(scope)}"
        f'<span class="detail">{escape(permission.resource.display_name)}: '
        f"<code>{escape(scope.value)}</code></span></li>"
    )


def _detail(scope: Scope) -> str:
    """Show a description that says more than the title."""
    return "" if scope.description in ("", scope.title) else f'<span class="detail">{escape(scope.description)}</span>'


def admin_approval(client: Application, user: User, permissions: Sequence[Permission], text: str) -> HTMLResponse:
    """Tell a user that only an administrator can grant what the client wants."""
    rows = "".join(_permission(permission) for permission in permissions)
    return _page(
        "error",
        "Need admin approval",
        f"<p>Signed in as {escape(user.upn)}</p><p><strong>{escape(client.display_name)}</strong> needs permission to "
        "access resources in your organization that only an administrator can grant. Please ask an administrator to "
        f'grant it before you can use the app.</p><ul>{rows}</ul><p id="error-text">{escape(text)}</p>',
    )


def error(call: Call, code: int, text: str) -> HTMLResponse:
    """Show an error that must not, or can't, be told to the client."""
    return _page(
        "error",
        "Sign in",
        "<p>Sorry, but we're having trouble signing you in.</p>"
        f'<p id="error-text">{escape(text)}</p>'
        f"<dl><dt>Error code</dt><dd>{code}</dd><dt>Request id</dt><dd>{escape(call.trace_id)}</dd></dl>",
        400,
    )


def form_post(target: str, fields: Fields) -> HTMLResponse:
    """Hand the answer to the client by a form. Source: OAuth 2.0 Form Post Response Mode."""
    response = _page(
        "form-post",
        "Working...",
        f'<form method="post" action="{escape(target)}">{_hidden(fields)}'
        "<p><button>Continue to the app</button></p></form><script>document.forms[0].submit()</script>",
    )
    response.headers["Content-Security-Policy"] = _HEADERS["Content-Security-Policy"] + "; script-src 'unsafe-inline'"
    return response


def signed_out() -> HTMLResponse:
    return _page("signed-out", "You signed out of your account", "<p>You can close this window.</p>")


def plain(name: str, title: str, text: str, status: int) -> HTMLResponse:
    return _page(name, title, f"<p>{escape(text)}</p>", status)


def _hidden(fields: Fields) -> str:
    return "".join(f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in fields)


def _page(name: str, title: str, body: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>PRACTICE: {escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><meta name="practice-page" content="{name}">'
        f"<style>{_STYLE}</style></head><body>"
        '<header role="banner"><strong>PRACTICE</strong> This is the practice tenant of a workshop on your own '
        "machine. It is not Microsoft. Never type a password here.</header>"
        f"<main><h1>{escape(title)}</h1>{body}</main></body></html>",
        status,
        _HEADERS,
    )
