"""App registrations made through Microsoft Graph, by the directory's administrator."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from practice_tenant.client.environment import Doors
from practice_tenant.client.signing_in import CALLBACK, SignedIn, sign_in
from practice_tenant.errors import PracticeTenantError

GRAPH = "https://graph.microsoft.com"
SHOWN = ("userPrincipalName", "displayName", "userType", "accountEnabled")


@dataclass(eq=False)
class AdministratorRefused(PracticeTenantError):
    """Microsoft Graph refused a call of the directory's administrator."""

    call: str
    status: int
    reason: str

    def __str__(self) -> str:
        return f"Microsoft Graph refused {self.call}: {self.status} {self.reason}"


@dataclass(frozen=True)
class RegisteredApp:
    """An app registration with its service principal.

    Attributes:
        identifier_uri: `api://<client id>`.
        client_secret: "" if it has none.
    """

    tenant_id: str
    client_id: str
    object_id: str
    identifier_uri: str
    client_secret: str = field(default="", repr=False)

    def scope(self, name: str = "access_as_user") -> str:
        """Return one of its scopes as a client asks for it."""
        return f"{self.identifier_uri}/{name}"


@dataclass(frozen=True)
class DirectoryPerson:
    """Somebody who is in a directory.

    Attributes:
        account: the user principal name.
        is_enabled: whether the account can sign in.
    """

    account: str
    name: str
    is_guest: bool
    is_enabled: bool


@dataclass(frozen=True)
class Administrator:
    """The administrator of a directory, at Microsoft Graph.

    Attributes:
        account: the user principal name.
    """

    doors: Doors
    tenant_id: str
    account: str

    @cached_property
    def _signed_in(self) -> SignedIn:
        return sign_in(self.doors, self.tenant_id, self.account, [f"{GRAPH}/.default"])

    def graph(self, method: str, path: str, body: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Call Microsoft Graph and return the answer, empty if it has no content.

        Args:
            path: behind `https://graph.microsoft.com/v1.0/`.

        Raises:
            AdministratorRefused: Graph's reason.
        """
        with self.doors.client() as client:
            answer = client.request(method, f"{GRAPH}/v1.0/{path}", json=body, headers=self._signed_in.headers)
        if not answer.is_success:
            said = answer.json().get("error", {})
            raise AdministratorRefused(f"{method} {path}", answer.status_code, str(said.get("message", answer.text)))
        return dict(answer.json()) if answer.content else {}

    def people(self) -> tuple[DirectoryPerson, ...]:
        """Return who is in the directory; see `Directory.people`."""
        users = self.graph("GET", "users?$select=userPrincipalName,displayName,userType,accountEnabled")["value"]
        return tuple(
            DirectoryPerson(
                user["userPrincipalName"], user["displayName"], user["userType"] == "Guest", user["accountEnabled"]
            )
            for user in users
        )

    def register(
        self,
        name: str,
        *,
        scopes: Sequence[str],
        redirect_uris: Sequence[str],
        preauthorized: Sequence[str],
        secret: bool,
        properties: Mapping[str, Any],
    ) -> RegisteredApp:
        """Register an app; see `Directory.register`."""
        exposed = [_scope(value) for value in scopes]
        body = {
            "displayName": name,
            "signInAudience": "AzureADMyOrg",
            "web": {"redirectUris": list(redirect_uris)},
            "publicClient": {"redirectUris": [CALLBACK]},
        } | {name: value for name, value in properties.items() if name != "api"}
        made = self.graph("POST", "applications", body)
        client_id, object_id = made["appId"], made["id"]
        identifier_uri = f"api://{client_id}"
        api = {"requestedAccessTokenVersion": 2, **dict(properties.get("api") or {}), "oauth2PermissionScopes": exposed}
        self.graph("PATCH", f"applications/{object_id}", {"identifierUris": [identifier_uri], "api": api})
        if preauthorized and exposed:
            ids = [one["id"] for one in exposed]
            clients = [{"appId": client, "delegatedPermissionIds": ids} for client in preauthorized]
            self.graph("PATCH", f"applications/{object_id}", {"api": {"preAuthorizedApplications": clients}})
        self.graph("POST", "servicePrincipals", {"appId": client_id})
        password = {"passwordCredential": {"displayName": "practice"}}
        added = self.graph("POST", f"applications/{object_id}/addPassword", password) if secret else {}
        return RegisteredApp(self.tenant_id, client_id, object_id, identifier_uri, added.get("secretText", ""))


def _scope(value: str) -> dict[str, object]:
    shown = value.replace("_", " ").replace(".", " ").capitalize()
    return {
        "id": str(uuid.uuid4()),
        "value": value,
        "type": "User",
        "isEnabled": True,
        "adminConsentDisplayName": shown,
        "adminConsentDescription": f"{shown}, for everyone.",
        "userConsentDisplayName": shown,
        "userConsentDescription": f"{shown}, for you.",
    }
