"""What a server must be told: the values of its app registration, from the environment or a ``.env`` file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from . import credentials
from . import environment as env
from .environment import SettingsError, Variable

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "PROXY", "TENANT_ID", "ProxySettings", "SettingsError", "load"]

CLIENT_ID = "ENTRA_PROXY_AZURE_CLIENT_ID"
CLIENT_SECRET = "ENTRA_PROXY_AZURE_CLIENT_SECRET"  # noqa: S105 - the name of a variable
TENANT_ID = "AZURE_TENANT_ID"
TOKEN_ISSUERS = "ENTRA_PROXY_TOKEN_ISSUERS"  # noqa: S105 - the name of a variable

SIGNING_KEY = "ENTRA_PROXY_JWT_SIGNING_KEY"

MANY_TENANTS = ("organizations", "common", "consumers")

Consent = bool | Literal["remember", "external"]


@dataclass(frozen=True)
class ProxySettings:
    """What the OAuth proxy needs of its app registration in Entra, and how it behaves.

    Each attribute is explained in `PROXY`, and so in ``.env.sample``.
    """

    client_id: str
    client_secret: str = field(repr=False)
    tenant_id: str
    certificate: Path | None = None
    certificate_password: str | None = field(default=None, repr=False)
    managed_identity: str | None = None
    base_url: str | None = None
    required_scopes: tuple[str, ...] = ("mcp-access",)
    additional_authorize_scopes: tuple[str, ...] = ("openid", "profile")
    identifier_uri: str | None = None
    redirect_path: str = "/auth/callback"
    base_authority: str = "login.microsoftonline.com"
    token_issuers: tuple[str, ...] = ()
    allowed_clients: tuple[str, ...] = ()
    consent: Consent = True
    consent_csp_policy: str | None = None
    allowed_client_redirect_uris: tuple[str, ...] | None = None
    enable_cimd: bool = True
    storage: str = "files"
    jwt_signing_key: str | None = field(default=None, repr=False)
    database: Path | None = None
    resource_base_url: str | None = None
    issuer_url: str | None = None
    forward_resource: bool = True
    extra_authorize_params: Mapping[str, str] | None = None
    access_token_seconds: int | None = None
    refresh_token_seconds: int | None = None
    refresh_early_seconds: int = 0
    graph_url: str = "https://graph.microsoft.com"
    approvers_group_id: str | None = None

    @property
    def issuers(self) -> tuple[str, ...]:
        """The issuers whose tokens are taken."""
        return self.token_issuers or (f"https://{self.base_authority}/{self.tenant_id}/v2.0",)

    @property
    def tenant_ids(self) -> frozenset[str]:
        """The ids of the tenants whose tokens are taken."""
        return tenants_of(self.issuers)


def tenants_of(issuers: tuple[str, ...]) -> frozenset[str]:
    """Return the ids of the tenants behind issuers."""
    return frozenset(issuer.split("/")[-2] for issuer in issuers)


def tenant(text: str) -> str:
    """Take a tenant id, or a word for many tenants."""
    try:
        return text if text in MANY_TENANTS else env.guid(text).lower()
    except ValueError as error:
        raise ValueError(f"{error}, or organizations") from None


PROXY = (
    Variable(
        TENANT_ID,
        "tenant_id",
        (
            "The directory (tenant) id, a GUID: Entra admin center > Overview.",
            "Or organizations, to let other tenants in: then ENTRA_PROXY_TOKEN_ISSUERS says which.",
        ),
        tenant,
    ),
    Variable(
        CLIENT_ID,
        "client_id",
        (
            "The application (client) id of the app you register in lesson 01, a GUID:",
            "Entra admin center > App registrations > your app > Overview.",
        ),
        env.guid,
    ),
    Variable(
        CLIENT_SECRET,
        "client_secret",
        (
            "The Value of a client secret of that app, not its Secret ID:",
            "your app > Certificates & secrets. It is shown only once.",
        ),
        env.secret,
        instead=("certificate", "managed_identity"),
    ),
    *credentials.variables("ENTRA_PROXY"),
    Variable(
        "ENTRA_PROXY_BASE_URL",
        "base_url",
        (
            "Where clients reach the server, without /mcp: https, or http on localhost.",
            "This address plus the redirect path must be a redirect URI of the app (platform Web).",
        ),
        env.base_url,
        "http://localhost:8000",
    ),
    Variable(
        "ENTRA_PROXY_REQUIRED_SCOPES",
        "required_scopes",
        (
            "The scopes of your app that every token must have, by their short names:",
            "your app > Expose an API. Spaces between them.",
        ),
        env.words,
        "mcp-access",
    ),
    Variable(
        "ENTRA_PROXY_ADDITIONAL_AUTHORIZE_SCOPES",
        "additional_authorize_scopes",
        (
            "What else to ask the user for at sign-in, such as User.Read for Microsoft Graph.",
            "It is sent as it stands and not looked for in the token. offline_access is always added.",
        ),
        env.words,
        "openid profile",
    ),
    Variable(
        "ENTRA_PROXY_IDENTIFIER_URI",
        "identifier_uri",
        ("The Application ID URI, if it is not api://<client id>: your app > Expose an API.",),
        env.uri,
        "",
    ),
    Variable(
        "ENTRA_PROXY_REDIRECT_PATH",
        "redirect_path",
        ("The path to which Entra sends the browser back.",),
        env.path,
        "/auth/callback",
    ),
    Variable(
        "ENTRA_PROXY_BASE_AUTHORITY",
        "base_authority",
        ("The host that signs users in. Azure Government: login.microsoftonline.us.",),
        env.host,
        "login.microsoftonline.com",
    ),
    Variable(
        TOKEN_ISSUERS,
        "token_issuers",
        (
            "The issuers (iss) whose tokens are taken, if not only that of your tenant.",
            "With AZURE_TENANT_ID=organizations it must be set: a token names its user's tenant,",
            "never organizations. One such as https://login.microsoftonline.com/<tenant id>/v2.0",
            "for each tenant, spaces between them.",
        ),
        env.issuers,
        "",
    ),
    Variable(
        "ENTRA_PROXY_ALLOWED_CLIENTS",
        "allowed_clients",
        (
            "Client ids of the apps whose tokens are taken (azp), beside your app's own. Empty: any.",
            "The proxy signs users in with its own id; others matter where clients bring their own token.",
        ),
        env.guids,
        "",
    ),
    Variable(
        "ENTRA_PROXY_CONSENT",
        "consent",
        (
            "Whether the proxy asks the user before it signs a client in: always, remember (ask once per",
            "browser, client, redirect URI and scopes), external (something in front of it asks), never",
            "(only for tests: any client could then get a signed-in user's token).",
        ),
        env.one_of(always=True, remember="remember", external="external", never=False),
        "always",
    ),
    Variable(
        "ENTRA_PROXY_CONSENT_CSP_POLICY",
        "consent_csp_policy",
        ("The Content-Security-Policy of the proxy's consent page, if FastMCP's own does not fit.",),
        str,
        "",
    ),
    Variable(
        "ENTRA_PROXY_ALLOWED_CLIENT_REDIRECT_URIS",
        "allowed_client_redirect_uris",
        (
            "Where clients may have the browser sent, as patterns with spaces between them.",
            "Empty: what each client registers. http://localhost:* and https://vscode.dev/redirect",
            "are enough for clients on the user's machine and VS Code.",
        ),
        env.words,
        "",
    ),
    Variable(
        "ENTRA_PROXY_ENABLE_CIMD",
        "enable_cimd",
        ("Whether a client may name itself by the address of its metadata document: yes or no.",),
        env.yes_or_no,
        "yes",
    ),
    Variable(
        "ENTRA_PROXY_STORAGE",
        "storage",
        (
            "Where clients and tokens are kept: files (encrypted, in FastMCP's folder), memory (all sign",
            "in again after a restart), or a folder of your choice for encrypted files.",
        ),
        str,
        "files",
    ),
    Variable(
        SIGNING_KEY,
        "jwt_signing_key",
        (
            "What the proxy's own tokens are signed with, at least 32 characters. Empty: derived from the",
            "client secret, so that a new secret ends all sign-ins. The same one for all replicas.",
        ),
        env.long_secret,
        "",
    ),
    Variable(
        "ENTRA_PROXY_DATABASE",
        "database",
        (
            "The SQLite file with the expenses, on a local disk.",
            "Empty: in memory, and gone when the server ends.",
        ),
        Path,
        "",
    ),
    Variable(
        "ENTRA_PROXY_RESOURCE_BASE_URL",
        "resource_base_url",
        ("The address of the protected resource, if it is not the base address.",),
        env.base_url,
        "",
    ),
    Variable(
        "ENTRA_PROXY_ISSUER_URL",
        "issuer_url",
        ("The issuer in the proxy's own metadata, if it is not the base address.",),
        env.base_url,
        "",
    ),
    Variable(
        "ENTRA_PROXY_FORWARD_RESOURCE",
        "forward_resource",
        (
            "Whether a client's resource parameter is passed on: yes or no.",
            "AzureProvider leaves it out in any case, for Entra refuses it.",
        ),
        env.yes_or_no,
        "yes",
    ),
    Variable(
        "ENTRA_PROXY_EXTRA_AUTHORIZE_PARAMS",
        "extra_authorize_params",
        ("More parameters for Entra's sign-in page, as JSON. They replace the default.",),
        env.parameters,
        '{"prompt": "select_account"}',
    ),
    Variable(
        "ENTRA_PROXY_ACCESS_TOKEN_SECONDS",
        "access_token_seconds",
        ("How long the proxy's access tokens last. Empty: as long as Entra's.",),
        env.seconds,
        "",
    ),
    Variable(
        "ENTRA_PROXY_REFRESH_TOKEN_SECONDS",
        "refresh_token_seconds",
        ("How long the proxy's refresh tokens last. Empty: a year, if Entra's lives that long.",),
        env.seconds,
        "",
    ),
    Variable(
        "ENTRA_PROXY_REFRESH_EARLY_SECONDS",
        "refresh_early_seconds",
        ("How long before Entra's token ends the proxy gets a new one.",),
        env.seconds,
        "0",
    ),
    Variable(
        "ENTRA_PROXY_GRAPH_URL",
        "graph_url",
        (
            "Microsoft Graph, for the servers that act on behalf of users. Azure Government:",
            "https://graph.microsoft.us.",
        ),
        env.base_url,
        "https://graph.microsoft.com",
    ),
    Variable(
        "ENTRA_PROXY_APPROVERS_GROUP_ID",
        "approvers_group_id",
        (
            "The object id of the group whose members may see everyone's sums, where the server acts on",
            "behalf of users: Entra admin center > Groups > your group. Empty: nobody may.",
        ),
        env.guid,
        "",
    ),
)
"""What each value is called, where it goes and what it means; ``.env.sample`` says the same."""


def load(environ: Mapping[str, str] | None = None, folder: Path | None = None) -> ProxySettings:
    """Read the settings: the environment wins over the file.

    Args:
        environ: the process environment; ``os.environ`` if None.
        folder: where ``.env`` stands; the current folder if None.

    Raises:
        SettingsError: a value is missing or malformed.
    """
    values = env.read(PROXY, environ, folder)
    settings = ProxySettings(**({"client_secret": ""} | values))
    check_tenants(settings.tenant_id, settings.token_issuers, TOKEN_ISSUERS)
    credentials.check_one(settings)
    if not settings.client_secret and not settings.jwt_signing_key:
        raise SettingsError(
            f"{SIGNING_KEY} is not set, and there is no client secret from which the key could be derived."
        )
    return settings


def check_tenants(tenant_id: str, issuers: tuple[str, ...], name: str) -> None:
    """Check that the issuers are told where the tenant does not say them.

    Args:
        name: of the variable for the issuers.

    Raises:
        SettingsError: they are not.
    """
    if tenant_id in MANY_TENANTS and not issuers:
        raise SettingsError(
            f"{name} is not set, and {TENANT_ID} is {tenant_id}: no token names that as its issuer. "
            "List the issuer of each tenant you let in, such as https://login.microsoftonline.com/<tenant id>/v2.0."
        )
