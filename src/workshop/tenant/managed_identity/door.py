"""The door: plain http on loopback, and nothing for a web page."""

from __future__ import annotations

from functools import cache

from starlette.responses import PlainTextResponse
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from workshop.tenant.service import Service

# What a browser or a proxy adds; IMDS refuses forwarded requests, too.
FOREIGN = frozenset({b"origin", b"sec-fetch-site", b"x-forwarded-for"})


def identity_application(service: Service, header: str, port: int) -> ASGIApp:
    """Return the application behind its guard: a page that rebinds its own name to loopback is refused.

    Args:
        header: the value of IDENTITY_HEADER.
        port: the door's own, which must stand in the Host header.
    """

    @cache
    def table() -> Router:  # made at the first request: most runs have none
        from workshop.tenant.managed_identity.endpoints import identity_routes

        return Router(identity_routes(service, header), redirect_slashes=False)

    hosts = {f"127.0.0.1:{port}".encode(), f"localhost:{port}".encode()}

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        if headers.get(b"host") not in hosts or FOREIGN & headers.keys():
            await PlainTextResponse("not for web pages, and not through a proxy\n", 403)(scope, receive, send)
        else:
            await table()(scope, receive, send)

    return guarded
