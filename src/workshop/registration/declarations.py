"""What an app registration should be, declared in one place. Nothing here speaks to anyone.

Source of the names: https://learn.microsoft.com/graph/api/resources/application
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Literal

from workshop.core.well_known import VISUAL_STUDIO_CODE
from workshop.errors import WorkshopError
from workshop.registration.resource_uri import address_of, as_sent
from workshop.servers.settings import CLIENT_ID, CLIENT_SECRET

CALLBACK = "/auth/callback"
LOCAL = "http://localhost:8000"
DEFAULT_URI = "api://{client_id}"

AccountTypes = Literal["AzureADMyOrg", "AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount"]


@dataclass(frozen=True)
class DeclaredScope:
    """A delegated permission the app exposes, with the texts that people read before they consent.

    Attributes:
        value: the short name, as it stands in a token's `scp`.
        admins_only: whether only an administrator may consent to it.
    """

    value: str
    title: str
    description: str
    admins_only: bool = False


@dataclass(frozen=True)
class DeclaredRole:
    """An app role: who holds it has its value in the `roles` of a token.

    Attributes:
        for_applications: whether applications may hold it.
        for_people: whether people and groups may.
    """

    value: str
    title: str
    description: str
    for_applications: bool = False
    for_people: bool = True


@dataclass(frozen=True)
class DeclaredClient:
    """A client that needs no consent for this app's scopes.

    Attributes:
        redirect_uris: where Entra sends this client's answers; they are registered with the client, not here.
    """

    name: str
    app_id: str
    redirect_uris: tuple[str, ...] = ()


@dataclass(frozen=True)
class Secret:
    """A client secret. Its name tells it from the secrets that people made by hand."""

    name: str = "workshop"
    days: int = 180


@dataclass(frozen=True)
class Certificate:
    """A certificate that the workshop makes and signs itself; the private key stays on this machine."""

    name: str = "workshop"
    days: int = 365


@dataclass(frozen=True)
class FederatedCredential:
    """Trust in another issuer's tokens, such as those of a managed identity, in place of a secret.

    Attributes:
        subject: of a managed identity its principal (object) id, not its client id.
    """

    name: str
    issuer: str
    subject: str
    audience: str = "api://AzureADTokenExchange"


@dataclass(frozen=True)
class Names:
    """Under which names a registration's values stand in the environment or in the file.

    Attributes:
        identifier_uri: where the server takes its Application ID URI from; empty if nothing is kept of it.
    """

    client_id: str
    client_secret: str
    certificate: str
    identifier_uri: str = ""

    @property
    def app_roles(self) -> str:
        """Return under which name the server is told the app roles that let apps in."""
        return self.client_id.removesuffix("_AZURE_CLIENT_ID") + "_APP_ROLES"


@dataclass(frozen=True)
class Declaration:
    """An app registration: what is not named here stays as Entra makes it.

    Attributes:
        key: tells the workshop's registrations apart, in a tag.
        identifier_uri: with `{client_id}` for the id that is known only afterwards.
        address: where clients reach the server, without /mcp; empty if that is not said. It is no part of the app.
        preauthorized: clients whose users are not asked for consent.
        graph_permissions: delegated permissions of Microsoft Graph, granted for everyone.
    """

    key: str
    display_name: str
    scopes: tuple[DeclaredScope, ...]
    names: Names
    account_types: AccountTypes = "AzureADMyOrg"
    identifier_uri: str = DEFAULT_URI
    address: str = field(default="", compare=False)
    token_version: int = 2
    web_redirect_uris: tuple[str, ...] = ()
    spa_redirect_uris: tuple[str, ...] = ()
    public_redirect_uris: tuple[str, ...] = ()
    preauthorized: tuple[DeclaredClient, ...] = ()
    graph_permissions: tuple[str, ...] = ()
    app_roles: tuple[DeclaredRole, ...] = ()
    credentials: tuple[Secret | Certificate | FederatedCredential, ...] = ()

    @property
    def secret(self) -> Secret | None:
        """Return the secret it asks for, if any."""
        return next((credential for credential in self.credentials if isinstance(credential, Secret)), None)

    @property
    def certificate(self) -> Certificate | None:
        """Return the certificate it asks for, if any."""
        return next((credential for credential in self.credentials if isinstance(credential, Certificate)), None)

    @property
    def federated(self) -> tuple[FederatedCredential, ...]:
        """Return the issuers it trusts."""
        return tuple(credential for credential in self.credentials if isinstance(credential, FederatedCredential))

    def named(self, display_name: str) -> Declaration:
        """Return the same under another name: a registration of its own, for production for example.

        Raises:
            WorkshopError: nothing is left of the name as a key.
        """
        slug = re.sub(r"[^a-z0-9]+", "-", display_name.lower()).strip("-")[:60]
        if not slug:
            raise WorkshopError(f"{display_name!r} can't name a registration: it needs a letter or a digit.")
        return replace(self, key=f"{self.key}-{slug}", display_name=display_name)

    def at(self, base_url: str) -> Declaration:
        """Return the same for a server at another address, such as `https://mcp.contoso.com`."""
        address = base_url.rstrip("/")
        old, new = LOCAL + CALLBACK, address + CALLBACK
        moved = tuple(new if uri == old else uri for uri in self.web_redirect_uris)
        return replace(self, web_redirect_uris=moved, address=address)

    def known_by(self, uri: str) -> Declaration:
        """Return the same with another Application ID URI; an https one may say where the server is."""
        return replace(self, identifier_uri=uri, address=address_of(uri) or self.address)

    @property
    def sent_as(self) -> str:
        """Return what clients send to Entra as `resource`; empty if a proxy stands between, or for this machine."""
        direct = self.address.startswith("https://") and not self.web_redirect_uris
        return as_sent(self.address) if direct else ""

    def identifier_uris(self, client_id: str) -> tuple[str, ...]:
        """Return all Application ID URIs: beside an https one, that of clients which know the app by its id."""
        beside = (DEFAULT_URI,) if self.identifier_uri.startswith("https:") else ()
        return tuple(uri.format(client_id=client_id) for uri in (self.identifier_uri, *beside))


VISUAL_STUDIO_CODE_CLIENT = DeclaredClient(
    "Visual Studio Code",
    VISUAL_STUDIO_CODE,
    ("https://vscode.dev/redirect", "http://localhost"),
)

PROXY = Declaration(
    key="proxy",
    display_name="Workshop MCP server (proxy)",
    scopes=(
        DeclaredScope(
            "mcp-access",
            "Use the MCP server as you",
            "Lets the app call the tools of the MCP server in your name.",
        ),
    ),
    names=Names(CLIENT_ID, CLIENT_SECRET, "ENTRA_PROXY_AZURE_CLIENT_CERTIFICATE_PATH"),
    web_redirect_uris=(LOCAL + CALLBACK,),
    graph_permissions=("openid", "profile", "offline_access", "User.Read"),
    credentials=(Secret(),),
)
"""The registration behind FastMCP's `AzureProvider`: Entra answers to the server, which holds a secret."""

PREAUTHORIZED = Declaration(
    key="preauthorized",
    display_name="Workshop MCP server (pre-authorized)",
    scopes=(
        DeclaredScope(
            "user_impersonation",
            "Use the MCP server as you",
            "Lets the app call the tools of the MCP server in your name.",
        ),
    ),
    names=Names(
        "ENTRA_PREAUTHORIZED_AZURE_CLIENT_ID",
        "ENTRA_PREAUTHORIZED_AZURE_CLIENT_SECRET",
        "ENTRA_PREAUTHORIZED_AZURE_CLIENT_CERTIFICATE_PATH",
        "ENTRA_PREAUTHORIZED_IDENTIFIER_URI",
    ),
    preauthorized=(VISUAL_STUDIO_CODE_CLIENT,),
)
"""The registration behind `RemoteAuthProvider`: clients sign in to Entra themselves, so it needs no redirect URI."""

ON_BEHALF_OF = replace(
    PROXY,
    key="on-behalf-of",
    display_name="Workshop MCP server (on behalf of)",
    names=Names(
        "ENTRA_OBO_AZURE_CLIENT_ID",
        "ENTRA_OBO_AZURE_CLIENT_SECRET",
        "ENTRA_OBO_AZURE_CLIENT_CERTIFICATE_PATH",
    ),
    graph_permissions=(*PROXY.graph_permissions, "GroupMember.Read.All", "Files.Read", "Mail.Send"),
)
"""The registration behind the server that asks Microsoft Graph for its users, with the consent it needs for that."""

DECLARED = {declaration.key: declaration for declaration in (PROXY, PREAUTHORIZED, ON_BEHALF_OF)}
