"""A request as it was read, the responses there are, and how HTTP writes a time."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, quote

from practice_tenant.server.account import Ends

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_KEPT_IN_LOCATIONS = ":/%#?=@[]!$&'()*+,;"
_AS_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


@dataclass(eq=False)
class HttpRequest:
    """One request with its whole body.

    Args:
        path: percent-decoded, without the query.
        raw_headers: as they came, the names in lower case.
        holder: the label under which the request stands in the log.
        ends: of the connection it came over; None for a request inside a request.
        path_params: the parts of the path that its route names; the router sets them.
        router: what found the route, for requests inside a request.
    """

    method: str
    path: str
    query: bytes = b""
    raw_headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    scheme: str = "https"
    holder: str = ""
    ends: Ends | None = None
    path_params: Mapping[str, str] = field(default_factory=dict)
    router: Answering | None = None

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """Return the headers by their names in lower case; of several of one name, the first."""
        headers: dict[str, str] = {}
        for name, value in self.raw_headers:
            headers.setdefault(name.decode("latin-1"), value.decode("latin-1"))
        return headers

    def only(self, name: str) -> str:
        """Return a header that must come once; an empty string when there is none, or several."""
        values = [value for each, value in self.raw_headers if each == name.encode()]
        return values[0].decode("latin-1") if len(values) == 1 else ""

    @cached_property
    def host(self) -> str:
        """Return the Host header in lower case, port included; an empty string when there is none."""
        return self.headers.get("host", "").lower()

    @cached_property
    def cookies(self) -> Mapping[str, str]:
        """Return the cookies. Source: RFC 6265 section 5.4."""
        pairs = (part.partition("=") for part in self.headers.get("cookie", "").split(";"))
        return {name.strip(): value.strip() for name, sign, value in pairs if sign}

    @cached_property
    def query_params(self) -> Mapping[str, str]:
        """Return the parameters of the query; of several of one name, the last."""
        return dict(parse_qsl(self.query.decode("latin-1"), keep_blank_values=True))


class Response:
    """A response whose body is known; its headers have their names in lower case.

    Args:
        headers: names in any case; content-type and content-length are added where they are missing.
    """

    media_type = ""

    def __init__(
        self,
        content: str | bytes = b"",
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str = "",
    ) -> None:
        self.body = content if isinstance(content, bytes) else content.encode()
        self.status_code = status_code
        self.headers = {name.lower(): value for name, value in (headers or {}).items()}
        self.cookies: list[str] = []
        if status_code not in (204, 304):
            self.headers.setdefault("content-length", str(len(self.body)))
        kind = media_type or self.media_type
        if kind:
            self.headers.setdefault("content-type", f"{kind}; charset=utf-8" if kind.startswith("text/") else kind)

    def set_cookie(self, name: str, value: str, *, more: str = "") -> None:
        """Set a cookie for this host that no script sees and that only TLS carries.

        Args:
            more: attributes, such as ``Max-Age=0``.
        """
        attributes = ("HttpOnly", *([more] if more else []), "Path=/", "SameSite=lax", "Secure")
        self.cookies.append("; ".join((f"{name}={value}", *attributes)))

    def delete_cookie(self, name: str) -> None:
        self.set_cookie(name, '""', more="Max-Age=0")

    def head(self) -> bytes:
        """Return the header lines.

        Raises:
            ValueError: a header holds a line's end, or what is no Latin-1.
        """
        lines = [f"{name}: {value}" for name, value in self.headers.items()]
        lines += [f"set-cookie: {cookie}" for cookie in self.cookies]
        whole = "\r\n".join([*lines, ""])
        if whole.count("\n") != len(lines) or whole.count("\r") != len(lines) or "\0" in whole:
            raise ValueError("a header holds the end of a line")
        return whole.encode("latin-1")


class PlainTextResponse(Response):
    """Text."""

    media_type = "text/plain"


class HTMLResponse(Response):
    """A page."""

    media_type = "text/html"


class JSONResponse(Response):
    """A JSON text."""

    media_type = "application/json"

    def __init__(self, content: Any, status_code: int = 200, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(_AS_JSON(content).encode(), status_code, headers)


class RedirectResponse(Response):
    """The way to another address."""

    def __init__(self, url: str, status_code: int, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(b"", status_code, {**(headers or {}), "location": quote(url, safe=_KEPT_IN_LOCATIONS)})


class StreamingResponse(Response):
    """A response that goes on for as long as its parts, and ends with the connection."""

    def __init__(self, parts: AsyncIterator[bytes], media_type: str) -> None:
        super().__init__(media_type=media_type)
        del self.headers["content-length"]
        self.parts = parts


def http_date(now: float) -> str:
    """Return a time as HTTP writes it; ``email.utils`` does too, and takes a tenth of a start to import.

    Args:
        now: in Unix seconds.

    Source: RFC 9110 section 5.6.7.
    """
    at = time.gmtime(now)
    return (
        f"{_DAYS[at.tm_wday]}, {at.tm_mday:02} {_MONTHS[at.tm_mon - 1]} {at.tm_year} "
        f"{at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} GMT"
    )


Answering = Callable[[HttpRequest], Awaitable[Response]]
"""What answers requests: a door, a host, a table of routes, one path."""
