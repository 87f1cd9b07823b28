"""The managed identities of a directory: service principals without an app registration and without a secret.

Source: https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/overview
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from practice_tenant.server.directory import apps
from practice_tenant.server.directory.ids import guid
from practice_tenant.server.directory.objects import Application, ServicePrincipal
from practice_tenant.server.directory.shapes import application_json, principal_json
from practice_tenant.server.directory.store import Store, parsed

TYPE = "ManagedIdentity"

# (name, whether it stands by itself instead of belonging to one host)
IDENTITIES: tuple[tuple[str, bool], ...] = (
    ("workshop-server", False),
    ("expenses-identity", True),
    ("reports-identity", True),
)


@dataclass(frozen=True)
class ManagedIdentity:
    """A managed identity; ``user_assigned`` ones stand by themselves, a system-assigned one belongs to its host."""

    principal: ServicePrincipal

    @property
    def user_assigned(self) -> bool:
        return "isExplicit=True" in self.principal.graph["alternativeNames"]

    @property
    def resource_id(self) -> str:
        """Return the Azure resource id: of the identity, or of the host that it belongs to."""
        return str(self.principal.graph["alternativeNames"][-1])

    def answers_to(self, kind: str, identifier: str) -> bool:
        """Say whether this is the identity of that ``client_id``, ``object_id`` or ``resource_id``."""
        known = {
            "client_id": self.principal.app_id,
            "object_id": self.principal.id,
            "resource_id": self.resource_id,
        }
        return known[kind].lower() == identifier.lower()

    def as_client(self) -> Application:
        """Return what a token says of the client; there is no app registration behind it."""
        name = str(self.principal.graph["displayName"])
        graph = application_json(self.principal.id, self.principal.app_id, "", {"displayName": name})
        return Application(self.principal.id, self.principal.tenant_id, self.principal.app_id, graph)


def sow(store: Store, tenant_id: str, founded: str) -> None:
    """Add the directory's managed identities; run it inside a transaction."""
    for name, user_assigned in IDENTITIES:
        graph = _graph(tenant_id, name, user_assigned, founded)
        apps.save_principal(store, ServicePrincipal(graph["id"], tenant_id, graph["appId"], graph))


def all_of(store: Store, tenant_id: str) -> list[ManagedIdentity]:
    """List a directory's managed identities, the system-assigned one first.

    One that somebody made through Graph belongs to no host: it has no ``alternativeNames``.
    """
    rows = store.all(
        "SELECT id, tenant_id, app_id, graph FROM service_principals"
        " WHERE tenant_id = ? AND json_extract(graph, '$.servicePrincipalType') = ?"
        " AND json_array_length(graph, '$.alternativeNames') = 2 ORDER BY rowid",
        tenant_id, TYPE,
    )  # fmt: skip
    return [ManagedIdentity(ServicePrincipal(row[0], row[1], row[2], parsed(row[3]))) for row in rows]


def _graph(tenant_id: str, name: str, user_assigned: bool, founded: str) -> dict[str, Any]:
    app_id = guid(tenant_id, "identity", name)
    stand_in = Application("", tenant_id, app_id, application_json("", app_id, founded, {"displayName": name}))
    provider = "ManagedIdentity/userAssignedIdentities" if user_assigned else "Web/sites"
    group = f"/subscriptions/{guid(tenant_id, 'subscription')}/resourcegroups/workshop"
    resource_id = f"{group}/providers/Microsoft.{provider}/{name}"
    changes = {
        "alternativeNames": [f"isExplicit={user_assigned}", resource_id],
        "appDisplayName": None,
        "appOwnerOrganizationId": None,
        "servicePrincipalNames": [app_id],
        "servicePrincipalType": TYPE,
        "signInAudience": None,
    }
    return principal_json(guid(tenant_id, "principal", app_id), stand_in, changes)
