"""The directory's objects as the protocol reads them; each keeps its Microsoft Graph JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Platform = Literal["web", "spa", "publicClient"]
PLATFORMS: tuple[Platform, ...] = ("web", "spa", "publicClient")

TokenKind = Literal["accessToken", "idToken"]

# Directory roles, by the ids of their templates.
# Source: https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
APPLICATION_ADMINISTRATOR = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"
CLOUD_APPLICATION_ADMINISTRATOR = "158c047a-c907-4556-b7ef-446551a6b5f7"
PRIVILEGED_ROLE_ADMINISTRATOR = "e8611ab8-c189-46e8-94e1-60213ab1f814"
DIRECTORY_ROLES: Mapping[str, tuple[str, str]] = {
    GLOBAL_ADMINISTRATOR: (
        "Global Administrator",
        "Can manage all aspects of Microsoft Entra ID and Microsoft services that use Microsoft Entra identities.",
    ),
    APPLICATION_ADMINISTRATOR: (
        "Application Administrator",
        "Can create and manage all aspects of app registrations and enterprise apps.",
    ),
    CLOUD_APPLICATION_ADMINISTRATOR: (
        "Cloud Application Administrator",
        "Can create and manage all aspects of app registrations and enterprise apps except App Proxy.",
    ),
    PRIVILEGED_ROLE_ADMINISTRATOR: (
        "Privileged Role Administrator",
        "Can manage role assignments in Microsoft Entra ID, and all aspects of Privileged Identity Management.",
    ),
}

# A relation in Graph, not a property: kept in the application's JSON, and never shown in it.
FEDERATED = "federatedIdentityCredentials"


@dataclass(frozen=True)
class EntraTenant:
    """One directory tenant."""

    tenant_id: str
    name: str
    domain: str
    graph: Mapping[str, Any]

    @property
    def display_name(self) -> str:
        return str(self.graph["displayName"])


@dataclass(frozen=True)
class User:
    """A person who can sign in."""

    id: str
    tenant_id: str
    upn: str
    roles: tuple[str, ...]
    graph: Mapping[str, Any]

    @property
    def display_name(self) -> str:
        return str(self.graph["displayName"])

    @property
    def enabled(self) -> bool:
        return bool(self.graph["accountEnabled"])

    @property
    def sessions_valid_from(self) -> float:
        """Return since when sign-ins count, in Unix seconds; those before were revoked."""
        since = self.graph.get("signInSessionsValidFromDateTime")
        return datetime.fromisoformat(since).timestamp() if since else 0.0

    @property
    def is_guest(self) -> bool:
        return bool(self.graph["userType"] == "Guest")

    @property
    def is_external(self) -> bool:
        """Return whether the account lives in another directory (or at another provider) and is only invited here."""
        return "#ext#@" in self.upn.lower()

    @property
    def sign_in_name(self) -> str:
        """Return what the person types to sign in: a guest uses the address of home."""
        return str(self.graph["mail"]) if self.is_external and self.graph.get("mail") else self.upn

    @property
    def is_administrator(self) -> bool:
        return GLOBAL_ADMINISTRATOR in self.roles


@dataclass(frozen=True)
class PermissionScope:
    """A delegated permission that an application exposes (``oauth2PermissionScopes``)."""

    id: str
    value: str
    admin_only: bool
    enabled: bool
    title: str
    description: str


@dataclass(frozen=True)
class Application:
    """An app registration."""

    id: str
    tenant_id: str
    app_id: str
    graph: Mapping[str, Any]

    @property
    def display_name(self) -> str:
        return str(self.graph["displayName"])

    @property
    def multi_tenant(self) -> bool:
        return bool(self.graph["signInAudience"] != "AzureADMyOrg")

    @property
    def for_personal_accounts(self) -> bool:
        return self.graph["signInAudience"] in ("AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount")

    @property
    def token_version(self) -> int:
        """Return the access token version this resource asks for; an unset one means 1."""
        return int(self.graph["api"].get("requestedAccessTokenVersion") or 1)

    @property
    def identifier_uris(self) -> Sequence[str]:
        return tuple(self.graph["identifierUris"])

    @property
    def scopes(self) -> tuple[PermissionScope, ...]:
        return tuple(_scope(entry) for entry in self.graph["api"]["oauth2PermissionScopes"])

    @property
    def app_roles(self) -> Mapping[str, str]:
        """Return role id -> role value."""
        return {role["id"]: role["value"] for role in self.graph["appRoles"] if role.get("isEnabled", True)}

    @property
    def certificates(self) -> Sequence[Mapping[str, Any]]:
        """Return its ``keyCredentials`` as Graph has them; ``key`` is the certificate: DER, base64."""
        return tuple(self.graph["keyCredentials"])

    @property
    def federated_credentials(self) -> Sequence[Mapping[str, Any]]:
        """Return its ``federatedIdentityCredentials`` as Graph has them: name, issuer, subject, audiences."""
        return tuple(self.graph.get(FEDERATED, ()))

    @property
    def required_access(self) -> Mapping[str, Mapping[str, str]]:
        """Return the static permissions: application id of the resource -> permission id -> ``Scope`` or ``Role``."""
        return {
            required["resourceAppId"].lower(): {
                access["id"].lower(): access["type"] for access in required["resourceAccess"]
            }
            for required in self.graph["requiredResourceAccess"]
        }

    @property
    def group_claims(self) -> frozenset[str]:
        """Return which groups its tokens carry: words of ``groupMembershipClaims``."""
        return frozenset(
            part.strip() for part in (self.graph["groupMembershipClaims"] or "").split(",") if part.strip()
        )

    def optional_claims(self, kind: TokenKind) -> Mapping[str, frozenset[str]]:
        """Return the optional claims it asks for in a kind of token: name -> additional properties."""
        configured = (self.graph["optionalClaims"] or {}).get(kind) or ()
        return {entry["name"]: frozenset(entry.get("additionalProperties") or ()) for entry in configured}

    def redirect_uris(self, platform: Platform) -> tuple[str, ...]:
        return tuple(self.graph[platform]["redirectUris"])

    def preauthorized(self, client_app_id: str) -> tuple[str, ...]:
        """Return the permission ids for which this client needs no consent."""
        return tuple(
            permission
            for entry in self.graph["api"]["preAuthorizedApplications"]
            if entry["appId"] == client_app_id
            for permission in entry["delegatedPermissionIds"]
        )


@dataclass(frozen=True)
class ServicePrincipal:
    """An application's presence in one directory."""

    id: str
    tenant_id: str
    app_id: str
    graph: Mapping[str, Any]

    @property
    def enabled(self) -> bool:
        return bool(self.graph["accountEnabled"])

    @property
    def assignment_required(self) -> bool:
        return bool(self.graph["appRoleAssignmentRequired"])


@dataclass(frozen=True)
class PermissionGrant:
    """A stored consent (``oauth2PermissionGrant``); ``principal_id`` is empty for all principals."""

    id: str
    client_id: str
    consent_type: str
    principal_id: str
    resource_id: str
    scopes: tuple[str, ...]


def _scope(entry: Mapping[str, Any]) -> PermissionScope:
    return PermissionScope(
        id=entry["id"],
        value=entry["value"],
        admin_only=entry["type"] == "Admin",
        enabled=entry["isEnabled"],
        title=entry.get("userConsentDisplayName") or entry.get("adminConsentDisplayName") or entry["value"],
        description=entry.get("userConsentDescription") or entry.get("adminConsentDescription") or "",
    )
