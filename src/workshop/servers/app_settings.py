"""What every server behind Entra must be told of its app registration; each of them adds its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

from . import environment as env
from . import places
from .environment import SettingsError, Variable, setting, variable

TENANT_ID = "AZURE_TENANT_ID"
MANY_TENANTS = ("organizations", "common", "consumers")
SYSTEM = "system"
CREDENTIALS = ("client_secret", "certificate", "managed_identity")

CLIENT_ID_NAME = "{prefix}_AZURE_CLIENT_ID"
CLIENT_SECRET_NAME = "{prefix}_AZURE_CLIENT_SECRET"  # noqa: S105 - the name of a variable
LOCAL = "http://localhost:8000"


def tenant(text: str) -> str:
    """Take a tenant id, or a word for many tenants."""
    try:
        return text if text in MANY_TENANTS else env.guid(text).lower()
    except ValueError as error:
        raise ValueError(f"{error}, or organizations") from None


def managed_identity(text: str) -> str:
    """Take the client id of a user-assigned managed identity, or the word system."""
    try:
        return SYSTEM if text.lower() == SYSTEM else env.guid(text)
    except ValueError as error:
        raise ValueError(f"{SYSTEM}, or {error}") from None


REQUIRED_SCOPES = variable(
    env.words,
    "The scopes of your app that every token must have, by their short names:",
    "your app > Expose an API. Spaces between them.",
)


@dataclass(frozen=True, kw_only=True)
class AppSettings:
    """The values of an app registration in Entra, and what a server with one needs besides.

    A field is all there is to a setting: its metadata says which variable gives it, how that is checked and explained.
    """

    PREFIX: ClassVar[str]
    """How the names of the variables begin."""

    client_id: str = field(
        kw_only=False,
        metadata=variable(
            env.guid,
            "The application (client) id of the app you register in lesson 01, a GUID:",
            "Entra admin center > App registrations > your app > Overview.",
            name=CLIENT_ID_NAME,
        ),
    )
    client_secret: str = setting(
        "",
        env.secret,
        "The Value of a client secret of it. Only a server that acts on behalf of users needs one.",
        name=CLIENT_SECRET_NAME,
        secret=True,
    )
    tenant_id: str = field(
        kw_only=False,
        metadata=variable(
            tenant,
            "The directory (tenant) id, a GUID: Entra admin center > Overview.",
            "Or organizations, to let other tenants in: then {prefix}_TOKEN_ISSUERS says which.",
            name=TENANT_ID,
        ),
    )
    certificate: Path | None = setting(
        None,
        Path,
        "In place of the secret: the file (PEM or PFX) with a certificate of that app and its private key.",
        name="{prefix}_AZURE_CLIENT_CERTIFICATE_PATH",
    )
    certificate_password: str | None = setting(
        None,
        str,
        "What that file is encrypted with. Empty: it is not.",
        name="{prefix}_AZURE_CLIENT_CERTIFICATE_PASSWORD",
        secret=True,
    )
    managed_identity: str | None = setting(
        None,
        managed_identity,
        "In place of both, on a host in Azure: system, or the client id of a user-assigned managed",
        "identity that the app trusts: Certificates & secrets > Federated credentials.",
        name="{prefix}_AZURE_MANAGED_IDENTITY",
    )
    base_url: str | None = setting(
        None,
        env.base_url,
        "Where clients reach the server, without /mcp: https, or http on localhost.",
        sample=LOCAL,
    )
    allowed_hosts: tuple[str, ...] = setting(
        (),
        env.hosts,
        "More names by which the server is called (Host), beside that of its address and of this machine:",
        "without a port, spaces between them; *.example.com for all below one. Any other is answered 421.",
    )
    allowed_origins: tuple[str, ...] = setting(
        (),
        env.origins,
        "Web pages whose scripts may call the server (Origin), such as https://app.example.com, spaces",
        "between them. Any other is answered 403. Pages of this machine may call a server on it.",
    )
    required_scopes: tuple[str, ...] = field(metadata=REQUIRED_SCOPES)
    identifier_uri: str | None = setting(
        None,
        env.uri,
        "The Application ID URI, if it is not api://<client id>: your app > Expose an API.",
    )
    base_authority: str = setting(
        "login.microsoftonline.com",
        env.host,
        "The host that signs users in. Azure Government: login.microsoftonline.us.",
    )
    token_issuers: tuple[str, ...] = setting(
        (),
        env.issuers,
        "The issuers (iss) whose tokens are taken, if not only that of your tenant.",
        "With AZURE_TENANT_ID=organizations it must be set: a token names its user's tenant,",
        "never organizations. One such as https://login.microsoftonline.com/<tenant id>/v2.0",
        "for each tenant, spaces between them.",
    )
    allowed_clients: tuple[str, ...] = setting(
        (),
        env.guids,
        "Client ids of the apps whose tokens are taken (azp), spaces between them. Empty: any.",
        "It says which programs are meant, not which one it is: a program on the user's machine can sign",
        "in under the id of any public client. If that one is pre-authorized, nobody even asks the user.",
    )
    confidential_clients_only: bool = setting(
        False,
        env.yes_or_no,
        "Whether a token is taken only if its client proved who it is, by a secret or a certificate",
        "(azpacr 1 or 2): yes or no. Yes keeps out editors and all else on users' machines.",
    )
    app_roles: tuple[str, ...] = setting(
        (),
        env.words,
        "App roles of your app (App roles > Create app role, for Applications). An app that acts for itself,",
        "with no user (client credentials), is let in if it holds one and has proved who it is. Empty: none is.",
        "It has no user's data: it may use the tools for apps, and none that acts on behalf of a user.",
    )
    database: Path | None = setting(
        None,
        places.database,
        "The SQLite file with the expenses, on a local disk.",
        "Empty: in memory, and gone when the server ends.",
    )
    audit_log: str | None = setting(
        None,
        places.log,
        "Where the audit goes, a line of JSON for each tool call: stdout, stderr, or a file such as",
        "/var/log/mcp/audit.jsonl. Empty: stdout, where nothing else goes.",
    )
    graph_url: str = setting(
        "https://graph.microsoft.com",
        env.base_url,
        "Microsoft Graph, for a server that acts on behalf of users. Azure Government:",
        "https://graph.microsoft.us.",
    )
    approvers_group_id: str | None = setting(
        None,
        env.guid,
        "The object id of the group whose members may see everyone's sums, where the server acts on",
        "behalf of users: Entra admin center > Groups > your group. Empty: nobody may.",
    )

    @classmethod
    def variables(cls) -> tuple[Variable, ...]:
        """Return what each field is told by; ``.env.sample`` says the same."""
        return env.variables(cls, cls.PREFIX)

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, folder: Path | None = None) -> Self:
        """Read the settings: the environment wins over the file.

        Args:
            environ: the process environment; ``os.environ`` if None.
            folder: where ``.env`` stands; the current folder if None.

        Raises:
            SettingsError: a value is missing or malformed.
        """
        values: dict[str, Any] = {"client_secret": ""} | env.read(cls.variables(), environ, folder)
        settings = cls(**values)
        settings.check()
        return settings

    def check(self) -> None:
        """Check what one value can't tell.

        Raises:
            SettingsError: the values don't go together.
        """
        if self.tenant_id in MANY_TENANTS and not self.token_issuers:
            raise SettingsError(
                f"{self.PREFIX}_TOKEN_ISSUERS is not set, and {TENANT_ID} is {self.tenant_id}: no token names that as "
                "its issuer. List the issuer of each tenant you let in, such as "
                "https://login.microsoftonline.com/<tenant id>/v2.0."
            )
        if len(self.credentials) > 1:
            several = " and ".join(name.replace("_", " ") for name in self.credentials)
            raise SettingsError(f"The app {self.client_id} has a {several}. Set one, and leave the others empty.")

    @property
    def address(self) -> str | None:
        """Where clients reach the server, without /mcp; None if no setting says it."""
        return self.base_url

    @property
    def credentials(self) -> tuple[str, ...]:
        """The fields that say what the app proves itself with: one at most."""
        return tuple(name for name in CREDENTIALS if getattr(self, name))

    @property
    def issuers(self) -> tuple[str, ...]:
        """The issuers whose tokens are taken."""
        return self.token_issuers or (f"https://{self.base_authority}/{self.tenant_id}/v2.0",)

    @property
    def tenant_ids(self) -> frozenset[str]:
        """The ids of the tenants whose tokens are taken."""
        return frozenset(issuer.split("/")[-2] for issuer in self.issuers)
