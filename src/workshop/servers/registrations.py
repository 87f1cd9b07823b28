"""Which clients there are: what they may register, how long they are kept, and that they are sent nowhere else.

Anybody may register a client, so all of it is bounded: `bounds` says how large a request may be and how many come in a
minute, this says what is kept of them.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx2
from fastmcp.server.auth.oauth_proxy import OAuthProxy
from fastmcp.server.auth.oauth_proxy.models import ProxyDCRClient
from fastmcp.utilities.logging import get_logger
from mcp.server.auth.provider import AuthorizationCode, RegistrationError
from mcp.shared.auth import InvalidRedirectUriError, OAuthClientInformationFull, OAuthToken
from pydantic import AnyUrl

from .environment import is_loopback

logger = get_logger(__name__)

LONGEST_ID = 2_048
LONGEST_URI = 2_048
LONGEST_NAME = 200
MOST_URIS = 20
UNUSED_SECONDS = 86_400
USED_SECONDS = 365 * 86_400
"""How long a client is kept with which nobody has signed in, and after the last sign-in with it."""

# An id may be the address of the client's metadata document. One that can't be read ends FastMCP's fetch in these ways.
UNREADABLE = (ValueError, TypeError, LookupError, httpx2.InvalidURL)


class RegisteredClient(ProxyDCRClient):
    """A client that may be sent only to what it registered, and only as far as the owner's list goes."""

    def validate_redirect_uri(self, redirect_uri: AnyUrl | None) -> AnyUrl:
        """Return where to send the browser.

        Raises:
            InvalidRedirectUriError: the address is not on the list, or not one that the client registered.
        """
        chosen = super().validate_redirect_uri(redirect_uri)
        if not self._is_registered(str(chosen)):
            raise InvalidRedirectUriError(f"Redirect URI '{chosen}' not registered for client")
        return chosen

    def _is_registered(self, chosen: str) -> bool:
        if self.allow_unregistered_redirect_uris:
            # A client with the id of the app itself: it has registered nothing, so a list must speak for it.
            return self.allowed_redirect_uri_patterns is not None or is_loopback(urlsplit(chosen).hostname or "")
        registered = self.cimd_document.redirect_uris if self.cimd_document else self.redirect_uris or []
        return any(is_same(chosen, str(uri)) for uri in registered)


def is_same(chosen: str, registered: str) -> bool:
    """Say whether two redirect URIs are the same, but for the port of a loopback address.

    Source: RFC 8252 section 7.3; RFC 9700 section 4.1.3
    """
    try:
        one, other = _comparable(chosen), _comparable(registered)
    except ValueError:
        return False
    return one == other


def _comparable(uri: str) -> tuple[str, ...]:
    parts = urlsplit(str(AnyUrl(uri.replace(":*", ":1", 1))))  # a client's metadata document may have a star there
    host = parts.hostname or ""
    if parts.username is not None or parts.password is not None:
        raise ValueError("an address with a user's name is none to be sent to")
    place = host if parts.scheme == "http" and is_loopback(host) else parts.netloc
    return parts.scheme, place, parts.path or "/", parts.query, parts.fragment


class Registrations(OAuthProxy):
    """A proxy that keeps small registrations only, and sends its clients exactly where they registered to be sent."""

    def __init__(self, *, unused_client_seconds: int = UNUSED_SECONDS, **options: Any) -> None:
        super().__init__(**options)
        self._unused_client_seconds = unused_client_seconds

    async def get_client(self, client_id: str) -> OAuthClientInformationFull | None:
        """Return a client, None if there is none or its id can't be one."""
        if len(client_id) > LONGEST_ID:
            return None
        try:
            client: Any = await super().get_client(client_id)
        except UNREADABLE as error:
            logger.warning("Client rejected: its id can't be read (%s)", type(error).__name__)
            return None
        return None if client is None else RegisteredClient.model_construct(**dict(client))

    async def register_client(self, client_info: OAuthClientInformationFull) -> None:
        """Keep a client until it has been unused for long.

        Raises:
            RegistrationError: it says too much, or may not be sent where it wants to be.
        """
        if reason := _too_much(client_info):
            raise RegistrationError("invalid_client_metadata", reason)
        await super().register_client(client_info)
        await self._keep(client_info.client_id or "", self._unused_client_seconds)

    async def exchange_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: AuthorizationCode
    ) -> OAuthToken:
        """Return the tokens of a sign-in, and keep its client for longer."""
        tokens = await super().exchange_authorization_code(client, authorization_code)
        await self._keep(client.client_id or "", USED_SECONDS)
        return tokens

    async def _keep(self, client_id: str, seconds: int) -> None:
        kept = await self._client_store.get(key=client_id)
        if kept is not None:  # a client with a metadata document, or with the app's own id, is not kept at all
            await self._client_store.put(key=client_id, value=kept, ttl=seconds)


def _too_much(client: OAuthClientInformationFull) -> str | None:
    uris = [str(uri) for uri in client.redirect_uris or ()]
    if len(client.client_name or "") > LONGEST_NAME:
        return f"client_name has more than {LONGEST_NAME} characters"
    if len(uris) > MOST_URIS:
        return f"redirect_uris has more than {MOST_URIS} addresses"
    if any(len(uri) > LONGEST_URI for uri in uris):
        return f"a redirect URI has more than {LONGEST_URI} characters"
    return None
