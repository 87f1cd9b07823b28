"""A server that knows by which names it is called: what comes by another, or from a page of another, is refused.

A web page can have its reader's browser call a server on the reader's own machine or network, by a name that leads
there (DNS rebinding). The browser says so truthfully, in Host and in Origin; FastMCP looks at them if it is asked to.

Source: https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#security-warning
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import fastmcp
from fastmcp import FastMCP
from fastmcp.server.http import HostOriginGuardMiddleware, StarletteWithLifespan
from fastmcp.utilities.logging import get_logger
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .app_settings import AppSettings
from .bounds import RequestBounds

logger = get_logger(__name__)

# What a client in a browser has to read: where to sign in, which session it has, when it may try again.
EXPOSED = ("WWW-Authenticate", "Mcp-Session-Id", "MCP-Protocol-Version", "Retry-After")
# h11 ends a request whose head is too large, httptools takes any. Not the access log: its addresses carry codes and
# states. Connections are kept longer than clients and reverse proxies keep them: who uses one as it closes is cut off.
UVICORN: Mapping[str, Any] = MappingProxyType({"http": "h11", "access_log": False, "timeout_keep_alive": 120})
LONGEST_TOLD = 200
MISDIRECTED = 421
FORBIDDEN = 403


@dataclass(frozen=True)
class ServerReach:
    """By which names a server is called, and which web pages may call it.

    Attributes:
        addresses: of the server, such as https://mcp.example.com; the first is the one that clients are told.
        hosts: more names in Host, without a port; ``*.example.com`` for all below one, ``*`` for any.
        origins: of web pages that may call, such as https://app.example.com; ``*`` for any.
        paces: by path, how many requests an address may send in a minute.
    """

    addresses: tuple[str, ...]
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    paces: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def all_hosts(self) -> list[str]:
        """The names taken in Host, beside the addresses of this machine."""
        return [*(urlsplit(address).hostname or "" for address in self.addresses), *self.hosts]

    @property
    def all_origins(self) -> list[str]:
        """The origins taken, beside pages of this machine where the server is called as one of this machine."""
        own = [urlsplit(address) for address in self.addresses]
        return [*(f"{address.scheme}://{address.netloc}" for address in own), *self.origins]


def reach_of(
    settings: AppSettings, base_url: str, *more: str | None, paces: Mapping[str, int] = MappingProxyType({})
) -> ServerReach:
    """Return what the settings of a server say of it.

    Args:
        base_url: where clients reach it.
        more: addresses of it that its settings may name besides.
        paces: by path, how many requests an address may send in a minute.
    """
    addresses = tuple(address for address in (base_url, *more) if address)
    return ServerReach(addresses, settings.allowed_hosts, settings.allowed_origins, paces)


class GuardedServer(FastMCP[Any]):
    """A FastMCP server whose every application over HTTP looks at Host and Origin, whoever starts it."""

    def __init__(self, name: str, reach: ServerReach, **options: Any) -> None:
        """Make the server.

        Args:
            reach: by which names it is called.
            options: those of `FastMCP`.
        """
        super().__init__(name, **options)
        self.reach = reach

    def http_app(self, *args: Any, **options: Any) -> StarletteWithLifespan:
        """Return the application, guarded: what is asked for here of hosts and origins comes on top."""
        known = fastmcp.settings
        options |= {
            "host_origin_protection": True,
            "allowed_hosts": [*self.reach.all_hosts, *(options.get("allowed_hosts") or known.http_allowed_hosts or ())],
            "allowed_origins": [
                *self.reach.all_origins,
                *(options.get("allowed_origins") or known.http_allowed_origins or ()),
            ],
        }
        app = super().http_app(*args, **options)
        guard = next(place for place, layer in enumerate(app.user_middleware) if _is_guard(layer))
        app.user_middleware[guard + 1 : guard + 1] = [
            # Who gets past the guard may read the answers. No cookie counts for a script: it brings a token.
            Middleware(
                CORSMiddleware,
                allow_origin_regex=".*",
                allow_methods=["GET", "POST", "DELETE", "OPTIONS"],
                allow_headers=["*"],
                expose_headers=EXPOSED,
            ),
            Middleware(PageHeaders),
            Middleware(RequestBounds, mcp_path=app.state.path, paces=self.reach.paces),
        ]
        app.user_middleware.insert(guard, Middleware(GuardNotes))
        return app

    async def run_http_async(self, *args: Any, **options: Any) -> None:
        """Serve over HTTP, with a bound on the size of a request's head."""
        options["uvicorn_config"] = {**UVICORN} | (options.get("uvicorn_config") or {})
        await super().run_http_async(*args, **options)


class GuardNotes:
    """Say in the log why FastMCP's guard refused."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Go on, and look at the answer."""
        await self.app(scope, receive, _noting(scope, send) if scope["type"] == "http" else send)


class PageHeaders:
    """Keep pages out of caches, and their addresses from other hosts: the consent page's form is one user's alone.

    Source: RFC 9700 section 4.2.4
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Go on, and add to the answer if it is a page."""

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message.setdefault("headers", []))
                if headers.get("content-type", "").startswith("text/html"):
                    headers.setdefault("Cache-Control", "no-store")
                    # Not no-referrer: then a browser gives null as the Origin of the page's own form.
                    headers.setdefault("Referrer-Policy", "same-origin")
            await send(message)

        await self.app(scope, receive, told if scope["type"] == "http" else send)


def _is_guard(layer: Middleware) -> bool:
    made: Any = layer.cls
    return made is HostOriginGuardMiddleware


def _noting(scope: Scope, send: Send) -> Send:
    sent = Headers(scope=scope)

    async def noted(message: Message) -> None:
        status = message.get("status")
        if status == MISDIRECTED:
            logger.warning(
                "Request rejected: its Host '%s' is no name of this server (BASE_URL, ALLOWED_HOSTS)",
                _told(sent, "host"),
            )
        elif status == FORBIDDEN and "origin" in sent and b"www-authenticate" not in dict(message.get("headers", ())):
            logger.warning(
                "Request rejected: its Origin '%s' is not an allowed one (ALLOWED_ORIGINS)", _told(sent, "origin")
            )
        await send(message)

    return noted


def _told(headers: Headers, name: str) -> str:
    return headers.get(name, "")[:LONGEST_TOLD]
