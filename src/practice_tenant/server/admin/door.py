"""The door: plain http on loopback. What is behind it is imported with the first request."""

from __future__ import annotations

from practice_tenant.server.admin.sessions import Sessions
from practice_tenant.server.http.messages import Answering, HttpRequest, PlainTextResponse, Response
from practice_tenant.server.service import Service


def admin_application(service: Service, sessions: Sessions, tenant: Answering, port: int) -> Answering:
    """Return the application behind its guard: a page that rebinds its own name to loopback is refused.

    Args:
        tenant: the application behind the TLS listener, which the pages ask for everything.
        port: the door's own, which must stand in the Host header unless a session was opened for a proxy.
    """
    hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
    pages: Answering | None = None

    async def guarded(request: HttpRequest) -> Response:
        nonlocal pages
        host = request.only("host").lower()
        place = request.path.strip("/").partition("/")[0]
        if host not in hosts and not sessions.is_reached_at(place, host):
            return PlainTextResponse("The PRACTICE admin center does not answer for this host.\n", 403)
        if pages is None:
            from practice_tenant.server.admin.routes import pages_application

            pages = pages_application(service, sessions, tenant)
        return await pages(request)

    return guarded
