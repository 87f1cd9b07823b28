"""The same server with two doors: the OAuth proxy for any client, and Entra's own tokens for those who have one.

The second door is for tokens obtained out of band, by a client that knows Entra and this app already: the metadata
names only the proxy, so no client is ever led to Entra by it. `ENTRA_PROXY_ALLOWED_CLIENTS` says whose tokens count,
`ENTRA_PROXY_CONFIDENTIAL_CLIENTS_ONLY` whether their clients must have proved who they are, and
`ENTRA_PROXY_APP_ROLES` which app roles let in an app that acts for itself.

Run it with ``python -m workshop.servers.both_doors``, ``fastmcp run -m workshop.servers.both_doors`` or
``fastmcp run src/workshop/servers/run.py:both_doors --transport http``.
"""

from __future__ import annotations

from fastmcp import FastMCP
from fastmcp.server.auth import MultiAuth
from key_value.aio.protocols import AsyncKeyValue

from .app_settings import LOCAL
from .on_behalf_of import behind
from .one_token import TakesOneToken
from .preauthorized import scopes_of_every_request, verifier
from .proxy import EntraProxy, provider
from .settings import ProxySettings, load


class BothDoors(TakesOneToken, MultiAuth):
    """The proxy's tokens and Entra's, one per request."""

    def get_challenge_scopes(self, required_scopes: list[str] | None = None) -> list[str]:
        """Return the scopes that a refused client is told to ask for: the proxy's, also where apps come without any."""
        if required_scopes is None and self.server is not None:
            return self.server.get_challenge_scopes()
        return super().get_challenge_scopes(required_scopes)


def build(
    base_url: str | None = None,
    settings: ProxySettings | None = None,
    *,
    client_storage: AsyncKeyValue | None = None,
) -> FastMCP:
    """Return the server.

    Args:
        base_url: where clients reach it, without the path ``/mcp``; that of the settings if None, else
            http://localhost:8000.
        settings: from the environment if None.
        client_storage: where clients and tokens are kept; what the settings say if None.

    Raises:
        SettingsError: a value is missing or malformed.
    """
    settings = settings or load()
    proxy = provider(settings, base_url or settings.base_url or LOCAL, client_storage)
    return behind(doors(proxy, settings), proxy, settings, with_apps=bool(settings.app_roles))


def doors(proxy: EntraProxy, settings: ProxySettings) -> BothDoors:
    """Return both doors: one app, one scope, the same rules for a user's token of Entra's on either way."""
    return BothDoors(
        server=proxy,
        verifiers={"entra": verifier(settings, proxy.rules)},
        required_scopes=scopes_of_every_request(settings),
    )


if __name__ == "__main__":
    from .serve import main, with_settings

    main(with_settings(build, load))
