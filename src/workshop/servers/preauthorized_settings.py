"""What the server for pre-authorized clients must be told: where each value stands and what it means."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from . import environment as env
from .app_settings import CLIENT_ID_NAME, LOCAL, REQUIRED_SCOPES, AppSettings
from .environment import setting, variable

PREFIX = "ENTRA_PREAUTHORIZED"
CLIENT_ID = f"{PREFIX}_AZURE_CLIENT_ID"
MCP_PATH = "/mcp"


@dataclass(frozen=True, kw_only=True)
class PreauthorizedSettings(AppSettings):
    """What a server needs of its app registration in Entra when its clients bring Entra's own tokens.

    A credential is needed only to act on behalf of the user: tokens are verified without one.
    """

    PREFIX: ClassVar[str] = PREFIX

    client_id: str = field(
        kw_only=False,
        metadata=variable(
            env.guid,
            "Its application (client) id. `workshop register preauthorized` makes the app and writes it here.",
            name=CLIENT_ID_NAME,
        ),
    )
    required_scopes: tuple[str, ...] = field(default=("user_impersonation",), metadata=REQUIRED_SCOPES)
    identifier_uri: str | None = setting(
        None,
        env.uri,
        "The Application ID URI, by which clients ask for the scopes: your app > Expose an API. Two forms:",
        "- Empty: api://<client id>. For a server on this machine, for callers that bring a token got elsewhere,",
        "  and for clients that ask Entra by scope alone. Entra refuses a client that sends the server's address",
        "  as `resource` (AADSTS9010010): FastMCP's client and VS Code do.",
        "- The server's own address with /mcp, such as https://mcp.contoso.com/mcp, letter for letter and without",
        "  a slash at the end: those clients sign in straight to Entra. `workshop register preauthorized --at` and",
        "  the address makes it. It takes token version 2 and a host below a verified domain of your tenant: not",
        "  azurewebsites.net, azurecontainerapps.io, devtunnels.ms, a tunnel's name or localhost. There: the proxy.",
    )
    base_url: str | None = setting(
        None,
        env.base_url,
        "Where clients reach the server, without /mcp: https, or http on localhost.",
        "Empty: what {prefix}_IDENTIFIER_URI says, if that is an https address with /mcp.",
        sample=LOCAL,
    )

    @property
    def address(self) -> str | None:
        """Where clients reach the server, as the one setting or the other says."""
        return self.base_url or self.public_address

    @property
    def public_address(self) -> str | None:
        """The address that the Application ID URI is, without /mcp; None if it is none."""
        uri = self.identifier_uri or ""
        return uri.removesuffix(MCP_PATH) if uri.startswith("https://") and uri.endswith(MCP_PATH) else None


PREAUTHORIZED = PreauthorizedSettings.variables()

load = PreauthorizedSettings.load
