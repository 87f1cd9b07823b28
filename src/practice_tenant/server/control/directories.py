"""What the control door offers for one directory tenant: a literal table, and the directory's own affairs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from practice_tenant.server.control import people as control_people
from practice_tenant.server.control import rules as control_rules
from practice_tenant.server.control.body import ControlRefused, body_of, word
from practice_tenant.server.directory import managed_identities, people, policies, seed
from practice_tenant.server.directory.objects import EntraTenant
from practice_tenant.server.directory.settings import BadSetting, as_json
from practice_tenant.server.http.messages import HttpRequest, JSONResponse, PlainTextResponse, Response
from practice_tenant.server.http.routing import HttpRoute
from practice_tenant.server.service import Service

Handler = Callable[[Service, EntraTenant, HttpRequest], Awaitable[dict[str, Any]]]


async def show(service: Service, directory: EntraTenant, _: HttpRequest) -> dict[str, Any]:
    """Answer GET /directories/{directory}."""
    tenant_id = directory.tenant_id
    settings = service.settings.of(tenant_id)
    return {
        "tenant_id": tenant_id,
        "name": directory.name,
        "domain": directory.domain,
        "now": service.clock() + settings.clock,
        "settings": as_json(settings),
        "keys": [key.kid for key in service.keys.of(tenant_id).keys],
        "faults": [{"id": fault.id, "told": str(fault)} for fault in service.faults.of(tenant_id)],
        "policies": [
            {"id": each.id, "name": each.graph.get("displayName", "")}
            for each in policies.all_of(service.store, tenant_id)
        ],
        "managed_identities": [
            {
                "name": each.principal.graph["displayName"],
                "client_id": each.principal.app_id,
                "object_id": each.principal.id,
                "resource_id": each.resource_id,
                "user_assigned": each.user_assigned,
            }
            for each in managed_identities.all_of(service.store, tenant_id)
        ],
    }


async def change(service: Service, directory: EntraTenant, request: HttpRequest) -> dict[str, Any]:
    """Answer PATCH /directories/{directory}: set some settings; the answer says what they were before."""
    values = await body_of(request)
    before = as_json(service.settings.of(directory.tenant_id))
    try:
        service.settings.change(directory.tenant_id, values)
    except BadSetting as error:
        raise ControlRefused(str(error)) from None
    return {
        "before": {name: before[name] for name in values},
        "settings": as_json(service.settings.of(directory.tenant_id)),
    }


async def rotate_keys(service: Service, directory: EntraTenant, request: HttpRequest) -> dict[str, Any]:
    """Answer POST /directories/{directory}/keys: sign with a new key; the old ones stay published or go."""
    old = word(await body_of(request, "old"), "old", ("kept", "dropped"))
    made = await service.keys.rotate(directory.tenant_id, service.clock(), keep=old == "kept")
    return {"kid": made.kid, "keys": [key.kid for key in service.keys.of(directory.tenant_id).keys]}


async def sign(service: Service, directory: EntraTenant, request: HttpRequest) -> dict[str, Any]:
    """Answer POST /directories/{directory}/sign: any claims under the directory's key, as Entra would never sign them.

    Lessons show with it what a verifier does with a token that is rightly signed and wrong all the same.
    """
    body = await body_of(request, "claims", "header")
    for name in ("claims", "header"):
        if not isinstance(body.get(name, {}), dict):
            raise ControlRefused(f"{name} takes a JSON object")
    ring = service.keys.of(directory.tenant_id)
    header = {"typ": "JWT", "alg": "RS256", "kid": ring.current.kid, **body.get("header", {})}
    if not isinstance(header.get("nonce", ""), str):
        raise ControlRefused("nonce takes a text")
    return {"token": await ring.sign(header, body.get("claims", {}))}


async def reset(service: Service, directory: EntraTenant, _: HttpRequest) -> dict[str, Any]:
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
    ("POST", "/sign", sign),
    ("POST", "/reset", reset),
    ("POST", "/faults", control_rules.add_fault),
    ("DELETE", "/faults", control_rules.remove_faults),
    ("DELETE", "/faults/{id:int}", control_rules.remove_faults),
    ("POST", "/policies", control_rules.add_policy),
    ("DELETE", "/policies", control_rules.remove_policies),
    ("DELETE", "/policies/{id}", control_rules.remove_policies),
    ("POST", "/issuers", control_rules.add_issuer),
    ("PATCH", "/users/{user}", control_people.change_user),
    ("POST", "/users/{user}/revoke", control_people.revoke_sessions),
    ("POST", "/consent", control_people.give_consent),
    ("DELETE", "/consent", control_people.withdraw_consent),
)


def directory_routes(service: Service, more: Iterable[tuple[str, str, Handler]] = ()) -> list[HttpRoute]:
    """Return the routes below ``/directories/{directory}``, with rows that need more than the service."""
    paths: dict[str, dict[str, Handler]] = {}
    for method, path, handler in (*DIRECTORY, *more):
        paths.setdefault(f"/directories/{{directory}}{path}", {})[method] = handler
    return [HttpRoute(path, _endpoint(service, handlers), handlers) for path, handlers in paths.items()]


def _endpoint(service: Service, handlers: dict[str, Handler]) -> Callable[[HttpRequest], Awaitable[Response]]:
    async def endpoint(request: HttpRequest) -> Response:
        handler = handlers["GET" if request.method == "HEAD" else request.method]
        try:
            return JSONResponse(await handler(service, _directory(service, request), request))
        except ControlRefused as refused:
            return PlainTextResponse(f"{refused.line}\n", refused.status)

    return endpoint


def _directory(service: Service, request: HttpRequest) -> EntraTenant:
    """Find the directory by its tenant id, domain or name."""
    wanted = request.path_params["directory"]
    known = people.directories(service.store)
    for directory in known:
        if wanted.lower() in (directory.tenant_id, directory.name, directory.domain.lower()):
            return directory
    there = ", ".join(f"{each.name} ({each.tenant_id})" for each in known)
    raise ControlRefused(f"there is no directory {wanted[:60]!r}: the directories are {there}", 404)
