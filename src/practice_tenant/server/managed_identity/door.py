"""The door: plain http on loopback, nothing for a web page, and for no other account of this machine.

Libraries send the form of the Instance Metadata Service (IMDS) no secret, but they take an address with a path. So
every path of this door begins with a secret, which no log shows.
"""

from __future__ import annotations

import hmac
from dataclasses import replace
from functools import cache

from practice_tenant.server.http.messages import Answering, HttpRequest, PlainTextResponse, Response
from practice_tenant.server.http.routing import Router
from practice_tenant.server.service import Service

# What a browser or a proxy adds; IMDS refuses forwarded requests, too.
FOREIGN = frozenset({"origin", "sec-fetch-site", "x-forwarded-for"})


def identity_application(service: Service, header: str, secret: str, port: int) -> Answering:
    """Return the application behind its guard: a page that rebinds its own name to loopback is refused.

    Args:
        header: the value of IDENTITY_HEADER.
        secret: how every path begins.
        port: the door's own, which must stand in the Host header.
    """

    @cache
    def table() -> Router:  # made at the first request: most runs have none
        from practice_tenant.server.managed_identity.endpoints import identity_routes

        return Router(identity_routes(service, header))

    hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}

    async def guarded(request: HttpRequest) -> Response:
        if request.only("host") not in hosts or FOREIGN & request.headers.keys():
            return PlainTextResponse("not for web pages, and not through a proxy\n", 403)
        _, first, path = (*request.path.split("/", 2), "", "")[:3]
        if not hmac.compare_digest(first.encode("utf-8", "replace"), secret.encode()):
            return PlainTextResponse("not here: the variables of the practice tenant lead to this door\n", 404)
        return await table()(replace(request, path=f"/{path}"))

    return guarded
