"""What a directory said about a registration: one frozen snapshot, which plans and rules look at.

Names and meanings are Microsoft Graph's: https://learn.microsoft.com/graph/api/resources/application
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Part = Literal["application", "federated", "principal", "consent", "directory", "values"]
"""What can be looked at, each by calls of its own: an unread part is not the same as an empty one."""


@dataclass(frozen=True)
class ExposedScope:
    """A delegated permission of the application."""

    id: str
    value: str
    enabled: bool
    type: str
    texts: tuple[str, str, str, str] = ("", "", "", "")
    """Title and description for administrators, title and description for everyone."""


@dataclass(frozen=True)
class Role:
    """An app role of the application."""

    id: str
    value: str
    enabled: bool
    title: str = ""
    description: str = ""
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class Preauthorized:
    """A client that needs no consent for these scopes."""

    app_id: str
    scope_ids: tuple[str, ...]


@dataclass(frozen=True)
class SeenPermission:
    """What the application asks for of another one. `kind` is Scope (delegated) or Role (application)."""

    resource_app_id: str
    id: str
    kind: str


@dataclass(frozen=True)
class Credential:
    """A client secret or a certificate, without its secret part.

    Attributes:
        thumbprint: of a certificate, in upper-case hexadecimal digits.
    """

    key_id: str
    name: str
    starts: datetime | None
    ends: datetime | None
    thumbprint: str = ""


@dataclass(frozen=True)
class Federated:
    """Another issuer's tokens that stand in for a secret."""

    name: str
    issuer: str
    subject: str
    audiences: tuple[str, ...]
    id: str = ""


@dataclass(frozen=True)
class App:
    """An application object."""

    client_id: str
    display_name: str
    object_id: str = ""
    account_types: str = ""
    identifier_uris: tuple[str, ...] = ()
    token_version: int | None = None
    scopes: tuple[ExposedScope, ...] = ()
    roles: tuple[Role, ...] = ()
    preauthorized: tuple[Preauthorized, ...] = ()
    web: tuple[str, ...] = ()
    spa: tuple[str, ...] = ()
    public: tuple[str, ...] = ()
    implicit: tuple[str, ...] = ()
    fallback_public_client: bool = False
    permissions: tuple[SeenPermission, ...] = ()
    secrets: tuple[Credential, ...] = ()
    certificates: tuple[Credential, ...] = ()
    tags: tuple[str, ...] = ()

    def scope(self, value: str) -> ExposedScope | None:
        """Return the scope of this value."""
        return next((scope for scope in self.scopes if scope.value == value), None)

    def role(self, value: str) -> Role | None:
        """Return the app role of this value."""
        return next((role for role in self.roles if role.value == value), None)


@dataclass(frozen=True)
class Principal:
    """A service principal: the application's presence in a directory.

    Attributes:
        assigned: how many people, groups and applications are assigned to it; None if that was not looked at.
    """

    id: str
    enabled: bool = True
    assignment_required: bool = False
    assigned: int | None = None


@dataclass(frozen=True)
class Grant:
    """Consent that was given to the application.

    Attributes:
        resource_id: object id of the service principal whose scopes these are.
        everyone: whether an administrator gave it for the whole directory.
    """

    id: str
    resource_id: str
    everyone: bool
    scopes: frozenset[str]


@dataclass(frozen=True)
class SeenDirectory:
    """The directory itself, and Microsoft Graph in it.

    Attributes:
        domains: the verified ones, in lower case.
        graph_permissions: ids of Graph's delegated permissions by their value.
        graph_roles: ids of its application permissions by their value.
    """

    tenant_id: str
    domains: tuple[str, ...] = ()
    graph_principal_id: str = ""
    graph_permissions: Mapping[str, str] = field(default_factory=dict)
    graph_roles: Mapping[str, str] = field(default_factory=dict)
    name: str = ""

    @property
    def permission_names(self) -> Mapping[str, str]:
        """Return the values of Graph's delegated permissions by their id."""
        return {id_: value for value, id_ in self.graph_permissions.items()}


@dataclass(frozen=True)
class KeptValues:
    """What the environment or the file holds for a server, without any secret.

    Attributes:
        tenant: AZURE_TENANT_ID as it stands there.
        kept: whether a client secret stands there, and in which form.
        accepted: whether Entra took the secret or certificate when asked; None if it was not asked.
        refusal: Entra's code where it did not.
        certificate: path of the certificate on this machine.
        thumbprint: of that certificate.
        app_roles: that let apps in which act for themselves.
    """

    place: str
    client_id: str = ""
    tenant: str = ""
    kept: Literal["nothing", "value", "id"] = "nothing"
    secret_id: str = ""
    accepted: bool | None = None
    refusal: str = ""
    certificate: str = ""
    thumbprint: str = ""
    app_roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Snapshot:
    """All that was seen at one moment.

    Attributes:
        source: in words, where this comes from.
        parts: what was looked at. Anything else is unknown, not absent.
        owners: of Application ID URIs that were asked for, the client id of the application that holds each.
        published: by the application id of each API that was looked at, kind and id of every permission it has; none
            for one that is not in the directory.
        unseen: why a part could not be looked at.
    """

    source: str
    at: datetime
    parts: frozenset[Part]
    app: App | None = None
    federated: tuple[Federated, ...] = ()
    principal: Principal | None = None
    grants: tuple[Grant, ...] = ()
    directory: SeenDirectory | None = None
    values: KeptValues | None = None
    owners: Mapping[str, str] = field(default_factory=dict)
    published: Mapping[str, frozenset[tuple[str, str]]] = field(default_factory=dict)
    unseen: Mapping[Part, str] = field(default_factory=dict)
