"""From an HTTP request to a handler's call and back; the request log is written here."""

from __future__ import annotations

import asyncio
import json
import sys
import traceback
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from practice_tenant.server.directory.ids import is_guid
from practice_tenant.server.directory.settings import DirectorySettings
from practice_tenant.server.faults import Struck
from practice_tenant.server.http.messages import Answering, HttpRequest, JSONResponse, PlainTextResponse, Response
from practice_tenant.server.http.routing import HttpRoute
from practice_tenant.server.requestlog import flow_named
from practice_tenant.server.service import Service
from practice_tenant.server.signing.keys import KeyRing

MOST_FIELDS = 200

Pairs = list[tuple[str, str]]


@dataclass
class Remark:
    """What a handler finds out about a call.

    Args:
        tenant_id: the directory that answers.
        held_back: seconds that the answer is late.
        flow: the flow's name, for the log.
        reason: of a refusal, for the log.
        form_only: whether the query counts for nothing, though the log shows it.
    """

    tenant_id: str = ""
    held_back: float = 0.0
    flow: str = ""
    reason: str = ""
    form_only: bool = False


@dataclass(frozen=True)
class Call:
    """One request as a handler sees it.

    Args:
        arrived: this machine's time in Unix seconds.
        times: what ``now`` has told.
    """

    service: Service
    request: HttpRequest
    query: Pairs
    form: Pairs
    arrived: float
    trace_id: str
    remark: Remark = field(default_factory=Remark)
    times: dict[str, float] = field(default_factory=dict)

    def now(self, tenant_id: str) -> float:
        """Return the time by a directory's clock, in Unix seconds; the same for the whole call.

        Args:
            tenant_id: empty where no directory is named: the time is this machine's then.
        """
        return self.times.setdefault(tenant_id, self.arrived + self.service.settings.of(tenant_id).clock)

    def enter(self, tenant_id: str) -> None:
        """Say which directory answers this call: its settings and keys count from here on.

        Raises:
            Struck: a fault that is switched on there answers.
        """
        if tenant_id != self.remark.tenant_id:
            self.remark.tenant_id = tenant_id
            self.remark.held_back += self.service.faults.strike(tenant_id, self.request.path)

    @property
    def settings(self) -> DirectorySettings:
        return self.service.settings.of(self.remark.tenant_id)

    @property
    def keys(self) -> KeyRing:
        """Return the keys of the directory."""
        return self.service.keys.of(self.remark.tenant_id)

    @property
    def stamp(self) -> float:
        """Return the time that an error tells: by the clock of the directory that answers, in Unix seconds."""
        return self.now(self.remark.tenant_id)

    @property
    def host(self) -> str:
        return self.request.host

    @property
    def path(self) -> Mapping[str, str]:
        return self.request.path_params

    @property
    def body(self) -> bytes:
        return b"" if self.request.method in ("GET", "HEAD") else self.request.body

    @cached_property
    def client_request_id(self) -> str:
        """Return the client's own id for this request if it is a GUID, else an empty string."""
        asked = self.beside_the_form("client-request-id")
        return asked.lower() if is_guid(asked) else ""

    @cached_property
    def correlation_id(self) -> str:
        """Return the client's own id for this request; where it gave none, one that is not the trace id."""
        return self.client_request_id or self.service.guid()

    def beside_the_form(self, name: str) -> str:
        """Return what a client says of the request in a header or in the query, or an empty string.

        In the form Entra takes no notice of it. Source: pull request 7385 of
        AzureAD/microsoft-authentication-library-for-js.
        """
        return self.request.headers.get(name) or _first(self.query, name)

    def value(self, name: str) -> str:
        """Return the first value of a form or query parameter, or an empty string."""
        return _first(self.form if self.remark.form_only else self.form + self.query, name)

    def json(self) -> Any:
        """Return the body read as strict JSON; ValueError when it is none."""
        try:
            value = json.loads(self.body, parse_constant=_no_constant)
            json.dumps(value, ensure_ascii=False).encode()
        except (RecursionError, UnicodeError) as error:
            raise ValueError(str(error)) from error
        return value


Handler = Callable[[Call], Awaitable[Response]]
Renderer = Callable[[Call, Exception], Response | None]
Completing = Callable[[Call, Response], None]
Row = tuple[str, str, Handler]


class JsonAnswer(JSONResponse):
    """A JSON answer that remembers its content for the log."""

    def __init__(self, content: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None):
        self.content = content
        super().__init__(content, status, headers)


def routes(
    service: Service,
    rows: Sequence[Row],
    renderer: Renderer,
    segments: Mapping[str, str] | None = None,
    *,
    complete: Completing | None = None,
    any_case: bool = False,
) -> list[HttpRoute]:
    """Turn literal rows of (method, path, handler) into routes; the renderer answers errors.

    Args:
        segments: what names in a path stand for, see ``HttpRoute``.
        complete: adds what stands in the head of every answer of these rows, refusals too.
        any_case: see ``HttpRoute``.
    """
    paths: dict[str, dict[str, Handler]] = {}
    for method, path, handler in rows:
        paths.setdefault(path, {})[method] = handler
    return [
        HttpRoute(path, _Endpoint(service, handlers, renderer, complete), handlers, segments, any_case=any_case)
        for path, handlers in paths.items()
    ]


def unrouted(service: Service) -> Answering:
    """Return what answers a path that no row has: 404, with its place in the log."""
    return _Endpoint(service, defaultdict(lambda: _not_found), lambda _call, _error: None)


async def _not_found(_call: Call) -> Response:
    return PlainTextResponse("Not Found", 404)


@dataclass(frozen=True)
class _Endpoint:
    """What answers a path."""

    service: Service
    handlers: Mapping[str, Handler]
    renderer: Renderer
    complete: Completing | None = None

    async def __call__(self, request: HttpRequest) -> Response:
        service = self.service
        began = service.log.now()
        call = Call(
            service=service,
            request=request,
            query=_fields(request.query),
            form=_form(request),
            arrived=service.clock(),
            trace_id=service.guid(),
        )
        handler = self.handlers["GET" if request.method == "HEAD" else request.method]
        response = await _answer(call, handler, self.renderer)
        if self.complete:
            self.complete(call, response)
        if call.remark.held_back:
            await asyncio.sleep(call.remark.held_back)
        _log(call, response, began)
        return response


async def _answer(call: Call, handler: Handler, renderer: Renderer) -> Response:
    try:
        return await handler(call)
    except Exception as error:
        response = renderer(call, error)
        if response is None and isinstance(error, Struck):
            call.remark.reason = str(error)
            status = error.fault.told_status
            response = PlainTextResponse(HTTPStatus(status).phrase, status, error.fault.headers)
        if response is None:
            traceback.print_exc(file=sys.stderr)
            call.remark.reason = f"a fault of the practice tenant: {type(error).__name__}"
            response = Response("The PRACTICE tenant failed; this is a fault of its own.", 500)
        return response


def _first(pairs: Pairs, name: str) -> str:
    for key, value in pairs:
        if key == name:
            return value
    return ""


def _form(request: HttpRequest) -> Pairs:
    kind = request.headers.get("content-type", "")
    is_form = request.method == "POST" and "json" not in kind and "multipart" not in kind
    return _fields(request.body) if is_form else []


def _fields(encoded: bytes) -> Pairs:
    """Read a form or a query, as ``urllib.parse.parse_qsl`` does with ``keep_blank_values``, in half the time."""
    if not encoded:
        return []
    parts = encoded.decode("utf-8", "replace").split("&")
    if len(parts) > MOST_FIELDS:
        return []
    pairs = (part.partition("=") for part in parts if part)
    return [(_unquoted(name), _unquoted(value)) for name, _, value in pairs]


def _unquoted(text: str) -> str:
    return unquote_plus(text) if "%" in text or "+" in text else text


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _log(call: Call, response: Response, began: float) -> None:
    request = call.request
    call.service.log.add(
        at=began,
        holder=request.holder,
        host=call.host[:255],
        method=request.method,
        path=request.path[:500],
        user_agent=request.headers.get("user-agent", "")[:200],
        flow=flow_named(call.remark.flow, request.path),
        sent=[*_authorization(request), *(call.query + call.form or _members(_json_or_nothing(call)))],
        status=response.status_code,
        received=_received(response),
        reason=call.remark.reason,
    )


def _authorization(request: HttpRequest) -> Pairs:
    value = request.headers.get("authorization", "")
    return [("Authorization", value)] if value.partition(" ")[2] else []


def _received(response: Response) -> Pairs:
    if isinstance(response, JsonAnswer):
        return _members(response.content)
    location = response.headers.get("location")
    if location is None:
        return []
    parts = urlsplit(location)
    target = f"{parts.scheme}://{parts.netloc}{parts.path}" if parts.netloc else parts.path
    return [("location", target), *parse_qsl(parts.query), *parse_qsl(parts.fragment)]


def _json_or_nothing(call: Call) -> Mapping[str, Any]:
    if not call.body or "json" not in call.request.headers.get("content-type", ""):
        return {}
    try:
        value = call.json()
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _members(content: Mapping[str, Any]) -> Pairs:
    return [(str(name), _brief(value)) for name, value in content.items()]


def _brief(value: Any) -> str:
    if isinstance(value, dict):
        return "{…}"
    if isinstance(value, list):
        return f"[{len(value)}]"
    return value if isinstance(value, str) else str(value) if type(value) is int else json.dumps(value)
