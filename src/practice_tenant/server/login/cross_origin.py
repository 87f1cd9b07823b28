"""Redeeming codes and refresh tokens from a script in a browser: single-page applications may, others may not.

Source: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow: without a redirect URI of the type
``spa`` the answer has no Access-Control-Allow-Origin.
"""

from __future__ import annotations

from collections.abc import Mapping

from practice_tenant.server.directory import apps
from practice_tenant.server.http.messages import Response
from practice_tenant.server.web import Call

_OPEN = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "POST, OPTIONS"}
# What a script may read beside the body. Source: an answer to msal.js, recorded 2024-10-10.
_EXPOSED = {"Access-Control-Expose-Headers": "Content-Length,Content-Encoding,x-ms-request-id,x-ms-srs"}


def headers(call: Call) -> Mapping[str, str]:
    """Return what lets a script of another origin read the answer, if the client has a single-page application."""
    if "origin" not in call.request.headers:
        return {}
    client = apps.application(call.service.store, call.value("client_id"))
    return _OPEN | _EXPOSED if client and client.redirect_uris("spa") else {}


async def preflight(_call: Call) -> Response:
    """Answer OPTIONS: which client will ask is not known yet, so that every origin may."""
    return Response(headers={**_OPEN, "Access-Control-Allow-Headers": "*", "Access-Control-Max-Age": "86400"})
