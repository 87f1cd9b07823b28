"""What the server for pre-authorized clients must be told: where each value stands and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from . import credentials
from . import environment as env
from .environment import Variable
from .settings import TENANT_ID, check_tenants, tenant, tenants_of

PREFIX = "ENTRA_PREAUTHORIZED"
CLIENT_ID = f"{PREFIX}_AZURE_CLIENT_ID"
CLIENT_SECRET = f"{PREFIX}_AZURE_CLIENT_SECRET"
TOKEN_ISSUERS = f"{PREFIX}_TOKEN_ISSUERS"


@dataclass(frozen=True)
class PreauthorizedSettings:
    """What a server needs of its app registration in Entra when its clients bring Entra's own tokens.

    Each attribute is explained in `PREAUTHORIZED`, and so in ``.env.sample``. A credential is needed only to act on
    behalf of the user: tokens are verified without one.
    """

    client_id: str
    tenant_id: str
    client_secret: str = field(default="", repr=False)
    certificate: Path | None = None
    certificate_password: str | None = field(default=None, repr=False)
    managed_identity: str | None = None
    base_url: str | None = None
    required_scopes: tuple[str, ...] = ("user_impersonation",)
    identifier_uri: str | None = None
    base_authority: str = "login.microsoftonline.com"
    token_issuers: tuple[str, ...] = ()
    allowed_clients: tuple[str, ...] = ()
    database: Path | None = None
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


PREAUTHORIZED = (
    Variable(TENANT_ID, "tenant_id", ("The directory (tenant) id, a GUID, or organizations.",), tenant),
    Variable(
        CLIENT_ID,
        "client_id",
        ("Its application (client) id. `workshop register preauthorized` makes the app and writes it here.",),
        env.guid,
    ),
    Variable(
        CLIENT_SECRET,
        "client_secret",
        ("The Value of a client secret of it. Only a server that acts on behalf of users needs one.",),
        env.secret,
        "",
    ),
    *credentials.variables(PREFIX),
    Variable(
        f"{PREFIX}_BASE_URL",
        "base_url",
        ("Where clients reach this server, without /mcp: https, or http on localhost.",),
        env.base_url,
        "http://localhost:8000",
    ),
    Variable(
        f"{PREFIX}_REQUIRED_SCOPES",
        "required_scopes",
        ("The scopes of that app that every token must have, by their short names. Spaces between them.",),
        env.words,
        "user_impersonation",
    ),
    Variable(
        f"{PREFIX}_IDENTIFIER_URI",
        "identifier_uri",
        ("The Application ID URI, if it is not api://<client id>: your app > Expose an API.",),
        env.uri,
        "",
    ),
    Variable(
        f"{PREFIX}_BASE_AUTHORITY",
        "base_authority",
        ("The host that signs users in. Azure Government: login.microsoftonline.us.",),
        env.host,
        "login.microsoftonline.com",
    ),
    Variable(
        TOKEN_ISSUERS,
        "token_issuers",
        (
            "The issuers (iss) whose tokens are taken, if not only that of your tenant. With",
            "AZURE_TENANT_ID=organizations it must be set. Spaces between them.",
        ),
        env.issuers,
        "",
    ),
    Variable(
        f"{PREFIX}_ALLOWED_CLIENTS",
        "allowed_clients",
        (
            "Client ids of the apps whose tokens are taken (azp), spaces between them. Empty: any.",
            "Pre-authorization spares the listed clients the consent page. It keeps no other out: this does.",
        ),
        env.guids,
        "",
    ),
    Variable(
        f"{PREFIX}_DATABASE",
        "database",
        ("The SQLite file with the expenses, on a local disk. Empty: in memory, and gone when the server ends.",),
        Path,
        "",
    ),
    Variable(
        f"{PREFIX}_GRAPH_URL",
        "graph_url",
        ("Microsoft Graph, for a server that acts on behalf of users. Azure Government: https://graph.microsoft.us.",),
        env.base_url,
        "https://graph.microsoft.com",
    ),
    Variable(
        f"{PREFIX}_APPROVERS_GROUP_ID",
        "approvers_group_id",
        ("The object id of the group whose members may see everyone's sums, on such a server. Empty: nobody may.",),
        env.guid,
        "",
    ),
)
"""What each value is called, where it goes and what it means; ``.env.sample`` says the same."""


def load(environ: Mapping[str, str] | None = None, folder: Path | None = None) -> PreauthorizedSettings:
    """Read the settings: the environment wins over the file.

    Args:
        environ: the process environment; ``os.environ`` if None.
        folder: where ``.env`` stands; the current folder if None.

    Raises:
        SettingsError: a value is missing or malformed.
    """
    settings = PreauthorizedSettings(**env.read(PREAUTHORIZED, environ, folder))
    check_tenants(settings.tenant_id, settings.token_issuers, TOKEN_ISSUERS)
    credentials.check_one(settings)
    return settings
