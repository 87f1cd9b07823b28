"""Applications, service principals, secrets and role assignments: reading and writing."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from practice_tenant.server.directory.objects import Application, ServicePrincipal
from practice_tenant.server.directory.store import MOST_KEPT, Store, digest, parsed

_APPLICATION = "SELECT id, tenant_id, app_id, graph FROM applications"
_PRINCIPAL = "SELECT id, tenant_id, app_id, graph FROM service_principals"
_BY_URI = (
    "SELECT a.id, a.tenant_id, a.app_id, a.graph FROM identifier_uris u"
    " JOIN applications a ON a.app_id = u.app_id WHERE u.uri = ?"
)
_BY_ID = "SELECT a.id, a.tenant_id, a.app_id, a.graph FROM applications a WHERE a.app_id = ?"
_IS_HERE = "EXISTS (SELECT 1 FROM service_principals p WHERE p.tenant_id = ? AND p.app_id = a.app_id)"


def save_application(store: Store, application: Application) -> None:
    """Write an application and its identifier URIs; run it inside a transaction."""
    store.run(
        "INSERT INTO applications VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET graph = excluded.graph",
        application.id, application.tenant_id, application.app_id, json.dumps(application.graph),
    )  # fmt: skip
    store.run("DELETE FROM identifier_uris WHERE app_id = ?", application.app_id)
    for uri in application.identifier_uris:
        store.run("INSERT INTO identifier_uris VALUES (?, ?, ?)", application.tenant_id, uri, application.app_id)


def application(store: Store, app_id: str) -> Application | None:
    """Find an application by its application (client) id, in whichever directory it is registered."""
    row = store.one(f"{_APPLICATION} WHERE app_id = ?", app_id)
    return _application(row) if row else None


def application_object(store: Store, tenant_id: str, object_id: str) -> Application | None:
    """Find an application of this directory by its object id."""
    row = store.one(f"{_APPLICATION} WHERE tenant_id = ? AND id = ?", tenant_id, object_id)
    return _application(row) if row else None


def applications(store: Store, tenant_id: str) -> list[Application]:
    return [_application(row) for row in store.all(f"{_APPLICATION} WHERE tenant_id = ? ORDER BY rowid", tenant_id)]


def remove_application(store: Store, application: Application) -> None:
    """Delete an application and free its identifier URIs; run it inside a transaction."""
    store.run("DELETE FROM applications WHERE id = ?", application.id)
    store.run("DELETE FROM identifier_uris WHERE app_id = ?", application.app_id)


def owner_of_identifier(store: Store, tenant_id: str, uri: str) -> str | None:
    """Return the application id that owns an identifier URI in this directory."""
    row = store.one("SELECT app_id FROM identifier_uris WHERE tenant_id = ? AND uri = ?", tenant_id, uri)
    return str(row[0]) if row else None


def resource(store: Store, tenant_id: str, identifier: str) -> Application | None:
    """Find the application behind an identifier URI or application id that has a service principal here."""
    row = store.one(f"{_BY_URI} AND {_IS_HERE}", identifier, tenant_id) or store.one(
        f"{_BY_ID} AND {_IS_HERE}", identifier, tenant_id
    )
    return _application(row) if row else None


def registered(store: Store, identifier: str) -> Application | None:
    """Find the application behind an identifier URI or application id, in whichever directory it is registered."""
    row = store.one(_BY_URI, identifier) or store.one(_BY_ID, identifier)
    return _application(row) if row else None


def save_principal(store: Store, principal: ServicePrincipal) -> None:
    store.run(
        "INSERT INTO service_principals VALUES (?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET graph = excluded.graph",
        principal.id, principal.tenant_id, principal.app_id, json.dumps(principal.graph),
    )  # fmt: skip


def principal(store: Store, tenant_id: str, app_id_or_id: str) -> ServicePrincipal | None:
    query = f"{_PRINCIPAL} WHERE tenant_id = ? AND"
    row = store.one(f"{query} app_id = ?", tenant_id, app_id_or_id) or store.one(
        f"{query} id = ?", tenant_id, app_id_or_id
    )
    return _principal(row) if row else None


def principals(store: Store, tenant_id: str) -> list[ServicePrincipal]:
    return [_principal(row) for row in store.all(f"{_PRINCIPAL} WHERE tenant_id = ? ORDER BY rowid", tenant_id)]


def remove_principal(store: Store, principal: ServicePrincipal) -> None:
    store.run("DELETE FROM service_principals WHERE id = ?", principal.id)


def add_secret(store: Store, application_id: str, key_id: str, secret: str, ends: float) -> None:
    store.run("INSERT INTO secrets VALUES (?, ?, ?, ?)", key_id, application_id, digest(secret), ends)


def remove_secret(store: Store, application_id: str, key_id: str) -> bool:
    """Forget a secret; False when it is none of the application's."""
    return bool(store.run("DELETE FROM secrets WHERE application_id = ? AND key_id = ?", application_id, key_id))


def forget_secrets(store: Store, application_id: str) -> None:
    store.run("DELETE FROM secrets WHERE application_id = ?", application_id)


def secret_ends(store: Store, application_id: str, secret: str) -> float | None:
    """Return when this secret of the application ends, in Unix seconds; None when it is not one of its secrets."""
    presented = digest(secret)
    ends: float | None = None
    for stored, until in store.all("SELECT digest, ends FROM secrets WHERE application_id = ?", application_id):
        if hmac.compare_digest(stored, presented):
            ends = float(until)
    return ends


def assign_role(
    store: Store, assignment_id: str, tenant_id: str, principal_id: str, resource_id: str, role_id: str
) -> bool:
    """Record an app role assignment; False when it is there already."""
    return bool(
        store.run(
            "INSERT OR IGNORE INTO app_role_assignments (id, tenant_id, principal_id, resource_id, app_role_id)"
            " VALUES (?, ?, ?, ?, ?)",
            assignment_id, tenant_id, principal_id, resource_id, role_id,
        )
    )  # fmt: skip


def assigned_roles(store: Store, resource: ServicePrincipal, principal_ids: Sequence[str]) -> list[str]:
    """Return the ids of the app roles of a resource that any of these principals is assigned to."""
    marks = ", ".join("?" * len(principal_ids))
    rows = store.all(
        "SELECT DISTINCT app_role_id FROM app_role_assignments WHERE tenant_id = ? AND resource_id = ?"  # noqa: S608
        f" AND principal_id IN ({marks})",
        resource.tenant_id, resource.id, *principal_ids,
    )  # fmt: skip
    return [row[0] for row in rows]


def assigned_principals(store: Store, resource: ServicePrincipal) -> set[str]:
    """Return the ids of the users, groups and service principals that are assigned to a resource."""
    rows = store.all(
        "SELECT DISTINCT principal_id FROM app_role_assignments WHERE tenant_id = ? AND resource_id = ?",
        resource.tenant_id, resource.id,
    )  # fmt: skip
    return {row[0] for row in rows}


def values_of_roles(resource: Application, role_ids: Iterable[str]) -> list[str]:
    """Return the values of these roles; a role without a value, or one switched off, is in no token."""
    return sorted({value for role in role_ids if (value := resource.app_roles.get(role))})


# The store keeps rows; the objects they are read as are kept with them.
@lru_cache(maxsize=MOST_KEPT)
def _application(row: tuple[Any, ...]) -> Application:
    return Application(row[0], row[1], row[2], parsed(row[3]))


@lru_cache(maxsize=MOST_KEPT)
def _principal(row: tuple[Any, ...]) -> ServicePrincipal:
    return ServicePrincipal(row[0], row[1], row[2], parsed(row[3]))
