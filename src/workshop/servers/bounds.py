"""How much a stranger may ask of a server: how large a request may be, and how many may come in a minute.

Behind a reverse proxy on another machine all callers share its address, until uvicorn is told to believe what the
proxy says of them: FORWARDED_ALLOW_IPS, https://www.uvicorn.org/settings/#http
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastmcp.utilities.logging import get_logger
from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = get_logger(__name__)

LARGEST_BODY = 65_536
LARGEST_HEAD = 65_536
"""Bytes of a request's address and headers, and of its body, on every path but that of MCP.

There the body counts once the token has been looked at: FastMCP's own bound is 4 MiB.
"""
BODY_SECONDS = 30.0
PERIOD_SECONDS = 60.0
MOST_ADDRESSES = 10_000


@dataclass
class Pace:
    """Count what each address does within a minute.

    Attributes:
        most: how often an address may do it.
        now: seconds that only go up.
    """

    most: int
    now: Callable[[], float] = time.monotonic
    _began: OrderedDict[str, tuple[float, int]] = field(default_factory=OrderedDict)

    def wait(self, address: str) -> float:
        """Count one more and return 0, or the seconds until the address may go on."""
        network = _network(address)
        began, count = self._began.get(network, (self.now(), 0))
        left = began + PERIOD_SECONDS - self.now()
        if left <= 0:
            began, count, left = self.now(), 0, PERIOD_SECONDS
        self._began[network] = (began, count + 1)
        self._began.move_to_end(network)
        while len(self._began) > MOST_ADDRESSES:
            self._began.popitem(last=False)
        return left if count >= self.most else 0.0


class RequestBounds:
    """Answer 413, 431, 408, 415 and 429 before anything is made of a request that is too much."""

    def __init__(self, app: ASGIApp, mcp_path: str, paces: Mapping[str, int]) -> None:
        """Stand before an application.

        Args:
            mcp_path: where MCP is spoken.
            paces: by path, how many requests an address may send in a minute.
        """
        self.app = app
        self.mcp_path = mcp_path
        self.paces = {path: Pace(most) for path, most in paces.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or go on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if _size_of_head(scope) > LARGEST_HEAD:
            await _refuse(send, 431, f"The request's address and headers have more than {LARGEST_HEAD} bytes.")
            return
        wait = self._wait(scope)
        if wait:
            await _refuse(send, 429, "Too many requests from one address. Wait a minute.", wait)
            return
        headers = dict(scope["headers"])
        if {b"content-length", b"transfer-encoding"} <= headers.keys():
            # RFC 9112 section 6.1: what stands in front may have seen another end of this request.
            await _refuse(send, 400, "The request has a length and is sent in chunks. It can't be both.")
            return
        if scope["path"].rstrip("/") == self.mcp_path.rstrip("/"):
            await self.app(scope, receive, send)
            return
        if headers.get(b"content-type", b"").lower().startswith(b"multipart/"):
            # RFC 6749 and 7591 know forms and JSON. FastMCP logs a broken one with its whole traceback.
            await _refuse(send, 415, "No route here takes a multipart body.")
            return
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _body(headers.get(b"content-length", b""), receive)
        except TimeoutError:
            await _refuse(send, 408, f"The request's body did not come within {BODY_SECONDS:.0f} seconds.")
            return
        if body is None:
            await _refuse(send, 413, f"The request's body has more than {LARGEST_BODY} bytes.")
        else:
            await self.app(scope, _again(body, receive), send)

    def _wait(self, scope: Scope) -> float:
        pace = self.paces.get(scope["path"].rstrip("/"))
        if pace is None or scope["method"] in ("HEAD", "OPTIONS"):
            return 0.0
        return pace.wait(scope["client"][0] if scope.get("client") else "")


async def _body(length: bytes, receive: Receive) -> bytes | None:
    """Return the whole body, None if it is too large, also by the length that it is said to have."""
    if length.isdigit() and int(length) > LARGEST_BODY:
        return None
    parts = bytearray()
    while True:
        message = await receive()
        parts += message.get("body", b"")
        if len(parts) > LARGEST_BODY:
            return None
        if message["type"] != "http.request" or not message.get("more_body"):
            return bytes(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """Return what hands out a body that has been read, and after it what comes next."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return messages.pop() if messages else await receive()

    return replayed


def _size_of_head(scope: Scope) -> int:
    names = sum(len(name) + len(value) for name, value in scope["headers"])
    return names + len(scope.get("raw_path") or b"") + len(scope.get("query_string", b""))


def _network(address: str) -> str:
    """Return whose address it is: of IPv6, the network, as its owner has all addresses in it."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(known) if known.version == 4 else str(ipaddress.ip_network((known, 64), strict=False))


async def _refuse(send: Send, status: int, reason: str, wait: float = 0.0) -> None:
    logger.warning("Request rejected: %s", reason)
    content: dict[str, Any] = {"error": "invalid_request", "error_description": reason}
    body = json.dumps(content).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),  # what is left of the body is not read
    ]
    if wait:
        headers.append((b"retry-after", str(int(wait) + 1).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
