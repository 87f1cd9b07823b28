"""From a path to what answers it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from practice_tenant.server.http.messages import Answering, HttpRequest, PlainTextResponse, Response

_PARAMETER = re.compile(r"\{(\w+)(?::(\w+))?\}")
_KINDS = {None: "[^/]+", "path": ".*", "int": "[0-9]+"}


class HttpRoute:
    """A path with names in braces, and who answers it.

    Args:
        path: such as ``/{tenant}/login``, ``/faults/{id:int}`` or ``/{rest:path}``.
        methods: that are answered; GET answers HEAD too.
        segments: regular expressions of names that stand for something else than one segment.
        any_case: whether upper and lower case do not count in the path's fixed parts.
    """

    def __init__(
        self,
        path: str,
        answer: Answering,
        methods: Iterable[str],
        segments: Mapping[str, str] | None = None,
        *,
        any_case: bool = False,
    ) -> None:
        fixed, *parameters = _PARAMETER.split(path)
        pattern = re.escape(fixed)
        for name, kind, after in zip(parameters[::3], parameters[1::3], parameters[2::3], strict=True):
            pattern += f"(?P<{name}>{(segments or {}).get(name, _KINDS[kind])}){re.escape(after)}"
        self.match = re.compile(pattern, re.IGNORECASE | re.DOTALL if any_case else re.DOTALL).fullmatch
        self.answer = answer
        self.methods = frozenset(methods) | ({"HEAD"} if "GET" in methods else frozenset())


async def not_found(_request: HttpRequest) -> Response:
    """Answer what nobody else does."""
    return PlainTextResponse("Not Found", 404)


class Router:
    """Give a request to the first route of its path and method.

    Args:
        default: answers where no route has the path; a path whose routes have other methods is answered with 405.
    """

    def __init__(self, routes: Sequence[HttpRoute], default: Answering = not_found) -> None:
        self.routes = routes
        self.default = default

    async def __call__(self, request: HttpRequest) -> Response:
        """Answer a request."""
        other: HttpRoute | None = None
        for route in self.routes:
            match = route.match(request.path)
            if match is None:
                continue
            if request.method in route.methods:
                request.path_params = match.groupdict()
                request.router = self
                return await route.answer(request)
            other = other or route
        if other is not None:
            return PlainTextResponse("Method Not Allowed", 405, {"Allow": ", ".join(sorted(other.methods))})
        return await self.default(request)
