"""What a server answers to a token: asked over HTTP where it runs, and in this process where it doesn't."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

import httpx
from fastmcp.server.auth import AuthProvider
from fastmcp.server.auth.middleware import RequireAuthMiddleware
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from workshop.background import ServerLog, keep_log
from workshop.core.off_loop import off_the_loop

VERSION = "2026-07-28"
METHOD = "server/discover"  # reads nothing and changes nothing
SECONDS = 60.0
_NOWHERE = "http://localhost"


@dataclass(frozen=True)
class Answer:
    """What a server answered.

    Attributes:
        status: of HTTP; 0 if it could not be asked.
        challenge: the header WWW-Authenticate; empty if there is none.
        why: it could not be asked.
        said: the reasons that were logged meanwhile; only where it was asked in this process.
    """

    status: int = 0
    challenge: str = ""
    why: str = ""
    said: str = ""

    @property
    def let_in(self) -> bool:
        """Whether the token was taken."""
        return bool(self.status) and self.status not in (400, 401, 403, 431)


def ask(token: str, auth: AuthProvider, url: str) -> Answer:
    """Bring a token to a server and return its answer.

    Args:
        url: where it runs; empty to ask `auth` as FastMCP would.
    """
    if not token.isascii() or not token.isprintable():
        return Answer(why="no header can carry it")
    try:
        return off_the_loop(lambda: _ask(token, auth, url))
    except httpx.HTTPError as error:
        return Answer(why=f"it did not answer ({type(error).__name__})")


def _ask(token: str, auth: AuthProvider, url: str) -> Answer:
    log = ServerLog("the verifier")
    keep_log(log)
    log.begin_request()
    answer = asyncio.run(_asked(token, auth, url))
    return replace(answer, said="; ".join(log.reasons()))


async def _asked(token: str, auth: AuthProvider, url: str) -> Answer:
    transport = None if url else httpx.ASGITransport(_application(auth), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, timeout=SECONDS, trust_env=False) as client:
        answer = await client.post(url or _NOWHERE, headers=_headers(token), json=_message())
    return Answer(answer.status_code, answer.headers.get("www-authenticate", ""))


def _application(auth: AuthProvider) -> Starlette:
    """Return what FastMCP puts before a server, and nothing behind it."""
    guarded = RequireAuthMiddleware(_nothing, auth.required_scopes, None, auth.challenge_scopes)
    return Starlette(routes=[Route("/", guarded, methods=["POST"])], middleware=auth.get_middleware())


async def _nothing(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def _headers(token: str) -> dict[str, str]:
    return {
        "Accept": "application/json, text/event-stream",
        "Authorization": f"Bearer {token}",
        "MCP-Protocol-Version": VERSION,
        "MCP-Method": METHOD,
    }


def _message() -> dict[str, object]:
    meta = {
        "io.modelcontextprotocol/protocolVersion": VERSION,
        "io.modelcontextprotocol/clientInfo": {"name": "workshop", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    return {"jsonrpc": "2.0", "id": 1, "method": METHOD, "params": {"_meta": meta}}
