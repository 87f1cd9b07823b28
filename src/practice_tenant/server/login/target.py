"""Whom an authorization request may answer: tenant, client and redirect URI, read before anything else.

Source: RFC 6749 section 3.1.2.4: where one of them is wrong, nobody is redirected.
"""

from __future__ import annotations

from dataclasses import dataclass

from practice_tenant.server.directory.objects import Application, Platform
from practice_tenant.server.login import clients, device_code, errors, redirects
from practice_tenant.server.login.errors import LoginError
from practice_tenant.server.login.realm import Realm, realm
from practice_tenant.server.web import Call

RESPONSE_MODES = ("query", "fragment", "form_post")


@dataclass(frozen=True)
class ReplyTarget:
    """Where the answer goes; known before anything else may be told to the client."""

    where: Realm
    client: Application
    redirect_uri: str
    platform: Platform
    response_mode: str
    state: str


def read(call: Call) -> ReplyTarget:
    """Read tenant, client and redirect URI.

    Raises:
        LoginError: not redirectable: 90002, 900144, 700016, 700038, 50194, 9002332, 7000112, 500113, 90102 or 50011.
    """
    where = realm(call)
    client_id = call.value("client_id")
    if not client_id:
        raise _page_only(errors.missing_parameter("client_id"))
    client = clients.find(call, where, client_id)
    mode = call.value("response_mode")
    if call.value("redirect_uri") == device_code.return_uri(call):
        call.remark.flow = "device_code"
        return ReplyTarget(where, client, device_code.return_uri(call), "publicClient", "query", call.value("state"))
    first = redirects.first_of(client)
    if not first:
        raise errors.no_reply_address()
    uri = call.value("redirect_uri") or first
    platform = redirects.platform_of(client, uri)
    if platform is None and not redirects.is_absolute(uri):
        raise errors.redirect_not_absolute()
    if platform is None:
        raise errors.redirect_mismatch(uri[:500], client.app_id)
    return ReplyTarget(where, client, uri, platform, mode if mode in RESPONSE_MODES else "query", call.value("state"))


def _page_only(error: LoginError) -> LoginError:
    error.redirectable = False
    return error
