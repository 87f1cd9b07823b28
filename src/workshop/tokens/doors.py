"""What stands at a server's door: which verifier would look at a token, and with which rules."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastmcp import FastMCP
from fastmcp.server.auth import AuthProvider, MultiAuth, RemoteAuthProvider
from fastmcp.server.auth.jwt_issuer import JWTIssuer
from fastmcp.server.auth.oauth_proxy import OAuthProxy
from fastmcp.server.auth.providers.jwt import JWTVerifier

from workshop.background import BackgroundServer
from workshop.background.server import MCP_PATH
from workshop.errors import WorkshopError
from workshop.servers.claims import Rules
from workshop.servers.verifier import EntraTokenVerifier

if TYPE_CHECKING:
    Server = BackgroundServer | FastMCP | AuthProvider


@dataclass(eq=False)
class NoDoor(WorkshopError):
    """There is nothing that looks at a token."""

    why: str

    def __str__(self) -> str:
        return self.why


@dataclass(frozen=True)
class Door:
    """What looks at a token.

    Attributes:
        auth: all of it, as FastMCP asks it.
        verifier: looks at tokens of an issuer whose keys are published; None at the door of a proxy.
        ticket: looks at the tokens that the proxy itself issued; None elsewhere.
        rules: the servers' own, beside FastMCP's; None if it has none.
        url: where the server runs; empty if it doesn't.
        now: the clock its own rules go by.
    """

    auth: AuthProvider
    verifier: JWTVerifier | None = None
    ticket: JWTIssuer | None = None
    rules: Rules | None = None
    url: str = ""
    now: Callable[[], float] = time.time


def door(server: Server, claims: Mapping[str, Any]) -> Door:
    """Return the door at which a token with these claims is looked at; a server may have several.

    Raises:
        NoDoor: the server asks for no token, or for one of a kind not known here.
    """
    url = server.url if isinstance(server, BackgroundServer) and server.alive else ""
    auth = server if isinstance(server, AuthProvider) else getattr(server, "auth", None)
    if auth is None:
        raise NoDoor("This server looks at no token: it takes whoever comes.")
    part = _part(auth, claims)
    if isinstance(part, OAuthProxy):
        return Door(auth, ticket=_issuer(part), url=url)
    if isinstance(part, EntraTokenVerifier) and isinstance(verifier := part.verifier_of(claims), JWTVerifier):
        return Door(auth, verifier, rules=part.rules, url=url, now=part.now)
    if isinstance(part, JWTVerifier):
        return Door(auth, part, url=url)
    raise NoDoor(f"Nothing is known here of the checks that {type(part).__name__} makes.")


def _issuer(proxy: OAuthProxy) -> JWTIssuer:
    try:
        return proxy.jwt_issuer
    except RuntimeError:  # it has one only once it knows the path of its server
        proxy.set_mcp_path(MCP_PATH)
        return proxy.jwt_issuer


def _part(auth: AuthProvider, claims: Mapping[str, Any]) -> AuthProvider:
    if isinstance(auth, MultiAuth):
        parts = [part for part in (auth.server, *auth.verifiers) if part is not None]
        proxies = [part for part in parts if isinstance(part, OAuthProxy)]
        own = [part for part in proxies if _issuer(part).issuer == claims.get("iss")]
        others = [part for part in parts if part not in proxies]
        return _part((own or others or proxies)[0], claims)
    if isinstance(auth, RemoteAuthProvider):
        return _part(auth.token_verifier, claims)
    return auth
