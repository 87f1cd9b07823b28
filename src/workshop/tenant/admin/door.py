"""The door: plain http on loopback. What is behind it is imported with the first request."""

from __future__ import annotations

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from workshop.tenant.admin.sessions import Sessions
from workshop.tenant.service import Service


def admin_application(service: Service, sessions: Sessions, tenant: ASGIApp, port: int) -> ASGIApp:
    """Return the application behind its guard: a page that rebinds its own name to loopback is refused.

    Args:
        tenant: the application behind the TLS listener, which the pages ask for everything.
        port: the door's own, which must stand in the Host header unless a session was opened for a proxy.
    """
    hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
    pages: ASGIApp | None = None

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal pages
        named = [value for name, value in scope["headers"] if name == b"host"]
        host = named[0].decode("latin-1").lower() if len(named) == 1 else ""
        place = scope["path"].strip("/").partition("/")[0]
        if host not in hosts and not sessions.is_reached_at(place, host):
            await PlainTextResponse("The PRACTICE admin center does not answer for this host.\n", 403)(
                scope, receive, send
            )
            return
        if pages is None:
            from workshop.tenant.admin.routes import pages_application

            pages = pages_application(service, sessions, tenant)
        await pages(scope, receive, send)

    return guarded
