"""What becomes of the tokens of one sign-in when a part of them is shown a second time.

All tokens that the proxy issues after one sign-in are a family: they stand for one set of Entra's tokens. A refresh
token counts once, and so does a code. Whoever shows one again is a thief, or the client whose thief came first: the
family ends, and the user signs in again (RFC 9700 section 4.14.2, RFC 6749 section 4.1.2). There is one exception:
a client whose answer was lost on the way may ask again at once.

What is kept of a spent token is its hash. Of several processes with one store, each locks for itself: two that are
asked for the same token in the same moment may both answer.
"""

from __future__ import annotations

import time
from typing import Any

from fastmcp.server.auth.oauth_proxy import OAuthProxy
from fastmcp.server.auth.oauth_proxy.models import _hash_token as hash_of
from fastmcp.utilities.logging import get_logger
from joserfc.errors import JoseError
from key_value.aio.adapters.pydantic import PydanticAdapter
from mcp.server.auth.middleware.client_auth import AuthenticationError, ClientAuthenticator
from mcp.server.auth.provider import AuthorizationCode, RefreshToken, TokenError
from mcp.server.auth.routes import cors_middleware
from mcp.server.auth.settings import RevocationOptions
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

logger = get_logger(__name__)

REPEAT_SECONDS = 30
"""For so long a client may ask again with the refresh token that it has just spent, once."""

REVOKE = "/revoke"
NOT_KEPT = {"Cache-Control": "no-store"}


class Spent(BaseModel):
    """A refresh token or a code that has been used, by the hash of it.

    Attributes:
        client_id: to whom it was issued.
        family: the set of Entra's tokens that it stood for.
        scopes: what it was issued for.
        at: when it was used, Unix time in seconds.
    """

    client_id: str
    family: str
    scopes: list[str]
    at: float


class TokenFamilies(OAuthProxy):
    """A proxy where a code or refresh token that is shown twice ends the sign-in, and where tokens can be revoked."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.revocation_options = RevocationOptions(enabled=True)
        self._spent = PydanticAdapter[Spent](
            key_value=self._client_storage, pydantic_model=Spent, default_collection="entra-spent-tokens"
        )
        self._successors = PydanticAdapter[OAuthToken](
            key_value=self._client_storage, pydantic_model=OAuthToken, default_collection="entra-successors"
        )

    # --- codes ---

    async def load_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: str
    ) -> AuthorizationCode | None:
        """Return a code that has not been used; one that has ends the family it began."""
        code = await super().load_authorization_code(client, authorization_code)
        if code is None:
            await self._end_if_spent(authorization_code)
        return code

    async def exchange_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: AuthorizationCode
    ) -> OAuthToken:
        """Return the first tokens of a family."""
        name = hash_of(authorization_code.code)
        async with self._get_refresh_lock(name):
            try:
                tokens = await super().exchange_authorization_code(client, authorization_code)
            except TokenError:
                await self._end_if_spent(authorization_code.code)
                raise
            await self._note(name, client, await self._family_of(tokens.access_token, "access"), tokens)
        return tokens

    async def _end_if_spent(self, code: str) -> None:
        spent = await self._spent.get(key=hash_of(code))
        if spent is not None:
            await self._end(spent, "an authorization code")

    # --- refresh tokens ---

    async def load_refresh_token(self, client: OAuthClientInformationFull, refresh_token: str) -> RefreshToken | None:
        """Return what is known of a refresh token of this client, spent or not."""
        spent = await self._spent.get(key=hash_of(refresh_token))
        if spent is None:
            return await super().load_refresh_token(client, refresh_token)
        if spent.client_id != client.client_id:
            return None
        return RefreshToken(token=refresh_token, client_id=spent.client_id, scopes=spent.scopes)

    async def exchange_refresh_token(
        self, client: OAuthClientInformationFull, refresh_token: RefreshToken, scopes: list[str]
    ) -> OAuthToken:
        """Return the next tokens of a family; a spent token gets the same ones once more, or ends it.

        Raises:
            TokenError: the token is spent, or Entra refuses.
        """
        name = hash_of(refresh_token.token)
        family = await self._family_of(refresh_token.token, "refresh")
        async with self._get_refresh_lock(family):
            spent = await self._spent.get(key=name)
            if spent is None:
                tokens = await super().exchange_refresh_token(client, refresh_token, scopes)
                await self._note(name, client, family, tokens)
                await self._successors.put(key=name, value=tokens, ttl=REPEAT_SECONDS)
                return tokens
            if successor := await self._successor(name, spent):
                return successor
        await self._end(spent, "a refresh token")
        raise TokenError("invalid_grant", "refresh token does not exist")

    async def _successor(self, name: str, spent: Spent) -> OAuthToken | None:
        """Return what the client was answered and may have lost; it can't have if it has used it."""
        successor = await self._successors.get(key=name)
        if successor is None or time.time() - spent.at > REPEAT_SECONDS:
            return None
        await self._successors.delete(key=name)
        used = await self._spent.get(key=hash_of(successor.refresh_token or ""))
        return None if used else successor

    # --- the family ---

    # Who gives a token back means the whole sign-in (RFC 7009 section 2.1). Entra has no place to revoke its own
    # refresh token: it is forgotten here, and nobody else has it.

    def get_routes(self, mcp_path: str | None = None) -> list[Route]:
        """Return the routes, with one to give tokens back that knows the proxy's own."""
        kept = [route for route in super().get_routes(mcp_path) if route.path != REVOKE]
        revoking = cors_middleware(self._handle_revocation, ["POST", "OPTIONS"])
        return [*kept, Route(REVOKE, endpoint=revoking, methods=["POST", "OPTIONS"])]

    async def _handle_revocation(self, request: Request) -> Response:
        """Answer a revocation request (RFC 7009).

        FastMCP's own answer hands on Entra's token in place of the proxy's, of which nobody can tell whose family it
        is, and refuses a client that sends no `client_secret`; the clients here have none.
        """
        try:
            client = await ClientAuthenticator(self).authenticate_request(request)
        except AuthenticationError as error:
            return JSONResponse({"error": "invalid_client", "error_description": error.message}, 401, NOT_KEPT)
        token = (await request.form()).get("token")
        if not isinstance(token, str):
            told = {"error": "invalid_request", "error_description": "token: Field required"}
            return JSONResponse(told, 400, NOT_KEPT)
        for use in ("refresh", "access"):
            family, owner = await self._owned(token, use)
            if family and owner == client.client_id:
                await self._forget(family)
        return Response(headers=NOT_KEPT)

    async def _owned(self, token: str, use: str) -> tuple[str, str]:
        """Return whose token it is, and of which family."""
        try:
            payload = self.jwt_issuer.verify_token(token, expected_token_use=use)
        except (JoseError, ValueError, KeyError):
            return "", ""
        return await self._family_of(token, use), str(payload.get("client_id", ""))

    async def _note(self, name: str, client: OAuthClientInformationFull, family: str, tokens: OAuthToken) -> None:
        spent = Spent(
            client_id=client.client_id or "", family=family, scopes=(tokens.scope or "").split(), at=time.time()
        )
        await self._spent.put(key=name, value=spent, ttl=self._fallback_refresh_token_expiry_seconds)

    async def _end(self, spent: Spent, what: str) -> None:
        logger.warning(
            "Sign-in ended: the client %s has shown %s a second time. Its user must sign in again.",
            spent.client_id,
            what,
        )
        await self._forget(spent.family)

    async def _forget(self, family: str) -> None:
        # In the lock of FastMCP's own refresh, which would put the tokens back.
        async with self._get_refresh_lock(family):
            if family:
                await self._upstream_token_store.delete(key=family)

    async def _family_of(self, token: str, use: str) -> str:
        if spent := await self._spent.get(key=hash_of(token)):
            return str(spent.family)
        try:
            payload = self.jwt_issuer.verify_token(token, expected_token_use=use)
            mapping = await self._jti_mapping_store.get(key=payload["jti"])
        except (JoseError, ValueError, KeyError):
            mapping = None
        return str(mapping.upstream_token_id) if mapping else ""
