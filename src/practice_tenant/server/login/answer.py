"""The way back to the client: by a redirect or by a form. Source: RFC 6749 sections 4.1.2 and 4.1.2.1."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from practice_tenant.server.http.messages import RedirectResponse, Response
from practice_tenant.server.login import envelope, pages
from practice_tenant.server.login.errors import LoginError
from practice_tenant.server.login.target import ReplyTarget
from practice_tenant.server.web import Call

Pairs = list[tuple[str, str]]


def deliver(target: ReplyTarget, answer: Pairs) -> Response:
    """Tell the client; empty members are left out."""
    answer = present(answer)
    if target.response_mode == "form_post":
        return pages.form_post(target.redirect_uri, answer)
    separator = "#" if target.response_mode == "fragment" else "?"
    response = RedirectResponse(appended(target.redirect_uri, separator, answer), 302)
    response.headers["cache-control"] = "no-store, no-cache"
    return response


def refuse(call: Call, target: ReplyTarget, error: LoginError, *more: tuple[str, str]) -> Response:
    """Tell the client by a redirect where that is allowed, else show the error page.

    Args:
        more: what else the client is told, before ``state``.
    """
    if not error.redirectable:
        raise error
    call.remark.reason = str(error)
    members = envelope.error_members(call, error)
    answer = [
        ("error", error.error),
        ("error_description", members["error_description"]),
        ("error_uri", members.get("error_uri", "")),
        *more,
        ("state", target.state),
    ]
    return deliver(target, answer)


def appended(uri: str, separator: str, answer: Pairs) -> str:
    """Return the URI with the answer after ``?`` or ``#``; one without a path gets one, as Entra does it."""
    if not answer:
        return uri
    parts = urlsplit(uri)
    if parts.scheme in ("http", "https") and not (parts.path or parts.query):
        uri += "/"
    if separator == "?" and parts.query:
        separator = "&"
    return f"{uri}{separator}{urlencode(answer)}"


def present(pairs: Pairs) -> Pairs:
    return [(name, value) for name, value in pairs if value]
