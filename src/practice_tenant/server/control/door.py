"""The control door: plain http on loopback, for programs of this user only.

Every request must carry the secret of the state folder. A web page can't know it, and a request that a browser
sends on a page's behalf is refused before the secret is looked at.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import math
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import cache

from practice_tenant.server.admin.sessions import Sessions
from practice_tenant.server.directory import people
from practice_tenant.server.http.messages import (
    Answering,
    HttpRequest,
    JSONResponse,
    PlainTextResponse,
    Response,
    StreamingResponse,
)
from practice_tenant.server.http.routing import HttpRoute, Router
from practice_tenant.server.service import Service

LONGEST_WAIT = 30.0
NAME_LIMIT = 40


@dataclass
class Leases:
    """Who uses the tenant; ``on_last`` is called when the last one lets go."""

    on_last: Callable[[], None]
    over: asyncio.Event = field(default_factory=asyncio.Event)
    held: dict[int, str] = field(default_factory=dict)
    count: int = 0

    def take(self, holder: str) -> int:
        self.count += 1
        self.held[self.count] = holder
        return self.count

    def release(self, number: int) -> None:
        self.held.pop(number, None)
        if not self.held:
            self.on_last()


@dataclass(frozen=True)
class Control:
    """What the control door works on; ``instance`` tells one run of the process from the next."""

    service: Service
    leases: Leases
    sessions: Sessions
    secret: str
    instance: str
    began: float
    stop: Callable[[], None]

    async def lease(self, request: HttpRequest) -> Response:
        """Hold a lease for as long as the connection lasts."""
        holder = request.query_params.get("holder", "")[:100]

        async def lines() -> AsyncIterator[bytes]:
            number = self.leases.take(holder)
            try:
                yield json.dumps({"holder": holder, "instance": self.instance}).encode() + b"\n"
                await self.leases.over.wait()
            finally:
                self.leases.release(number)

        return StreamingResponse(lines(), media_type="application/x-ndjson")

    async def status(self, _: HttpRequest) -> Response:
        directories = people.directories(self.service.store)
        return JSONResponse(
            {
                "pid": os.getpid(),
                "instance": self.instance,
                "uptime_seconds": round(self.service.clock() - self.began, 1),
                "leases": list(self.leases.held.values()),
                "directories": [{"tenant_id": d.tenant_id, "name": d.name, "domain": d.domain} for d in directories],
                "requests": self.service.log.last,
            }
        )

    async def log(self, request: HttpRequest) -> Response:
        try:
            after = int(request.query_params.get("after", "0"))
            wait = float(request.query_params.get("wait", "0"))
        except ValueError:
            after, wait = -1, math.nan
        if not (after >= 0 <= wait):
            return PlainTextResponse("after and wait take numbers from 0\n", 400)
        exchanges = await self.service.log.after(after, min(wait, LONGEST_WAIT), request.query_params.get("holder"))
        return JSONResponse({"exchanges": exchanges, "last": self.service.log.last})

    async def end(self, _: HttpRequest) -> Response:
        self.stop()
        return JSONResponse({"stopped": True})

    async def reset(self, _: HttpRequest) -> Response:
        from practice_tenant.server.directory import seed  # here, so that no start waits for it

        store = self.service.store
        with store.transaction():
            store.clear()
            seed.sow(store)
        self.service.forget_settings()
        return JSONResponse({"reset": True})

    async def directory(self, request: HttpRequest) -> Response:
        from practice_tenant.server.directory import seed

        try:
            name = str(json.loads(request.body)["name"]).lower()
        except (ValueError, KeyError, TypeError, RecursionError):
            return PlainTextResponse("the body must be JSON with a name\n", 400)
        if not (name.isascii() and name.isalnum() and len(name) <= NAME_LIMIT):
            return PlainTextResponse(f"a directory's name has 1 to {NAME_LIMIT} letters and digits\n", 400)
        return JSONResponse({"tenant_id": seed.sow(self.service.store, name).tenant_id})


def control_application(control: Control, port: int) -> Answering:
    """Return the control door's application behind its guard."""

    @cache
    def of_directories() -> Router:  # made at the first request, so that no start waits for it
        from practice_tenant.server.control.admin import links
        from practice_tenant.server.control.directories import directory_routes

        return Router(directory_routes(control.service, (("POST", "/admin-center", links(control.sessions)),)))

    async def rest(request: HttpRequest) -> Response:
        return await of_directories()(request)

    table = Router(
        [
            HttpRoute("/lease", control.lease, ["GET"]),
            HttpRoute("/status", control.status, ["GET"]),
            HttpRoute("/log", control.log, ["GET"]),
            HttpRoute("/stop", control.end, ["POST"]),
            HttpRoute("/reset", control.reset, ["POST"]),
            HttpRoute("/directories", control.directory, ["POST"]),
        ],
        rest,
    )
    hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}

    async def guarded(request: HttpRequest) -> Response:
        from_page = "origin" in request.headers or "sec-fetch-site" in request.headers
        if from_page or request.only("host") not in hosts:
            return PlainTextResponse("not for web pages\n", 403)
        authorization = request.only("authorization").encode()
        if not hmac.compare_digest(authorization, f"Bearer {control.secret}".encode()):
            return PlainTextResponse("the secret of the state folder is missing or wrong\n", 401)
        control.service.store.look_again()
        return await table(request)

    return guarded
