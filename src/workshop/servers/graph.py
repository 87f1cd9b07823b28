"""Microsoft Graph by msgraph-sdk, with a token that was got on behalf of the user."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
from kiota_abstractions.api_error import APIError
from kiota_abstractions.authentication import AccessTokenProvider, AllowedHostsValidator
from kiota_abstractions.authentication.base_bearer_token_authentication_provider import (
    BaseBearerTokenAuthenticationProvider,
)
from kiota_http.middleware.options import RetryHandlerOption
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_request_adapter import options as graph_options
from msgraph.graph_service_client import GraphServiceClient
from msgraph_core import GraphClientFactory  # type: ignore[import-untyped]

from .refusals import MORE_NEEDED, SIGN_IN_AGAIN, CallRefused, challenge_of, of_graph, of_service

GLOBAL = "https://graph.microsoft.com"


def literal(text: str) -> str:
    """Return a text as it stands in a `$filter`: a quote in it is doubled.

    Source: OData 4.01, URL Conventions, literals.
    """
    return "'" + text.replace("'", "''") + "'"


class Graph:
    """The way to Microsoft Graph, shared by all users; each call brings its own user's token."""

    def __init__(self, url: str = GLOBAL) -> None:
        """Open nothing yet.

        Args:
            url: https://graph.microsoft.com, or that of another cloud, without a version.
        """
        self.url = url
        self._http: httpx.AsyncClient | None = None

    def scope(self, permission: str) -> str:
        """Return a delegated permission as Entra wants it asked for."""
        return f"{self.url}/{permission}"

    @asynccontextmanager
    async def of(self, token: str, permission: str) -> AsyncIterator[GraphServiceClient]:
        """Call Graph in the name of one user.

        Args:
            token: of the user, for Graph.
            permission: what the calls in the block need, for the words of a refusal.

        Raises:
            CallRefused: Graph's refusal, in words for the caller.
        """
        adapter = GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(_One(token, self.url)), self._client())
        adapter.base_url = f"{self.url}/v1.0"
        try:
            yield GraphServiceClient(request_adapter=adapter)
        except APIError as error:
            code = str(getattr(getattr(error, "error", None), "code", "") or "")
            raise of_graph(error.response_status_code or 0, code, _small(error), permission) from error
        except httpx.HTTPError as error:
            raise of_service("Microsoft Graph", 0, {}) from error

    async def close(self) -> None:
        """Close the connections."""
        client, self._http = self._http, None
        if client is not None:
            await client.aclose()

    def _client(self) -> httpx.AsyncClient:
        if self._http is None:
            # No retries: a caller waits better than a server, and is told for how long.
            options: dict[str, Any] = {RetryHandlerOption.get_key(): RetryHandlerOption(max_retries=0)}
            self._http = GraphClientFactory.create_with_default_middleware(options=graph_options | options)
        return self._http


class _One(AccessTokenProvider):
    """The one token there is: it goes to Graph and to no other host."""

    def __init__(self, token: str, url: str) -> None:
        self._token = token
        self._hosts = AllowedHostsValidator([urlsplit(url).hostname or ""])

    async def get_authorization_token(
        self,
        uri: str,
        additional_authentication_context: dict[str, Any] | None = None,
    ) -> str:
        if claims := (additional_authentication_context or {}).get("claims"):
            # Graph has answered with a challenge. No exchange can satisfy it: only the user can.
            raise CallRefused(MORE_NEEDED + SIGN_IN_AGAIN, challenge_of(f'claims="{claims}"'))
        return self._token if self._hosts.is_url_host_valid(uri) else ""

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return self._hosts


def _small(error: APIError) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in (error.response_headers or {}).items()}
