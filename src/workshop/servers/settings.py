"""What a server behind the proxy must be told: the values of its app registration, and how the proxy behaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from . import environment as env
from . import places, redirects
from .app_settings import CLIENT_SECRET_NAME, REQUIRED_SCOPES, TENANT_ID, AppSettings
from .environment import SettingsError, setting, variable

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "PROXY", "TENANT_ID", "ProxySettings", "SettingsError", "load"]

PREFIX = "ENTRA_PROXY"
CLIENT_ID = f"{PREFIX}_AZURE_CLIENT_ID"
CLIENT_SECRET = f"{PREFIX}_AZURE_CLIENT_SECRET"
SIGNING_KEY = f"{PREFIX}_JWT_SIGNING_KEY"

Consent = bool | Literal["remember", "external"]


@dataclass(frozen=True, kw_only=True)
class ProxySettings(AppSettings):
    """What the OAuth proxy needs of its app registration in Entra, and how it behaves."""

    PREFIX: ClassVar[str] = PREFIX

    client_secret: str = field(
        kw_only=False,
        repr=False,
        metadata=variable(
            env.secret,
            "The Value of a client secret of that app, not its Secret ID:",
            "your app > Certificates & secrets. It is shown only once.",
            name=CLIENT_SECRET_NAME,
            instead=("certificate", "managed_identity"),
        ),
    )
    required_scopes: tuple[str, ...] = field(default=("mcp-access",), metadata=REQUIRED_SCOPES)
    allowed_clients: tuple[str, ...] = setting(
        (),
        env.guids,
        "Client ids of the apps whose tokens are taken (azp), beside your app's own. Empty: any.",
        "The proxy signs users in with its own id; others matter where clients bring their own token.",
        "It says which programs are meant, not which one it is: a program on the user's machine can sign",
        "in under the id of any public client. If that one is pre-authorized, nobody even asks the user.",
    )
    app_roles: tuple[str, ...] = setting(
        (),
        env.words,
        "App roles of your app (App roles > Create app role, for Applications). An app that acts for itself,",
        "with no user (client credentials), is let in if it holds one and has proved who it is. Empty: none is.",
        "The proxy itself signs in users and nobody else: it counts where clients bring their own token.",
    )
    additional_authorize_scopes: tuple[str, ...] = setting(
        ("openid", "profile"),
        env.words,
        "What else to ask the user for at sign-in, such as User.Read for Microsoft Graph.",
        "It is sent as it stands and not looked for in the token. offline_access is always added.",
    )
    redirect_path: str = setting(
        "/auth/callback",
        env.path,
        "The path to which Entra sends the browser back.",
        "The base address plus this path must be a redirect URI of the app (platform Web).",
    )
    consent: Consent = setting(
        True,
        env.one_of(always=True, remember="remember", external="external", never=False),
        "Whether the proxy asks the user before it signs a client in: always, remember (ask once per",
        "browser, client, redirect URI and scopes), external (something in front of it asks), never",
        "(only for tests: any client could then get a signed-in user's token).",
        sample="always",
    )
    consent_csp_policy: str | None = setting(
        None,
        str,
        "The Content-Security-Policy of the proxy's consent page, if FastMCP's own does not fit.",
    )
    allowed_client_redirect_uris: tuple[str, ...] = setting(
        redirects.DEFAULT,
        redirects.patterns,
        "Where the browser may be sent back to after sign-in, as patterns with spaces between them; and of",
        "these only to what the client itself has registered. A client of which one address is not on the",
        "list can't register. * alone: to any address that a client registers, also one of a stranger.",
    )
    known_clients: tuple[str, ...] = setting(
        (),
        redirects.known_clients,
        "Clients that are let in beside those on the user's machine and VS Code, by name, spaces between",
        "them: claude (claude.ai), chatgpt, cursor, copilot-studio. Their addresses are added to the list.",
    )
    registrations_per_minute: int = setting(
        30,
        env.count,
        "How many clients one address may register in a minute; ten times as many sign-ins may begin.",
    )
    unused_client_seconds: int = setting(
        86_400,
        env.seconds,
        "How long a client is kept with which nobody signs in.",
    )
    enable_cimd: bool = setting(
        True,
        env.yes_or_no,
        "Whether a client may name itself by the address of its metadata document (CIMD): yes or no. VS Code does,",
        "and this server then has to reach https://vscode.dev/oauth/client-metadata.json. Where it can't, say no: VS",
        "Code registers instead.",
    )
    storage: str = setting(
        places.FILES,
        places.store,
        "Where clients and tokens are kept: files (encrypted, in FastMCP's folder), memory (all sign",
        "in again after a restart), or a folder of your choice for encrypted files, such as /data/mcp or",
        "./mcp. It must be this account's: whoever can write there can give one user another's tokens.",
    )
    jwt_signing_key: str | None = setting(
        None,
        env.long_secret,
        "What the proxy's own tokens are signed with, at least 32 characters. Empty: derived from the",
        "client secret, so that a new secret ends all sign-ins; without a secret it must be set.",
        "The same one for all replicas.",
        secret=True,
    )
    resource_base_url: str | None = setting(
        None,
        env.base_url,
        "The address of the protected resource, if it is not the base address.",
    )
    issuer_url: str | None = setting(
        None,
        env.base_url,
        "The issuer in the proxy's own metadata, if it is not the base address.",
    )
    forward_resource: bool = setting(
        True,
        env.yes_or_no,
        "Whether a client's resource parameter is passed on: yes or no.",
        "AzureProvider leaves it out in any case, for Entra refuses it.",
    )
    extra_authorize_params: Mapping[str, str] | None = setting(
        None,
        env.parameters,
        "More parameters for Entra's sign-in page, as JSON. They replace the default.",
        sample='{"prompt": "select_account"}',
    )
    access_token_seconds: int | None = setting(
        None,
        env.seconds,
        "How long the proxy's access tokens last. Empty: as long as Entra's.",
    )
    refresh_token_seconds: int = setting(
        1_209_600,
        env.seconds,
        "How long a sign-in lasts, if Entra's refresh token lives that long: the proxy's refresh tokens end",
        "with it, also new ones. 14 days; FastMCP's own is a year.",
    )
    refresh_early_seconds: int = setting(
        0,
        env.seconds,
        "How long before Entra's token ends the proxy gets a new one.",
    )

    def check(self) -> None:
        """Check what one value can't tell.

        Raises:
            SettingsError: the values don't go together.
        """
        super().check()
        if not self.client_secret and not self.jwt_signing_key:
            raise SettingsError(
                f"{SIGNING_KEY} is not set, and there is no client secret from which the key could be derived."
            )


PROXY = ProxySettings.variables()

load = ProxySettings.load
