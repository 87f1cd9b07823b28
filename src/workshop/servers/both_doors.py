"""The same server with two doors: the OAuth proxy for any client, and Entra's own tokens for those who have one.

The second door is for tokens obtained out of band, by a client that knows Entra and this app already: the metadata
names only the proxy, so no client is ever led to Entra by it. `ENTRA_PROXY_ALLOWED_CLIENTS` says whose tokens count,
`ENTRA_PROXY_CONFIDENTIAL_CLIENTS_ONLY` whether their clients must have proved who they are.

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
from .preauthorized import verifier
from .proxy import EntraProxy, provider
from .settings import ProxySettings, load


class BothDoors(TakesOneToken, MultiAuth):
    """The proxy's tokens and Entra's, one per request."""


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
    return behind(doors(proxy, settings), proxy, settings)


def doors(proxy: EntraProxy, settings: ProxySettings) -> BothDoors:
    """Return both doors: one app, one scope, the same rules for Entra's token on either way."""
    return BothDoors(server=proxy, verifiers={"entra": verifier(settings, proxy.rules)})


if __name__ == "__main__":
    from .serve import main, with_settings

    main(with_settings(build, load))
