"""A client asks for a token for this server, or for no server in particular; for another one it gets none.

A server that an attacker runs may name this proxy as its own authorization server. Who connects there would sign in
here, and hand the attacker a token that is good here. FastMCP's `OAuthProxy` compares what the client asks for with the
server's own address. `AzureProvider` takes it out of the request before, since Entra refuses it: nothing is compared.

Source: RFC 8707 section 2 (`invalid_target`); CVE-2025-69196 is the same in FastMCP's other providers.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from fastmcp.server.auth.oauth_proxy import OAuthProxy
from mcp.server.auth.provider import AuthorizationParams, AuthorizeError
from mcp.shared.auth import OAuthClientInformationFull

from .environment import is_loopback


class OwnResource(OAuthProxy):
    """A proxy that signs users in to its own server alone: a base before `AzureProvider`."""

    async def authorize(self, client: OAuthClientInformationFull, params: AuthorizationParams) -> str:
        """Begin to sign a user in.

        Raises:
            AuthorizeError: the client wants the token for another server.
        """
        if params.resource and not same_resource(params.resource, str(self._resource_url)):
            raise AuthorizeError(
                error="invalid_target",
                error_description="Resource does not match this server",
            )
        return await super().authorize(client, params)


def same_resource(asked: str, own: str) -> bool:
    """Say whether two addresses are one server's; all names of this machine are one."""
    return _parts(asked) == _parts(own)


def _parts(address: str) -> tuple[str, str, int | None, str] | None:
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:  # no address at all
        return None
    return parts.scheme, "localhost" if is_loopback(host) else host, port, parts.path.rstrip("/")
