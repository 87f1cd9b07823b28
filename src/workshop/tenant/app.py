"""Which host answers what: one ASGI application behind the TLS listener."""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from workshop.tenant.graph.routes import graph_routes, outside_routes
from workshop.tenant.login.realm import HOSTS
from workshop.tenant.login.routes import login_routes, short_routes
from workshop.tenant.management import management_routes
from workshop.tenant.portal_api import portal_routes
from workshop.tenant.service import Service
from workshop.tenant.tls import LOCAL_NAMES
from workshop.tenant.web import unrouted

GRAPH_HOSTS = ("graph.microsoft.com", "graph.microsoft.us")
MANAGEMENT_HOSTS = ("management.azure.com",)
PORTAL_HOSTS = ("main.iam.ad.ext.azure.com",)
SHORT_HOSTS = ("microsoft.com", "www.microsoft.com")
LATER_HOSTS = ("entra.microsoft.com",)

_SLASHES = re.compile("//+")


def application(service: Service) -> ASGIApp:
    """Return the application; ``localhost`` answers for sign-in and Graph alike."""
    login, graph, rest = login_routes(service), graph_routes(service), unrouted(service)
    rooms: dict[str, ASGIApp] = {
        **dict.fromkeys(HOSTS, _room(login, rest)),
        **dict.fromkeys(GRAPH_HOSTS, _room([*graph, *outside_routes(service)], rest)),
        **dict.fromkeys(MANAGEMENT_HOSTS, _room(management_routes(service), rest)),
        **dict.fromkeys(PORTAL_HOSTS, _room(portal_routes(service), rest)),
        **dict.fromkeys(SHORT_HOSTS, _room([*short_routes(service), _missing()], rest)),
        **dict.fromkeys(LATER_HOSTS, _room([_missing()], rest)),
        **dict.fromkeys(LOCAL_NAMES, _room([*login, *graph], rest)),
    }
    return Hosts(rooms)


class Hosts:
    """Choose the room by the Host header; a host that is not ours gets 421."""

    def __init__(self, rooms: Mapping[str, ASGIApp]) -> None:
        self.rooms = rooms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1").lower()
        name, _, port = host.partition(":")
        room = self.rooms.get(name) if port.isdecimal() or not port else None
        if room is None:
            await PlainTextResponse("The PRACTICE tenant does not answer for this host.\n", 421)(scope, receive, send)
        else:
            # msgraph-sdk asks for /v1.0//me
            path = scope["path"]
            await room({**scope, "path": _SLASHES.sub("/", path)} if "//" in path else scope, receive, send)


def _room(table: list[Route], rest: ASGIApp) -> ASGIApp:
    return Router(table, redirect_slashes=False, default=rest)


def _missing() -> Route:
    async def missing(request: Request) -> Response:
        return PlainTextResponse(
            f"The PRACTICE tenant has no {request.method} https://{request.url.hostname}{request.url.path} yet.\n",
            501,
        )

    methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    return Route("/{path:path}", missing, methods=methods)
