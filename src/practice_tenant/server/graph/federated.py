"""Federated identity credentials: whose tokens an application may present in place of a secret.

Source: https://learn.microsoft.com/graph/api/resources/federatedidentitycredential
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from practice_tenant.server.directory import apps
from practice_tenant.server.directory.objects import FEDERATED, Application
from practice_tenant.server.graph import authority, errors, found, kinds, odata
from practice_tenant.server.graph.caller import Caller, caller
from practice_tenant.server.graph.permissions import READ_APPLICATIONS, WRITE_APPLICATIONS
from practice_tenant.server.http.messages import Response
from practice_tenant.server.web import Call

MOST = 20
LONGEST_NAME = 120
LONGEST_VALUE = 600
RESOURCE = "FederatedIdentityCredential"
NEEDED = ("name", "issuer", "subject", "audiences")

_URL_FRIENDLY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


async def create(call: Call) -> Response:
    """Answer POST /applications/{id}/federatedIdentityCredentials."""
    who = caller(call)
    who.demand(WRITE_APPLICATIONS)
    application = found.application(call, who)
    authority.demand_change(call, who, application.id)
    properties = odata.body(call)
    for name in NEEDED:
        if properties.get(name) in (None, "", []):
            raise errors.bad_request(f"A value is required for property '{name}' of resource '{RESOURCE}'.")
    _check(properties)
    others = application.federated_credentials
    if any(other["name"] == properties["name"] for other in others):
        raise errors.GraphError(
            409,
            "Request_MultipleObjectsWithSameKeyValue",
            f"{RESOURCE} with name {properties['name']} already exists.",
        )
    if len(others) >= MOST:
        raise errors.bad_request(
            f"The maximum number of federated identity credentials on an application is {MOST}.",
            "Directory_QuotaExceeded",
        )
    credential = {
        "id": call.service.guid(),
        "name": properties["name"],
        "issuer": properties["issuer"],
        "subject": properties["subject"],
        "description": properties.get("description"),
        "audiences": properties["audiences"],
    }
    _check_distinct(credential, others)
    _save(call, application, [*others, credential])
    return odata.entity(call, kinds.FEDERATED, credential, 201, within=_within(application))


async def listed(call: Call) -> Response:
    """Answer GET /applications/{id}/federatedIdentityCredentials."""
    who = caller(call)
    who.demand(READ_APPLICATIONS)
    application = found.application(call, who)
    return odata.collection(call, kinds.FEDERATED, application.federated_credentials, within=_within(application))


async def read(call: Call) -> Response:
    """Answer GET /applications/{id}/federatedIdentityCredentials/{id or name}."""
    who = caller(call)
    who.demand(READ_APPLICATIONS)
    application, credential = _named(call, who)
    return odata.entity(call, kinds.FEDERATED, credential, within=_within(application))


async def update(call: Call) -> Response:
    """Answer PATCH /applications/{id}/federatedIdentityCredentials/{id or name}: all but the name can change."""
    who = caller(call)
    who.demand(WRITE_APPLICATIONS)
    application, credential = _named(call, who)
    authority.demand_change(call, who, application.id)
    properties = odata.body(call)
    if properties.get("name", credential["name"]) != credential["name"]:
        raise errors.bad_request(f"Property 'name' of resource '{RESOURCE}' cannot be changed.")
    _check(properties)
    changed = {**credential, **properties, "id": credential["id"]}
    others = [other for other in application.federated_credentials if other["id"] != credential["id"]]
    _check_distinct(changed, others)
    replaced = [changed if entry["id"] == credential["id"] else entry for entry in application.federated_credentials]
    _save(call, application, replaced)
    return odata.nothing(call)


async def delete(call: Call) -> Response:
    """Answer DELETE /applications/{id}/federatedIdentityCredentials/{id or name}."""
    who = caller(call)
    who.demand(WRITE_APPLICATIONS)
    application, credential = _named(call, who)
    authority.demand_change(call, who, application.id)
    _save(call, application, [entry for entry in application.federated_credentials if entry is not credential])
    return odata.nothing(call)


def _named(call: Call, who: Caller) -> tuple[Application, Mapping[str, Any]]:
    application = found.application(call, who)
    wanted = call.path["credential"]
    by_name = re.fullmatch(r"\(name='([^']*)'\)", wanted)
    wanted = by_name[1] if by_name else wanted.removeprefix("/")
    for credential in application.federated_credentials:
        if wanted in (credential["id"], credential["name"]):
            return application, credential
    raise errors.not_found(wanted[:200])


def _save(call: Call, application: Application, credentials: Sequence[Mapping[str, Any]]) -> None:
    graph = {**application.graph, FEDERATED: list(credentials)}
    with call.service.store.transaction():
        apps.save_application(
            call.service.store, Application(application.id, application.tenant_id, application.app_id, graph)
        )


def _check(properties: Mapping[str, Any]) -> None:
    for name, value in properties.items():
        if name == "name":
            good = _text(value, LONGEST_NAME) and bool(_URL_FRIENDLY.fullmatch(value))
        elif name in ("issuer", "subject"):
            good = _text(value, LONGEST_VALUE)
        elif name == "audiences":
            good = isinstance(value, list) and len(value) == 1 and _text(value[0], LONGEST_VALUE)
        elif name == "description":
            good = value is None or (isinstance(value, str) and len(value) <= LONGEST_VALUE)
        elif name == "id":
            good = True
        else:
            raise errors.bad_request(f"Invalid property '{name[:100]}'.")
        if not good:
            raise errors.invalid_value(name, RESOURCE)


def _check_distinct(credential: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> None:
    issuer, subject = credential["issuer"], credential["subject"]
    if any((other["issuer"], other["subject"]) == (issuer, subject) for other in others):
        raise errors.bad_request(
            "The combination of issuer and subject must be unique for the application. "
            f"Issuer {issuer} and Subject: {subject} already exist. paramName: {RESOURCE}.Subject, "
            f"paramValue: {subject}, objectType: Microsoft.Online.DirectoryServices.Application",
            "InvalidFederatedIdentityCredentialValue",
        )


def _text(value: Any, longest: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= longest


def _within(application: Application) -> str:
    return f"applications('{application.id}')/federatedIdentityCredentials"
