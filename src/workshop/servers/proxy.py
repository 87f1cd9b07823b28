"""The expense tracker behind Entra ID by way of an OAuth proxy: any MCP client can register and sign users in.

Run it with ``python -m workshop.servers.proxy``, ``fastmcp run -m workshop.servers.proxy`` or
``fastmcp run src/workshop/servers/run.py:proxy --transport http``.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

import httpx2
from fastmcp import FastMCP
from fastmcp.server.auth import AccessToken, AuthProvider
from fastmcp.server.auth.oauth_proxy.upstream import AsyncOAuth2Client
from fastmcp.server.auth.providers.azure import AzureProvider
from fastmcp.utilities.auth import decode_jwt_payload
from fastmcp.utilities.logging import get_logger
from key_value.aio.protocols import AsyncKeyValue

from .app_settings import LOCAL
from .audit import Audit
from .caller import CallerMiddleware
from .challenges import Pending
from .credentials import ASSERTION_TYPE, Assertions, assertions
from .expenses import ExpenseStore, add_tools
from .expiring import begin
from .families import TokenFamilies
from .guarded import GuardedServer, reach_of
from .icon import ICON
from .logs import one_line_each
from .obo import ServerApp, TokenExchanges, refuse_apps
from .one_token import TakesOneToken
from .own_resource import OwnResource
from .proxied import ClientNames, proxied
from .redirects import allowed
from .registrations import Registrations
from .settings import ProxySettings, load
from .storage import storage
from .verifier import Rules, SecondLook

if TYPE_CHECKING:
    from azure.identity.aio import OnBehalfOfCredential

logger = get_logger(__name__)

# FastMCP's own are 30 and 10 s. On a busy machine a person would meet an error then, and here they only wait.
TIMEOUT_SECONDS = 60.0


class AssertingClient(AsyncOAuth2Client):
    """FastMCP's client of the token endpoint, showing an assertion with each request in place of a secret.

    Source: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#request-an-access-token-with-a-certificate-credential
    """

    def __init__(self, client_id: str, assertions: Assertions) -> None:
        super().__init__(client_id=client_id, token_endpoint_auth_method="none", timeout=TIMEOUT_SECONDS)  # noqa: S106
        self._assertions = assertions

    async def fetch_token(self, url: str, *, grant_type: str = "authorization_code", **params: Any) -> dict[str, Any]:
        """Redeem a code."""
        return await super().fetch_token(url, grant_type=grant_type, **params, **await self._proof(url))

    async def refresh_token(self, url: str, *, refresh_token: str | None = None, **params: Any) -> dict[str, Any]:
        """Redeem a refresh token."""
        return await super().refresh_token(url, refresh_token=refresh_token, **params, **await self._proof(url))

    async def _proof(self, url: str) -> dict[str, str]:
        await self._assertions.prepare()
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": self._assertions.assertion(url)}


class EntraProxy(TakesOneToken, TokenFamilies, Registrations, OwnResource, AzureProvider):
    """FastMCP's proxy for Entra, with a second look at Entra's token on every request."""

    def __init__(self, rules: Rules, assertions: Assertions | None = None, **options: Any) -> None:
        """Make the proxy.

        Args:
            rules: what Entra's tokens must be.
            assertions: what the app proves itself with, if it has no secret.
            options: those of `AzureProvider`.
        """
        super().__init__(**options)
        self._look = SecondLook(self._token_validator, rules)
        self.rules = self._look.rules
        self.assertions = assertions
        self.pending = Pending()
        self.client_names = ClientNames(lambda client_id: self._client_store.get(key=client_id))
        secret = str(options.get("client_secret") or "")
        app = ServerApp(str(options["client_id"]), secret, assertions, self._base_authority)
        self._exchanges = TokenExchanges(app)

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return Entra's token for one of the proxy's own, or None with the reason in the log."""
        taken = await super().verify_token(token)
        access = await self._look.at(taken, time.time()) if taken else None
        if access is None:
            return None
        client = _client_of(token)
        if self.pending.stops(access.token, client):
            logger.info("The user must sign in again, with what Entra demands")
            return None
        return proxied(access, client, await self.client_names.of(client))

    async def get_obo_credential(self, user_assertion: str) -> OnBehalfOfCredential:
        """Return what `EntraOBOToken` exchanges the user's token with: bounded, and with any kind of credential.

        Raises:
            CallRefused: it is no user's token.
        """
        refuse_apps(decode_jwt_payload(user_assertion))
        return cast("OnBehalfOfCredential", await self._exchanges.of(user_assertion))

    async def close_obo_credentials(self) -> None:
        """Close what `get_obo_credential` opened."""
        await self._exchanges.close()

    @asynccontextmanager
    async def lifespan(self, _: FastMCP[Any]) -> AsyncIterator[None]:
        """Let expired files go, and close that when the server ends: a tool may have exchanged a user's token."""
        begin(self._client_storage)
        self._maybe_cull_expired_state()  # where FastMCP has made its own
        try:
            yield
        finally:
            await self.close_obo_credentials()

    def _build_upstream_authorize_url(self, txn_id: str, transaction: dict[str, Any]) -> str:
        """Return Entra's sign-in page, asked for what a refused call needs."""
        url = super()._build_upstream_authorize_url(txn_id, transaction)
        claims = self.pending.claims_for(str(transaction.get("client_id", "")))
        return url if claims is None else f"{url}&{urlencode({'claims': claims})}"

    def _create_upstream_oauth_client(self) -> AsyncOAuth2Client:
        """Return the client of Entra's token endpoint: FastMCP's place to prove the app by something else."""
        if self.assertions is None:
            secret = self._upstream_client_secret
            return AsyncOAuth2Client(
                self._upstream_client_id,
                secret.get_secret_value() if secret else None,
                self._token_endpoint_auth_method,
                TIMEOUT_SECONDS,
            )
        return AssertingClient(self._upstream_client_id, self.assertions)


def build(
    base_url: str | None = None,
    settings: ProxySettings | None = None,
    *,
    client_storage: AsyncKeyValue | None = None,
    http_client: httpx2.AsyncClient | None = None,
) -> FastMCP:
    """Return the server.

    Args:
        base_url: where clients reach it, without the path ``/mcp``; that of the settings if None, else
            http://localhost:8000. Entra sends the browser back to ``{base_url}{redirect_path}``.
        settings: from the environment if None.
        client_storage: where clients and tokens are kept; what the settings say if None.
        http_client: fetches Entra's keys; one of the server's own if None.

    Raises:
        SettingsError: a value is missing or malformed.
    """
    settings = settings or load()
    auth = provider(settings, base_url or settings.base_url or LOCAL, client_storage, http_client)
    mcp = server("Expenses", auth, auth, settings, auth.lifespan)
    mcp.add_middleware(CallerMiddleware())
    mcp.add_middleware(Audit(settings.audit_log))
    add_tools(mcp, ExpenseStore(settings.database))
    return mcp


def server(
    name: str, auth: AuthProvider, proxy: EntraProxy, settings: ProxySettings, lifespan: Callable[[FastMCP[Any]], Any]
) -> GuardedServer:
    """Return a server without tools behind the proxy.

    Args:
        auth: the door: the proxy, or more than one that the proxy is part of.
    """
    per_minute = settings.registrations_per_minute
    paces = {"/register": per_minute, "/authorize": 10 * per_minute}
    addresses = str(proxy.base_url), settings.resource_base_url, settings.issuer_url
    reach = reach_of(settings, *addresses, paces=paces)
    return GuardedServer(name, reach, auth=auth, icons=[ICON], mask_error_details=True, lifespan=lifespan)


def provider(
    settings: ProxySettings,
    base_url: str,
    client_storage: AsyncKeyValue | None = None,
    http_client: httpx2.AsyncClient | None = None,
) -> EntraProxy:
    """Return the OAuth proxy of these settings, to put before any server."""
    one_line_each()
    clients = frozenset((settings.client_id, *settings.allowed_clients)) if settings.allowed_clients else frozenset()
    issuers = list(settings.issuers)
    return EntraProxy(
        rules=Rules(settings.tenant_ids, settings.base_authority, clients, settings.confidential_clients_only),
        assertions=assertions(settings),
        client_id=settings.client_id,
        client_secret=settings.client_secret or None,
        tenant_id=settings.tenant_id,
        required_scopes=list(settings.required_scopes),
        base_url=base_url,
        resource_base_url=settings.resource_base_url,
        identifier_uri=settings.identifier_uri,
        issuer_url=settings.issuer_url,
        redirect_path=settings.redirect_path,
        additional_authorize_scopes=list(settings.additional_authorize_scopes),
        allowed_client_redirect_uris=allowed(settings.allowed_client_redirect_uris, settings.known_clients),
        unused_client_seconds=settings.unused_client_seconds,
        client_storage=client_storage or storage(settings.storage, settings.jwt_signing_key or settings.client_secret),
        jwt_signing_key=settings.jwt_signing_key,
        require_authorization_consent=settings.consent,
        consent_csp_policy=settings.consent_csp_policy,
        forward_resource=settings.forward_resource,
        fallback_refresh_token_expiry_seconds=settings.refresh_token_seconds,
        fastmcp_access_token_expiry_seconds=settings.access_token_seconds,
        token_expiry_threshold_seconds=settings.refresh_early_seconds,
        base_authority=settings.base_authority,
        # Its type is one issuer. It goes on to JWTVerifier as it stands, which takes a list as well.
        token_issuer=issuers[0] if len(issuers) == 1 else issuers,
        extra_authorize_params=None
        if settings.extra_authorize_params is None
        else dict(settings.extra_authorize_params),
        http_client=http_client or keys_client(),
        enable_cimd=settings.enable_cimd,
        # No identity_assertion: /token takes none (ID-JAG, SEP-990). Entra is not documented to issue them, and what
        # FastMCP makes of one is a token of its own that names no tenant and no object id of Entra's: the second look
        # at the door would refuse it, and there would be nothing to exchange on behalf of the user.
    )


def keys_client() -> httpx2.AsyncClient:
    """Return a client that fetches Entra's keys. It keeps no connection, so it may be used in any event loop."""
    return httpx2.AsyncClient(timeout=TIMEOUT_SECONDS, limits=httpx2.Limits(max_keepalive_connections=0))


def _client_of(token: str) -> str:
    """Return the MCP client to which the proxy issued a token that it has verified."""
    return str(decode_jwt_payload(token).get("client_id", ""))


if __name__ == "__main__":
    from .serve import main, with_settings

    main(with_settings(build, load))
