"""The door: plain http on loopback, and nothing for a web page."""

from __future__ import annotations

from functools import cache

from practice_tenant.server.http.messages import Answering, HttpRequest, PlainTextResponse, Response
from practice_tenant.server.http.routing import Router
from practice_tenant.server.service import Service

# What a browser or a proxy adds; IMDS refuses forwarded requests, too.
FOREIGN = frozenset({"origin", "sec-fetch-site", "x-forwarded-for"})


def identity_application(service: Service, header: str, port: int) -> Answering:
    """Return the application behind its guard: a page that rebinds its own name to loopback is refused.

    Args:
        header: the value of IDENTITY_HEADER.
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
        return await table()(request)

    return guarded
