"""The pages a person sees. Each says PRACTICE, none asks for a password, none needs JavaScript.

A page names itself in ``<meta name="practice-page">`` so that a program can tell which one it is looking at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote

from practice_tenant.server.directory.objects import Application, User
from practice_tenant.server.http.messages import HTMLResponse
from practice_tenant.server.login.accounts import Choice
from practice_tenant.server.login.static_permissions import Permission
from practice_tenant.server.web import Call

_HEADERS = {
    "Cache-Control": "no-store, no-cache",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_STYLE = Path(__file__).with_name("pages.css").read_text("utf-8")

Fields = Iterable[tuple[str, str]]
# How long the applications have to hear that someone signed out, before the browser goes on.
SECONDS_FOR_FRAMES = 2
_URL = ":/%#?=@[]!$&'()*+,;~"


def account_picker(
    action: str, fields: Fields, client: Application, choices: Sequence[Choice], hinted: Callable[[User], bool]
) -> HTMLResponse:
    """Show the people who can sign in; choosing one is the whole sign-in."""
    buttons = "".join(
        f"<h2>{escape(choice.directory.display_name)}</h2>"
        f"<ul>{''.join(_account(user, hinted(user)) for user in choice.users)}</ul>"
        for choice in choices
    )
    return _page(
        "account-picker",
        "Pick an account",
        f"<p>to continue to <strong>{escape(client.display_name)}</strong></p>"
        + (buttons or "<p>There are no personal accounts in the practice tenant.</p>"),
        form=(action, fields),
    )


def _account(user: User, focus: bool) -> str:
    kind = (
        "account disabled"
        if not user.enabled
        else "guest"
        if user.is_guest
        else "administrator"
        if user.is_administrator
        else "member"
    )
    return (
        f'<li><button name="account" value="{escape(user.upn)}"{" autofocus" if focus else ""}>'
        f'<span class="name">{escape(user.display_name)}</span>'
        f'<span class="detail">{_address(user.sign_in_name)}</span><span class="detail">{kind}</span></button></li>'
    )


def consent(
    action: str, fields: Fields, client: Application, user: User, permissions: Sequence[Permission]
) -> HTMLResponse:
    """Ask the user to grant what the client wants, each permission with what it means."""
    for_all = (
        '<p><label><input type="checkbox" name="organization" value="true"> Consent on behalf of your organization'
        "</label><br>If you check this, nobody in the organization is asked for these permissions again.</p>"
        if user.is_administrator
        else ""
    )
    return _page(
        "consent",
        "Permissions requested",
        f"<p>Signed in as {_address(user.sign_in_name)}</p>"
        f"<p><strong>{escape(client.display_name)}</strong> would like to:</p>"
        f"{_list(client, permissions)}<p>Accepting means that you allow this app to use your data as listed. You can "
        f"withdraw this at any time.</p>{for_all}{_CHOICE}",
        form=(action, fields),
    )


def second_factor(action: str, fields: Fields, user: User, registered: bool) -> HTMLResponse:
    """Ask for a second factor, or to register one first; nothing is sent to any phone."""
    title, no, yes = (
        ("Approve sign in request", "Deny", "Approve")
        if registered
        else ("More information required", "Cancel", "Register")
    )
    told = (
        "At Entra you would now approve this sign-in on your phone."
        if registered
        else "Your organization needs more information to keep your account secure. At Entra you would now register "
        "your phone as a second factor."
    )
    return _page(
        "second-factor",
        title,
        f"<p>Signed in as {_address(user.sign_in_name)}</p><p>{told} Here a button stands for it.</p>"
        f'<p class="choice"><button name="decision" value="deny" class="quiet">{no}</button>'
        f'<button name="decision" value="approve">{yes}</button></p>',
        form=(action, fields),
    )


def admin_consent(
    action: str, fields: Fields, client: Application, user: User, permissions: Sequence[Permission]
) -> HTMLResponse:
    """Ask an administrator to grant what the client wants for everyone."""
    return _page(
        "consent",
        "Permissions requested",
        f'<p class="name">Accept for your organization</p><p>Signed in as {_address(user.sign_in_name)}</p>'
        f"<p><strong>{escape(client.display_name)}</strong> would like to:</p>{_list(client, permissions)}"
        "<p>If you accept, this app gets access to the specified resources for all users in your organization. Nobody "
        f"else will be asked for these permissions.</p>{_CHOICE}",
        form=(action, fields),
    )


_CHOICE = (
    '<p class="choice"><button name="decision" value="cancel" class="quiet">Cancel</button>'
    '<button name="decision" value="accept">Accept</button></p>'
)


def _list(client: Application, permissions: Sequence[Permission]) -> str:
    return f"<ul>{''.join(_permission(client, permission) for permission in permissions)}</ul>"


def _permission(client: Application, permission: Permission) -> str:
    """Show a permission: title, a description that says more than the title, and where it belongs."""
    described = permission.description not in ("", permission.title)
    kind = ", as the app itself, without a user" if permission.is_role else ""
    holder = f", for {permission.holder.display_name}" if permission.holder.app_id != client.app_id else ""
    return (
        f'<li><span class="name">{escape(permission.title)}</span>'
        + (f'<span class="detail">{escape(permission.description)}</span>' if described else "")
        + f'<span class="detail">{escape(permission.resource.display_name)}: '
        f"<code>{escape(permission.value)}</code>{escape(kind + holder)}</span></li>"
    )


def admin_approval(
    action: str,
    again: str,
    fields: Fields,
    client: Application,
    user: User,
    permissions: Sequence[Permission],
    text: str,
) -> HTMLResponse:
    """Tell a user that only an administrator can grant what the client wants.

    Args:
        action: where giving up is posted to.
        again: where another account can be picked.
    """
    fields = list(fields)
    other = [(name, value) for name, value in fields if name not in ("prompt", "login_hint", "flow")]
    return _page(
        "error",
        "Need admin approval",
        f"<p>Signed in as {_address(user.sign_in_name)}</p><p><strong>{escape(client.display_name)}</strong> needs "
        "permission to access resources in your organization that only an admin can grant. Please ask an admin to "
        f"grant permission to this app before you can use it.</p>{_list(client, permissions)}"
        f'<p id="error-text">{escape(text)}</p>'
        f'<form method="get" action="{escape(again)}">{_hidden([*other, ("prompt", "select_account")])}'
        "<p>Have an admin account? <button>Sign in with that account</button></p></form>"
        f'<form method="post" action="{escape(action)}">{_hidden(fields)}<p><button name="decision" value="cancel" '
        'class="quiet">Return to the application without granting consent</button></p></form>',
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
        "<p><button>Continue to the app</button></p>",
        form=(target, fields),
        script="document.forms[0].submit()",
    )
    response.headers["content-security-policy"] = _HEADERS["Content-Security-Policy"] + "; script-src 'unsafe-inline'"
    return response


def signed_out(told: Sequence[str] = (), back: str = "") -> HTMLResponse:
    """Say that the session is over, tell the applications in frames nobody sees, and lead back.

    Args:
        told: addresses of the applications. Source: OpenID Connect Front-Channel Logout 1.0.
        back: where to go on.
    """
    frames = "".join(f'<iframe src="{escape(url)}" hidden title="signs you out of an app"></iframe>' for url in told)
    link = f'<p><a href="{escape(back)}">Return to the app</a></p>' if back else "<p>You can close this window.</p>"
    response = _page("signed-out", "You signed out of your account", link + frames)
    if told:
        response.headers["content-security-policy"] = _HEADERS["Content-Security-Policy"] + "; frame-src http: https:"
    if back:
        response.headers["refresh"] = f"{SECONDS_FOR_FRAMES}; url={quote(back, safe=_URL)}"
    return response


def device_code(action: str, fields: Fields, wrong: str) -> HTMLResponse:
    """Ask for the code that a device shows.

    Args:
        wrong: what was wrong with the code that was entered before.
    """
    told = f'<p id="wrong" role="alert">{escape(wrong)}</p>' if wrong else ""
    described = ' aria-invalid="true" aria-describedby="wrong"' if wrong else ""
    return _page(
        "device-code",
        "Enter code to allow access",
        "<p>Once you enter the code displayed on your app or device, it will have access to your account.</p>"
        f"<p>Do not enter codes from sources you don't trust.</p>{told}"
        '<p><label for="otc">Code</label><input type="text" id="otc" name="otc" required autofocus autocomplete="off" '
        f'autocapitalize="characters" spellcheck="false" maxlength="20"{described}></p>'
        '<p class="choice"><button>Next</button></p>',
        form=(action, fields),
    )


def device_confirm(action: str, fields: Fields, client: Application, upn: str) -> HTMLResponse:
    """Ask whether the device that gets the tokens is the one that was meant."""
    return _page(
        "device-confirm",
        f"Are you trying to sign in to {client.display_name}?",
        f"<p>Signed in as {_address(upn)}</p>"
        "<p>Only continue if you downloaded the app from a store or website that you trust.</p>"
        '<p class="choice"><button name="decision" value="cancel" class="quiet">Cancel</button>'
        '<button name="decision" value="accept">Continue</button></p>',
        form=(action, fields),
    )


def device_done(client: Application) -> HTMLResponse:
    return _page(
        "device-done",
        client.display_name,
        f"<p>You have signed in to the {escape(client.display_name)} application on your device. You may now close "
        "this window.</p>",
    )


def device_declined(client: Application) -> HTMLResponse:
    return _page(
        "device-declined",
        client.display_name,
        f"<p>You have not signed in to the {escape(client.display_name)} application on your device. You may now close "
        "this window.</p>",
    )


def device_error(text: str) -> HTMLResponse:
    """Show why the sign-in that a device asked for can't be made."""
    return _page(
        "error",
        "Sign in",
        f'<p>Sorry, but we\'re having trouble signing you in.</p><p id="error-text">{escape(text)}</p>',
        400,
    )


def plain(name: str, title: str, text: str, status: int) -> HTMLResponse:
    return _page(name, title, f"<p>{escape(text)}</p>", status)


def _hidden(fields: Fields) -> str:
    return "".join(f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in fields)


def _address(name: str) -> str:
    """Show an address so that a long one breaks before the @ or after a dot, never inside a word."""
    return escape(name).replace("@", "<wbr>@").replace(".", ".<wbr>")


def _page(
    name: str, title: str, body: str, status: int = 200, *, form: tuple[str, Fields] | None = None, script: str = ""
) -> HTMLResponse:
    """Return a page; with a form, its whole body stands in it."""
    if form:
        action, fields = form
        body = f'<form method="post" action="{escape(action)}">{_hidden(fields)}{body}</form>'
    return HTMLResponse(
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>PRACTICE: {escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><meta name="practice-page" content="{name}">'
        f"<style>{_STYLE}</style></head><body>"
        '<header role="banner"><strong>PRACTICE</strong> This is the practice tenant of a workshop on your own '
        "machine. It is not Microsoft. Never type a password here.</header>"
        f"<main><h1>{escape(title)}</h1>{body}</main>{f'<script>{script}</script>' if script else ''}</body></html>",
        status,
        _HEADERS,
    )
