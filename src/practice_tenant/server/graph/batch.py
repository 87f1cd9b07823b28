"""``$batch``: up to twenty requests in one.

Source: https://learn.microsoft.com/graph/json-batching
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from practice_tenant.server.graph import errors
from practice_tenant.server.graph.caller import caller
from practice_tenant.server.http.messages import HttpRequest, Response
from practice_tenant.server.web import Call, JsonAnswer

MOST = 20
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
LONGEST_URL = 8_000


async def batch(call: Call) -> Response:
    """Answer POST /$batch: each request as if it had come by itself, in order, each after those it depends on."""
    caller(call)
    requests = _read(call)
    answers: list[dict[str, Any]] = []
    done: dict[str, int] = {}
    for request in requests:
        failed = [before for before in request["dependsOn"] if not 200 <= done.get(before, 0) < 300]
        answer = _failed_dependency(request["id"]) if failed else await _answer(call, request)
        done[request["id"]] = answer["status"]
        answers.append(answer)
    head = {**errors.headers(call), "Content-Type": "application/json"}
    return JsonAnswer({"responses": answers}, 200, head)


def _read(call: Call) -> list[dict[str, Any]]:
    try:
        body = call.json()
    except ValueError:
        body = None
    requests = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(requests, list) or not 1 <= len(requests) <= MOST:
        raise errors.bad_request(f"Number of batch request steps has to be between 1 and {MOST}.", "BadRequest")
    read = [_step(request) for request in requests]
    known: set[str] = set()
    for request in read:
        if request["id"] in known or not set(request["dependsOn"]) <= known:
            raise errors.bad_request("Invalid batch payload format.", "BadRequest")
        known.add(request["id"])
    return read


def _step(request: Any) -> dict[str, Any]:
    """Return one request of the batch, checked."""
    if not isinstance(request, dict):
        raise errors.bad_request("Invalid batch payload format.", "BadRequest")
    headers, depends = request.get("headers") or {}, request.get("dependsOn") or []
    good = (
        isinstance(request.get("id"), str)
        and 0 < len(request["id"]) <= 100
        and str(request.get("method", "")).upper() in METHODS
        and isinstance(request.get("url"), str)
        and 0 < len(request["url"]) <= LONGEST_URL
        and isinstance(headers, dict)
        and all(isinstance(value, str) for value in headers.values())
        and isinstance(depends, list)
        and all(isinstance(request_id, str) for request_id in depends)
    )
    if not good:
        raise errors.bad_request("Invalid batch payload format.", "BadRequest")
    return {**request, "headers": headers, "dependsOn": depends, "method": str(request["method"]).upper()}


async def _answer(call: Call, request: Mapping[str, Any]) -> dict[str, Any]:
    """Let the same routes answer one request of the batch."""
    try:
        parts = urlsplit(request["url"])
    except ValueError:
        raise errors.bad_request("Invalid batch payload format.", "BadRequest") from None
    path = f"/{call.path['version']}/{unquote(parts.path).lstrip('/')}"
    if path.lower().endswith("/$batch"):
        raise errors.bad_request("A batch can't hold another batch.", "BadRequest")
    body = request.get("body")
    raw = b"" if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    inner = HttpRequest(
        method=request["method"],
        path=path,
        query=parts.query.encode("utf-8", "surrogatepass"),
        raw_headers=_headers(call, request["headers"]),
        body=raw,
        scheme=call.request.scheme,
        holder=call.request.holder,
    )
    assert call.request.router
    return _shown(request["id"], await call.request.router(inner))


def _headers(call: Call, headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    own = [("host", call.host), ("authorization", call.request.headers["authorization"])]
    kept = [(name.lower(), value) for name, value in headers.items() if name.lower() not in ("host", "authorization")]
    return [(name.encode("latin-1", "replace"), value.encode("latin-1", "replace")) for name, value in (*own, *kept)]


def _shown(request_id: str, response: Response) -> dict[str, Any]:
    headers = {name.title(): value for name, value in response.headers.items() if name in ("content-type", "location")}
    answer: dict[str, Any] = {"id": request_id, "status": response.status_code, "headers": headers}
    if not response.body:
        return answer
    try:
        return {**answer, "body": json.loads(response.body)}
    except ValueError:
        return {**answer, "body": base64.b64encode(response.body).decode()}


def _failed_dependency(request_id: str) -> dict[str, Any]:
    error = {"code": "FailedDependency", "message": "A request that this one depends on has failed."}
    return {"id": request_id, "status": 424, "headers": {"Content-Type": "application/json"}, "body": {"error": error}}
