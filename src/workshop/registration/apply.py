"""Make a registration as it is declared: one step after the other, each of which may be the last before a power cut.

Every step first looks whether it was done before, so an interrupted run is completed by the next one with nothing
doubled. Source: https://learn.microsoft.com/graph/api/application-upsert and
https://learn.microsoft.com/graph/api/application-update
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from kiota_abstractions.api_error import APIError
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.default_query_parameters import QueryParameters
from msgraph.generated.models.application import Application
from msgraph.generated.models.service_principal import ServicePrincipal
from msgraph.graph_service_client import GraphServiceClient

from workshop.errors import WorkshopError
from workshop.registration import apply_consent, apply_credentials, look, survey
from workshop.registration.aspects import AFTERWARDS, ASPECTS, PREAUTHORIZED, ROLE, SCOPE, body
from workshop.registration.compare import PlannedChange, changes
from workshop.registration.declarations import DEFAULT_URI, Declaration
from workshop.registration.graph import FIRST_WAIT, LONGEST_WAIT, PATIENCE, GraphRefused, from_json, once_there, step
from workshop.registration.keeper import Keeper
from workshop.registration.plan import RegistrationPlan
from workshop.registration.seen import App
from workshop.registration.survey import Survey
from workshop.servers.settings import TENANT_ID


@dataclass(eq=False)
class NotSettled(WorkshopError):
    """The directory still shows something else than what was written."""

    seconds: float
    missing: tuple[PlannedChange, ...]

    def __str__(self) -> str:
        missing = ", ".join(change.what for change in self.missing)
        return (
            f"Everything was written, but after {self.seconds:.0f} s the directory does not show all of it yet: "
            f"{missing}. Run the same command again in a few minutes."
        )


@dataclass(frozen=True)
class ApplyResult:
    """What an apply did.

    Attributes:
        changed: the lines of the plan that were carried out.
        left: what only an administrator may do, with Graph's words.
    """

    client_id: str
    tenant_id: str
    changed: tuple[PlannedChange, ...]
    left: tuple[str, ...] = field(default=())


async def apply(
    graph: GraphServiceClient,
    declaration: Declaration,
    keeper: Keeper,
    *,
    agree: Callable[[RegistrationPlan], None] = lambda _: None,
    patience: float = PATIENCE,
) -> ApplyResult:
    """Bring the directory and the kept values in line with a declaration.

    Args:
        agree: is shown the plan before anything is done; raises to stop.
        patience: seconds to wait for the directory's replicas.

    Raises:
        GraphRefused: Graph refused a step.
        NotSettled: the replicas took longer.
    """
    before = await survey.survey(graph, declaration, keeper)
    plan = before.plan()
    agree(plan)
    app = before.app or await _create(graph, before, patience)
    _keep_ids(before, app)
    before.journal.end()
    now = replace(before, snapshot=replace(before.snapshot, app=app))
    await _bring(graph, app, now.wanted(), now, patience)
    await _principal(graph, app, now, patience)
    now = await survey.again(graph, before, app)
    now = await apply_credentials.apply(graph, now, patience)
    left = await apply_consent.apply(graph, now, patience)
    await _settled(graph, now, app, patience, without_consent=bool(left))
    return ApplyResult(app.client_id, before.directory.tenant_id, plan.changes, left)


def _keep_ids(here: Survey, app: App) -> None:
    """Write the ids down; what was kept for another application goes."""
    names, keeper = here.declaration.names, here.keeper
    ids = {TENANT_ID: here.directory.tenant_id, names.client_id: app.client_id}
    if keeper.get(names.client_id).lower() != app.client_id:
        ids |= {names.client_secret: "", names.certificate: ""}
    if names.identifier_uri:
        uri = here.declaration.identifier_uri
        ids[names.identifier_uri] = "" if uri == DEFAULT_URI else uri
    keeper.keep(ids)


async def _create(graph: GraphServiceClient, here: Survey, patience: float) -> App:
    """Make the application under the name in the journal: Graph makes it at most once."""
    with step("Registering the application"):
        try:
            return await _upsert(graph, here, patience)
        except APIError as error:
            if "uniqueName already exists" not in str(getattr(getattr(error, "error", None), "message", "")):
                raise
        # An application of that name was deleted: it keeps its name for 30 days.
        here.journal.end()
        return await _upsert(graph, here, patience)


async def _upsert(graph: GraphServiceClient, here: Survey, patience: float) -> App:
    name = here.journal.begin()
    item = graph.applications_with_unique_name(name)
    configuration: RequestConfiguration[QueryParameters] = RequestConfiguration()
    configuration.headers.add("Prefer", "create-if-missing")
    settings = body(here.wanted(), [aspect for aspect in ASPECTS if aspect not in AFTERWARDS])
    await item.patch(from_json(Application, settings), configuration)
    made = await once_there(item.get, patience)
    if made is None:
        raise WorkshopError("Microsoft Graph answered without the new application.")
    return look.app_of(made)


async def _bring(graph: GraphServiceClient, app: App, wanted: App, here: Survey, patience: float) -> None:
    """Change what differs: a scope is switched off before it goes, and is there before a client is listed for it."""
    different = {change.aspect for change in changes(app, wanted, here.directory.permission_names)}
    if not different:
        return
    with step("Changing the application"):
        if _doomed(app, wanted):
            fading = _fading(app, wanted)
            await _patch(graph, app, body(fading, [SCOPE, ROLE, PREAUTHORIZED]), patience)
        first = [aspect for aspect in ASPECTS if aspect in different and aspect != PREAUTHORIZED]
        if first:
            await _patch(graph, app, body(wanted, first), patience)
        if PREAUTHORIZED in different:
            await _patch(graph, app, body(wanted, [PREAUTHORIZED]), patience)


async def _patch(graph: GraphServiceClient, app: App, settings: Mapping[str, Any], patience: float) -> None:
    item = graph.applications.by_application_id(app.object_id)
    await once_there(lambda: item.patch(from_json(Application, settings)), patience)


def _doomed(app: App, wanted: App) -> bool:
    kept = _ids(wanted)
    scopes = any(scope.enabled and scope.id not in kept for scope in app.scopes)
    return scopes or any(role.enabled and role.id not in kept for role in app.roles)


def _fading(app: App, wanted: App) -> App:
    """Return the application as it is, but with what will go switched off and out of every client's list."""
    kept = _ids(wanted)
    return replace(
        app,
        scopes=tuple(replace(scope, enabled=scope.enabled and scope.id in kept) for scope in app.scopes),
        roles=tuple(replace(role, enabled=role.enabled and role.id in kept) for role in app.roles),
        preauthorized=tuple(
            replace(client, scope_ids=_only(client.scope_ids, kept))
            for client in app.preauthorized
            if _only(client.scope_ids, kept)
        ),
    )


def _ids(app: App) -> frozenset[str]:
    return frozenset(scope.id for scope in app.scopes) | frozenset(role.id for role in app.roles)


def _only(ids: Collection[str], kept: Collection[str]) -> tuple[str, ...]:
    return tuple(id_ for id_ in ids if id_ in kept)


async def _principal(graph: GraphServiceClient, app: App, here: Survey, patience: float) -> None:
    """Make the service principal: without it the directory knows the application but can't issue tokens for it."""
    if here.snapshot.principal or "principal" in here.snapshot.unseen:
        return
    with step("Making the service principal"):
        try:
            await once_there(lambda: graph.service_principals.post(ServicePrincipal(app_id=app.client_id)), patience)
        except APIError as error:
            if error.response_status_code != 409:  # another run made it meanwhile
                raise
        await once_there(graph.service_principals_with_app_id(app.client_id).get, patience)


async def _settled(
    graph: GraphServiceClient, here: Survey, app: App, patience: float, *, without_consent: bool
) -> None:
    """Wait until the directory shows what was written.

    Raises:
        NotSettled: it took longer than `patience` seconds.
    """
    deadline = time.monotonic() + patience
    wait = FIRST_WAIT
    while True:
        try:
            missing = (await survey.again(graph, here, app)).changes()
        except GraphRefused as error:
            if error.status != 404:
                raise
            missing = ()
        missing = tuple(change for change in missing if not (without_consent and change.aspect.startswith("Consent")))
        if not missing:
            return
        if time.monotonic() + wait > deadline:
            raise NotSettled(patience, missing)
        await asyncio.sleep(wait)
        wait = min(wait * 2, LONGEST_WAIT)
