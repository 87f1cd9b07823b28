"""On behalf of the user: the token a server was called with, exchanged for one of the next service.

FastMCP's ``EntraOBOToken`` does this where its own proxy signs users in, and nowhere else. Here is what both servers
use: one credential of azure-identity per token, a bounded number of them, closed when the server ends.

Source: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastmcp.dependencies import Dependency
from fastmcp.server.dependencies import get_access_token
from fastmcp.utilities.auth import decode_jwt_payload
from fastmcp.utilities.logging import get_logger

from .claims import is_of_a_user
from .credentials import Assertions
from .refusals import SERVER_AT_FAULT, SIGN_IN_AGAIN, CallRefused, of_exchange

if TYPE_CHECKING:  # a third of a second, for servers that never exchange anything
    from azure.core.credentials import AccessToken
    from azure.core.exceptions import AzureError
    from azure.identity.aio import OnBehalfOfCredential

logger = get_logger(__name__)

MOST = 128
NO_USER = (
    "This tool acts on behalf of a user, and the caller is an app that acts for itself (app-only token): there is no "
    "user in it to act for, and Entra refuses to exchange such a token (AADSTS7000114). Call it with a user's token; "
    "to ask Microsoft Graph for itself, an app uses its own permissions and no other server."
)


@dataclass(frozen=True)
class ServerApp:
    """The app that exchanges tokens.

    Attributes:
        secret: empty if it has `assertions` instead.
    """

    client_id: str
    secret: str
    assertions: Assertions | None
    base_authority: str

    def credential(self, tenant_id: str, user_assertion: str) -> OnBehalfOfCredential:
        """Return the credential for one token of a user."""
        from azure.identity.aio import OnBehalfOfCredential

        authority = f"https://{self.base_authority}"
        options: dict[str, Any] = {"client_secret": self.secret}
        if self.assertions is not None:
            shown, endpoint = self.assertions, f"{authority}/{tenant_id}/oauth2/v2.0/token"
            options = {"client_assertion_func": lambda: shown.assertion(endpoint)}
        # No retries: a caller waits better than a server, and is told for how long.
        return OnBehalfOfCredential(
            tenant_id, self.client_id, user_assertion=user_assertion, authority=authority, retry_total=0, **options
        )


class TokenExchange:
    """What one token of a user is exchanged for: each scope's token is fetched once and kept while it lasts."""

    def __init__(self, app: ServerApp, user_assertion: str) -> None:
        claims = decode_jwt_payload(user_assertion)  # the verifier has seen it
        self.expires_at = float(claims["exp"])
        self._app = app
        self._open: Callable[[], OnBehalfOfCredential] = lambda: app.credential(str(claims["tid"]), user_assertion)
        self._credential: OnBehalfOfCredential | None = None
        self._lock = asyncio.Lock()
        self._closed = False
        self._answer: Any = None

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """Return a token for these scopes, for the user.

        Raises:
            CallRefused: Entra's refusal, in words for the caller.
        """
        from azure.core.exceptions import AzureError

        # One at a time: calls of one user that come together make one exchange, and nothing is closed in the midst.
        async with self._lock:
            self._answer = None
            try:
                await self._prepare()
                self._credential = self._credential or self._open()
                return await self._credential.get_token(*scopes, raw_response_hook=self._note, **options)
            except AzureError as error:
                raise _refused(error, self._answer) from error
            finally:
                if self._closed:  # it was pushed out of the cache before its turn came
                    await self._close()

    async def close(self) -> None:
        """Close the connections, after a call that is on its way."""
        self._closed = True
        async with self._lock:
            await self._close()

    async def _prepare(self) -> None:
        from azure.core.exceptions import ClientAuthenticationError

        if self._app.assertions is not None:
            try:
                await self._app.assertions.prepare()
            except ClientAuthenticationError as error:  # the host has no such identity, or there is no such host
                logger.warning("The managed identity gives no token: %s", error.message)
                raise CallRefused(f"{SERVER_AT_FAULT}why.") from error

    def _note(self, answer: Any) -> None:
        # The library's error has no answer where it was not JSON, as when Entra is too busy.
        self._answer = answer.http_response

    async def _close(self) -> None:
        credential, self._credential = self._credential, None
        if credential is not None:
            await credential.close()


class TokenExchanges:
    """The exchanges of the users who called last.

    Each is found by the hash of the whole token: never by a user's id, which two tokens of different rights share.
    """

    def __init__(self, app: ServerApp, most: int = MOST, now: Callable[[], float] = time.time) -> None:
        """Start empty.

        Args:
            most: how many are kept; the one used longest ago goes first.
            now: Unix time in seconds.
        """
        self.app = app
        self.most = most
        self.now = now
        self._kept: OrderedDict[str, TokenExchange] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    async def of(self, user_assertion: str) -> TokenExchange:
        """Return the exchange of a token, the kept one or a new one."""
        key = hashlib.sha256(user_assertion.encode()).hexdigest()
        exchange = self._kept.get(key)
        if exchange is None:
            exchange = self._kept[key] = TokenExchange(self.app, user_assertion)
        self._kept.move_to_end(key)
        await self._drop()
        return exchange

    async def close(self) -> None:
        """Close and forget all."""
        kept = list(self._kept.values())
        self._kept.clear()
        for exchange in kept:
            await exchange.close()

    async def _drop(self) -> None:
        """Close those whose token has ended, and those over the number."""
        now = self.now()
        over = len(self._kept) - self.most
        names = [
            name
            for place, (name, exchange) in enumerate(self._kept.items())
            if place < over or exchange.expires_at <= now
        ]
        for exchange in [self._kept.pop(name) for name in names]:
            await exchange.close()


class OnBehalfOf(Dependency[str]):
    """A tool's argument: a token for `scopes`, for the user who calls.

    What ``EntraOBOToken`` is behind FastMCP's proxy, where clients bring Entra's own tokens.
    """

    def __init__(self, exchanges: TokenExchanges, scopes: Sequence[str]) -> None:
        self.exchanges = exchanges
        self.scopes = scopes

    async def __aenter__(self) -> str:
        """Exchange the caller's token.

        Raises:
            CallRefused: nobody is signed in, an app calls for itself, or Entra refused.
        """
        token = get_access_token()
        if token is None:
            raise CallRefused(f"The server does not know who is calling. {SIGN_IN_AGAIN}")
        refuse_apps(token.claims)
        exchange = await self.exchanges.of(token.token)
        return (await exchange.get_token(*self.scopes)).token


def refuse_apps(claims: Mapping[str, Any]) -> None:
    """Stop an exchange in nobody's name: there is no user in an app's own token.

    Args:
        claims: of the token that would be exchanged.

    Raises:
        CallRefused: it is one that an app got for itself.
    """
    if not is_of_a_user(claims):
        raise CallRefused(NO_USER)


def _refused(error: AzureError, answer: Any) -> CallRefused:
    """Put an error into words.

    Args:
        answer: of the token endpoint; None if there was none.
    """
    headers = {str(name).lower(): str(value) for name, value in answer.headers.items()} if answer is not None else {}
    status = int(answer.status_code) if answer is not None else 0
    return of_exchange(str(error.message), _body(answer), status, headers)


def _body(answer: Any) -> Mapping[str, Any]:
    try:
        body = json.loads(answer.text())
    except (AttributeError, TypeError, ValueError):
        return {}
    return body if isinstance(body, dict) else {}
