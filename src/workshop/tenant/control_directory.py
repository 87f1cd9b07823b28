"""What the control door offers for one directory tenant: its clock, its settings, its key, a fresh start."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from workshop.tenant.directory import people, seed
from workshop.tenant.directory.objects import Directory
from workshop.tenant.directory.settings import BadSetting, as_json
from workshop.tenant.service import Service

BODY_LIMIT = 65_536


@dataclass(eq=False)
class Refused(Exception):
    """A control call that can't be done; the line says what could be."""

    line: str
    status: int = 400


Handler = Callable[[Service, Directory, Request], Awaitable[dict[str, Any]]]


async def show(service: Service, directory: Directory, _: Request) -> dict[str, Any]:
    """Answer GET /directories/{directory}."""
    settings = service.settings.of(directory.tenant_id)
    return {
        "tenant_id": directory.tenant_id,
        "name": directory.name,
        "domain": directory.domain,
        "now": service.clock() + settings.clock,
        "settings": as_json(settings),
        "keys": [key.kid for key in service.keys.of(directory.tenant_id).keys],
    }


async def change(service: Service, directory: Directory, request: Request) -> dict[str, Any]:
    """Answer PATCH /directories/{directory}: set some settings; the answer says what they were before."""
    values = await body_of(request)
    before = as_json(service.settings.of(directory.tenant_id))
    try:
        service.settings.change(directory.tenant_id, values)
    except BadSetting as error:
        raise Refused(str(error)) from None
    return {
        "before": {name: before[name] for name in values},
        "settings": as_json(service.settings.of(directory.tenant_id)),
    }


async def rotate_keys(service: Service, directory: Directory, request: Request) -> dict[str, Any]:
    """Answer POST /directories/{directory}/keys: sign with a new key; the old ones stay published or go."""
    values = await body_of(request)
    known(values, "old")
    old = chosen(values, "old", ("kept", "dropped"))
    made = await service.keys.rotate(directory.tenant_id, service.clock(), keep=old == "kept")
    return {"kid": made.kid, "keys": [key.kid for key in service.keys.of(directory.tenant_id).keys]}


async def reset(service: Service, directory: Directory, _: Request) -> dict[str, Any]:
    """Answer POST /directories/{directory}/reset: back to the seed and to Entra's settings."""
    with service.store.transaction():
        service.store.clear_directory(directory.tenant_id)
        seed.sow(service.store, directory.name)
    service.forget_settings(directory.tenant_id)
    return {"reset": directory.tenant_id}


DIRECTORY: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "", show),
    ("PATCH", "", change),
    ("POST", "/keys", rotate_keys),
    ("POST", "/reset", reset),
)


def directory_routes(service: Service) -> list[Route]:
    """Return the routes below ``/directories/{directory}``."""
    paths: dict[str, dict[str, Handler]] = {}
    for method, path, handler in DIRECTORY:
        paths.setdefault(f"/directories/{{directory}}{path}", {})[method] = handler
    return [Route(path, _endpoint(service, handlers), methods=list(handlers)) for path, handlers in paths.items()]


def _endpoint(service: Service, handlers: dict[str, Handler]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        handler = handlers["GET" if request.method == "HEAD" else request.method]
        try:
            return JSONResponse(await handler(service, _directory(service, request), request))
        except Refused as refused:
            return PlainTextResponse(f"{refused.line}\n", refused.status)

    return endpoint


def _directory(service: Service, request: Request) -> Directory:
    """Find the directory by its tenant id, domain or name."""
    wanted = request.path_params["directory"]
    known_ones = people.directories(service.store)
    for found in known_ones:
        if wanted.lower() in (found.tenant_id, found.name, found.domain.lower()):
            return found
    there = ", ".join(f"{each.name} ({each.tenant_id})" for each in known_ones)
    raise Refused(f"there is no directory {wanted[:60]!r}: the directories are {there}", 404)


async def body_of(request: Request) -> dict[str, Any]:
    """Return the JSON object of a body.

    Raises:
        Refused: it is none.
    """
    received = b""
    async for chunk in request.stream():
        received += chunk
        if len(received) > BODY_LIMIT:
            raise Refused("the body is too large", 413)
    try:
        value = json.loads(received or b"{}", parse_constant=_no_constant)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Refused("the body must be a JSON object")
    return value


def known(values: dict[str, Any], *names: str) -> None:
    """Refuse names nobody knows.

    Raises:
        Refused: the line lists what there is.
    """
    for name in values:
        if name not in names:
            raise Refused(f"there is no {name[:60]!r} here: the names are {', '.join(names)}")


def chosen(values: dict[str, Any], name: str, words: tuple[str, ...]) -> str:
    """Return one of a few words, the first if none is given.

    Raises:
        Refused: it is another; the line lists them.
    """
    value = values.get(name, words[0])
    if value not in words:
        raise Refused(f"{name} takes {' or '.join(words)}, not {json.dumps(value)[:60]}")
    return str(value)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
