"""Which host answers what: the application behind the TLS listener.

A room is made at the first request for it, with the modules it needs: what nobody asks for delays no start.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

from practice_tenant.server.doors.tls import LOCAL_NAMES
from practice_tenant.server.http.messages import Answering, HttpRequest, PlainTextResponse, Response
from practice_tenant.server.http.routing import HttpRoute, Router
from practice_tenant.server.service import Service
from practice_tenant.server.web import unrouted
from practice_tenant.well_known import (
    GRAPH_HOSTS,
    LATER_HOSTS,
    LOGIN_HOSTS,
    MANAGEMENT_HOSTS,
    PORTAL_HOSTS,
    SHORT_HOSTS,
)

_SLASHES = re.compile("//+")


def application(service: Service) -> Answering:
    """Return the application; ``localhost`` answers for sign-in and Graph alike."""
    rest = unrouted(service)
    graph = _room(lambda: _graph(service), rest)
    pages = _room(lambda: _pages(service), rest)
    login = _room(lambda: _login(service), pages)
    local = _room(lambda: _login(service), _room(lambda: _pages(service), graph))
    rooms: dict[str, Answering] = {
        **dict.fromkeys(LOGIN_HOSTS, _room(lambda: _discovery(service), login)),
        **dict.fromkeys(GRAPH_HOSTS, _room(lambda: [*_graph(service), *_outside_graph(service)], rest)),
        **dict.fromkeys(MANAGEMENT_HOSTS, _room(lambda: _management(service), rest)),
        **dict.fromkeys(PORTAL_HOSTS, _room(lambda: _portal(service), rest)),
        **dict.fromkeys(SHORT_HOSTS, _room(lambda: [*_short(service), _missing()], rest)),
        **dict.fromkeys(LATER_HOSTS, _room(lambda: [_missing()], rest)),
        **dict.fromkeys(LOCAL_NAMES, _room(lambda: _discovery(service), local)),
    }
    return Hosts(rooms)


def _room(table: Callable[[], list[HttpRoute]], rest: Answering) -> Answering:
    """Return what answers a host; its table is made at the first request."""
    router = cache(lambda: Router(table(), rest))

    async def room(request: HttpRequest) -> Response:
        return await router()(request)

    return room


def _discovery(service: Service) -> list[HttpRoute]:
    from practice_tenant.server.login.discovery import discovery_routes

    return discovery_routes(service)


def _login(service: Service) -> list[HttpRoute]:
    from practice_tenant.server.login.routes import login_routes

    return login_routes(service)


def _pages(service: Service) -> list[HttpRoute]:
    from practice_tenant.server.login.page_routes import page_routes

    return page_routes(service)


def _short(service: Service) -> list[HttpRoute]:
    from practice_tenant.server.login.page_routes import short_routes

    return short_routes(service)


def _graph(service: Service) -> list[HttpRoute]:
    from practice_tenant.server.graph.routes import graph_routes

    return graph_routes(service)


def _outside_graph(service: Service) -> list[HttpRoute]:
    from practice_tenant.server.graph.routes import outside_routes

    return outside_routes(service)


def _management(service: Service) -> list[HttpRoute]:
    from practice_tenant.server.management import management_routes

    return management_routes(service)


def _portal(service: Service) -> list[HttpRoute]:
    from practice_tenant.server.portal_api import portal_routes

    return portal_routes(service)


class Hosts:
    """Choose the room by the Host header; a host that is not ours gets 421."""

    def __init__(self, rooms: Mapping[str, Answering]) -> None:
        self.rooms = rooms

    async def __call__(self, request: HttpRequest) -> Response:
        """Answer a request."""
        name, _, port = request.host.partition(":")
        room = self.rooms.get(name) if port.isdecimal() or not port else None
        if room is None:
            return PlainTextResponse("The PRACTICE tenant does not answer for this host.\n", 421)
        if "//" in request.path:  # msgraph-sdk asks for /v1.0//me
            request = replace(request, path=_SLASHES.sub("/", request.path))
        return await room(request)


def _missing() -> HttpRoute:
    async def missing(request: HttpRequest) -> Response:
        url = f"https://{request.host.partition(':')[0]}{request.path}"
        return PlainTextResponse(f"The PRACTICE tenant has no {request.method} {url} yet.\n", 501)

    methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    return HttpRoute("/{path:path}", missing, methods)
