"""Look at a registration through Microsoft Graph: a frozen snapshot. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from kiota_abstractions.api_error import APIError
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.serialization import Parsable
from msgraph.generated.applications.applications_request_builder import ApplicationsRequestBuilder
from msgraph.generated.oauth2_permission_grants.oauth2_permission_grants_request_builder import (
    Oauth2PermissionGrantsRequestBuilder,
)
from msgraph.graph_service_client import GraphServiceClient

from workshop.core.well_known import GRAPH_APP_ID
from workshop.errors import TOLD, WorkshopError
from workshop.registration import codec, probe
from workshop.registration.declarations import Declaration, Names
from workshop.registration.graph import found_or_none, step, to_json
from workshop.registration.keeper import Keeper
from workshop.registration.seen import App, Federated, Grant, KeptValues, Part, Principal, SeenDirectory, Snapshot
from workshop.registration.values import values_of
from workshop.servers.settings import TENANT_ID

DENIED = "your account may not read it: {reason}"


@dataclass
class Looking:
    """A look under way: what was seen so far, and what could not be."""

    graph: GraphServiceClient
    parts: set[Part] = field(default_factory=set)
    unseen: dict[Part, str] = field(default_factory=dict)

    async def at(self, part: Part, ask: Callable[[], Awaitable[Any]], otherwise: Any) -> Any:
        """Return what `ask` finds, `otherwise` where the account has no right to see it.

        Raises:
            GraphRefused: for any other reason.
        """
        try:
            answer = await ask()
        except APIError as error:
            if error.response_status_code != 403:
                with step(f"Reading the {part}"):
                    raise
            self.unseen[part] = DENIED.format(reason=getattr(getattr(error, "error", None), "message", None) or "403")
            return otherwise
        self.parts.add(part)
        return answer


async def directory_of(graph: GraphServiceClient) -> SeenDirectory:
    """Return the directory one is signed in to, and Microsoft Graph in it.

    Raises:
        GraphRefused: it may not be read.
    """
    with step("Reading the directory"):
        organizations = await graph.organization.get()
        principal = await graph.service_principals_with_app_id(GRAPH_APP_ID).get()
    first = (organizations.value if organizations else None) or []
    if not first or principal is None:
        raise WorkshopError("Microsoft Graph did not say which directory this is.")
    organization = to_json(first[0])
    graph_app = to_json(principal)
    domains = tuple(str(domain.get("name", "")).lower() for domain in organization.get("verifiedDomains", ()))
    return SeenDirectory(
        tenant_id=str(organization["id"]),
        domains=domains,
        graph_principal_id=str(graph_app["id"]),
        graph_permissions=codec.permission_ids(graph_app.get("oauth2PermissionScopes", ())),
        graph_roles=codec.permission_ids(graph_app.get("appRoles", ())),
        name=str(organization.get("displayName", "")),
    )


async def maker(graph: GraphServiceClient) -> str:
    """Return the object id of who is signed in; "application" for one that signs in as itself."""
    try:
        with step("Asking who is signed in"):
            me = await graph.me.get()
    except TOLD:
        return "application"
    return str(me.id) if me and me.id else "application"


async def by_client_id(graph: GraphServiceClient, client_id: str) -> App | None:
    """Return the application of this application (client) id, None if this directory has none."""
    with step("Reading the application"):
        return _app(await found_or_none(graph.applications_with_app_id(client_id).get()))


async def by_unique_name(graph: GraphServiceClient, name: str) -> App | None:
    """Return the application of this unique name, None if this directory has none."""
    with step("Reading the application"):
        return _app(await found_or_none(graph.applications_with_unique_name(name).get()))


async def by_tag(graph: GraphServiceClient, tag: str) -> tuple[App, ...]:
    """Return the applications that carry this tag."""
    return await _listed(graph, f"tags/any(tag:tag eq '{tag}')", "Looking for the workshop's registrations")


async def by_tag_prefix(graph: GraphServiceClient, prefix: str) -> tuple[App, ...]:
    """Return the applications that carry a tag which begins so."""
    return await _listed(
        graph, f"tags/any(tag:startswith(tag, '{prefix}'))", "Looking for the workshop's registrations"
    )


async def by_display_name(graph: GraphServiceClient, name: str) -> tuple[App, ...]:
    """Return the applications of this display name; Graph allows several."""
    quoted = name.replace("'", "''")
    return await _listed(graph, f"displayName eq '{quoted}'", "Looking for an application by its name")


async def owner_of(graph: GraphServiceClient, identifier_uri: str) -> str | None:
    """Return the client id of the application that holds this Application ID URI."""
    quoted = identifier_uri.replace("'", "''")
    holders = await _listed(graph, f"identifierUris/any(uri:uri eq '{quoted}')", "Looking for the Application ID URI")
    return holders[0].client_id if holders else None


async def _listed(graph: GraphServiceClient, condition: str, what: str) -> tuple[App, ...]:
    parameters = ApplicationsRequestBuilder.ApplicationsRequestBuilderGetQueryParameters(filter=condition)
    with step(what):
        applications = await graph.applications.get(RequestConfiguration(query_parameters=parameters))
    return tuple(
        codec.application(to_json(application)) for application in (applications.value if applications else None) or []
    )


async def look(graph: GraphServiceClient, app: App | None, directory: SeenDirectory) -> Snapshot:
    """Return all that can be seen of a registration.

    Args:
        app: the application, read just now; None if there is none.
        directory: the one it is in.
    """
    looking = Looking(graph)
    looking.parts |= {"application", "directory"}
    federated: tuple[Federated, ...] = ()
    principal: Principal | None = None
    grants: tuple[Grant, ...] = ()
    published: dict[str, frozenset[tuple[str, str]]] = {}
    if app:
        published = await _published(graph, app, directory)
        federated = await looking.at("federated", lambda: _federated(graph, app), ())
        principal = await looking.at("principal", lambda: _principal(graph, app), None)
        grants = await looking.at("consent", lambda: _grants(graph, principal), ()) if principal else ()
        if principal is None and "principal" in looking.parts:
            looking.parts.add("consent")
    return Snapshot(
        source=directory.name,
        at=datetime.now(UTC),
        parts=frozenset(looking.parts),
        app=app,
        federated=federated,
        principal=principal,
        grants=grants,
        directory=directory,
        published=published,
        unseen=looking.unseen,
    )


async def everything(graph: GraphServiceClient, client_id: str) -> Snapshot:
    """Return all that can be seen of the application of this client id.

    Raises:
        WorkshopError: the directory has no such application.
    """
    directory = await directory_of(graph)
    app = await by_client_id(graph, client_id)
    if app is None:
        raise WorkshopError(f"{directory.name} has no app registration with the application (client) id {client_id}.")
    return await look(graph, app, directory)


async def with_owner(graph: GraphServiceClient, snapshot: Snapshot, declaration: Declaration) -> Snapshot:
    """Add who holds the declared Application ID URI."""
    app = snapshot.app
    if app is None:
        return snapshot
    expected = declaration.identifier_uri.format(client_id=app.client_id)
    owner = app.client_id if expected in app.identifier_uris else await owner_of(graph, expected)
    return replace(snapshot, owners={expected: owner} if owner else {})


def with_values(snapshot: Snapshot, keeper: Keeper, names: Names) -> Snapshot:
    """Add what the environment or the file holds, after asking Entra whether its secret is taken."""
    values = values_of(keeper, names)
    app = snapshot.app
    if app and values.client_id == app.client_id:
        tenant_id = snapshot.directory.tenant_id if snapshot.directory else keeper.get(TENANT_ID)
        accepted, refusal = _asked(keeper, names, values, tenant_id)
        values = replace(values, accepted=accepted, refusal=refusal)
    return replace(snapshot, values=values, parts=snapshot.parts | {"values"})


def _asked(keeper: Keeper, names: Names, values: KeptValues, tenant_id: str) -> tuple[bool | None, str]:
    if values.kept == "value":
        return probe.secret_accepted(tenant_id, values.client_id, keeper.get(names.client_secret))
    if values.thumbprint:
        return probe.certificate_accepted(tenant_id, values.client_id, keeper.path(names.certificate))
    return None, ""


async def _federated(graph: GraphServiceClient, app: App) -> tuple[Federated, ...]:
    credentials = await graph.applications.by_application_id(app.object_id).federated_identity_credentials.get()
    return tuple(codec.federated(credential) for credential in _jsons(credentials.value if credentials else None))


async def _published(
    graph: GraphServiceClient, app: App, directory: SeenDirectory
) -> dict[str, frozenset[tuple[str, str]]]:
    """Return what each API that the registration names publishes; Microsoft Graph was read with the directory."""
    published = {GRAPH_APP_ID: _kinds(directory.graph_permissions.values(), directory.graph_roles.values())}
    for app_id in sorted({permission.resource_app_id for permission in app.permissions} - {GRAPH_APP_ID}):
        with step("Reading the APIs it asks for"):
            model = await found_or_none(graph.service_principals_with_app_id(app_id).get())
        there = to_json(model) if model else {}
        scopes, roles = (codec.permission_ids(there.get(name, ())) for name in ("oauth2PermissionScopes", "appRoles"))
        published[app_id] = _kinds(scopes.values(), roles.values())
    return published


def _kinds(scopes: Iterable[str], roles: Iterable[str]) -> frozenset[tuple[str, str]]:
    return frozenset({*(("Scope", id_.lower()) for id_ in scopes), *(("Role", id_.lower()) for id_ in roles)})


async def _principal(graph: GraphServiceClient, app: App) -> Principal | None:
    model = await found_or_none(graph.service_principals_with_app_id(app.client_id).get())
    if model is None or model.id is None:
        return None
    principal = codec.principal(to_json(model))
    if not principal.assignment_required:
        return principal
    assigned = await graph.service_principals.by_service_principal_id(model.id).app_role_assigned_to.get()
    return replace(principal, assigned=len((assigned.value if assigned else None) or ()))


async def _grants(graph: GraphServiceClient, principal: Principal) -> tuple[Grant, ...]:
    builder = Oauth2PermissionGrantsRequestBuilder.Oauth2PermissionGrantsRequestBuilderGetQueryParameters
    parameters = builder(filter=f"clientId eq '{principal.id}'")
    grants = await graph.oauth2_permission_grants.get(RequestConfiguration(query_parameters=parameters))
    return tuple(codec.grant(grant) for grant in _jsons(grants.value if grants else None))


def app_of(model: Parsable) -> App:
    """Return an application of msgraph-sdk as it was seen."""
    return codec.application(to_json(model))


def _app(model: Parsable | None) -> App | None:
    return app_of(model) if model else None


def _jsons(models: Iterable[Parsable] | None) -> list[dict[str, Any]]:
    return [to_json(model) for model in models or ()]
