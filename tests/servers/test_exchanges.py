"""The exchanges of many users: nobody gets another's token, and only so many are kept."""

from __future__ import annotations

import asyncio
import json
import random
import time
from typing import Any

import pytest
from azure.core.credentials import AccessToken

import practice_tenant
from workshop.servers import proxy
from workshop.servers.obo import MOST, ServerApp, TokenExchange, TokenExchanges
from workshop.servers.settings import ProxySettings

from .conftest import Entra
from .forge import b64, decoded, segment
from .office import consented

USERS = 500
SCOPES = ("User.Read", "Files.Read")


class Entras:
    """Stands where the library does, and answers with whose token it was asked for."""

    opened: list[Entras] = []  # noqa: RUF012 - all that the test opened

    def __init__(self, user: str) -> None:
        self.user = user
        self.closed = False
        self.asked = 0
        Entras.opened.append(self)

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        """Answer after a turn of everybody else's."""
        await asyncio.sleep(0)
        assert not self.closed, "it was closed in the midst of a call"
        self.asked += 1
        return AccessToken(json.dumps([self.user, *scopes]), 0)

    async def close(self) -> None:
        """Close."""
        self.closed = True


class App(ServerApp):
    """An app whose credentials are `Entras`."""

    def credential(self, tenant_id: str, user_assertion: str) -> Any:  # noqa: ARG002
        """Return one for the user whom the assertion names."""
        return Entras(decoded(user_assertion, 1)["oid"])


def assertion(user: int, ends: float = 3_600) -> str:
    claims = {"oid": f"user-{user}", "tid": "a-tenant", "scp": "access", "exp": time.time() + ends}
    return f"{segment({'alg': 'none'})}.{segment(claims)}.{b64(b'')}"


@pytest.fixture
def exchanges() -> TokenExchanges:
    Entras.opened.clear()
    return TokenExchanges(App("an-app", "", None, "login.microsoftonline.com"))


def test_five_hundred_users_at_once_each_get_their_own_and_few_are_kept(exchanges: TokenExchanges) -> None:
    tokens = [assertion(user) for user in range(USERS)]
    order = [(user, scope) for user in range(USERS) for scope in SCOPES] * 3
    random.Random(6).shuffle(order)  # noqa: S311 - an order, not a secret
    most = 0

    async def one(user: int, scope: str) -> None:
        nonlocal most
        got = await (await exchanges.of(tokens[user])).get_token(scope)
        assert json.loads(got.token) == [f"user-{user}", scope]
        most = max(most, len(exchanges))

    async def everybody() -> None:
        await asyncio.gather(*(one(*each) for each in order))
        assert most <= MOST
        open_now = [one for one in Entras.opened if not one.closed]
        assert len(open_now) <= MOST, "what is not kept is closed"
        await exchanges.close()

    asyncio.run(everybody())
    assert len(exchanges) == 0
    assert all(one.closed for one in Entras.opened)
    assert sum(one.asked for one in Entras.opened) == len(order)


def test_the_one_used_longest_ago_goes_first_and_what_has_ended_goes_at_once(exchanges: TokenExchanges) -> None:
    exchanges.most = 2
    kept = [assertion(1), assertion(2), assertion(3)]

    async def turns() -> list[TokenExchange]:
        first, second = await exchanges.of(kept[0]), await exchanges.of(kept[1])
        assert await exchanges.of(kept[0]) is first
        await exchanges.of(kept[2])
        assert await exchanges.of(kept[0]) is first
        assert await exchanges.of(kept[1]) is not second
        assert len(exchanges) == 2
        exchanges.now = lambda: time.time() + 4_000
        await exchanges.of(assertion(4, ends=8_000))
        return [first, second]

    asyncio.run(turns())
    assert len(exchanges) == 1


def test_two_tokens_of_one_user_are_not_one(exchanges: TokenExchanges) -> None:
    """A token with fewer rights must not find what another one was exchanged for."""

    async def both() -> bool:
        return await exchanges.of(assertion(1)) is await exchanges.of(assertion(1, ends=60))

    assert not asyncio.run(both())


def test_with_entra_each_user_is_exchanged_once_for_each_scope(entra: Entra) -> None:
    """The same through the library and the tenant: a few users, many calls at once."""
    app = consented(entra, "Many users")
    tokens = {name: entra.world.tokens(app, name)["access_token"] for name in ("robin", "sam", "avery")}
    exchanges = TokenExchanges(ServerApp(app.client_id, app.secret, None, "login.microsoftonline.com"))
    scope = "https://graph.microsoft.com/User.Read"

    async def one(name: str) -> tuple[str, str]:
        got = await (await exchanges.of(tokens[name])).get_token(scope)
        return name, str(decoded(got.token, 1)["oid"])

    async def everybody() -> list[tuple[str, str]]:
        try:
            return await asyncio.gather(*(one(name) for name in [*tokens] * 10))
        finally:
            await exchanges.close()

    running = practice_tenant.found(entra.tenant.state)
    assert running
    before = running.last_exchange()
    found = set(asyncio.run(everybody()))
    assert found == {(name, decoded(token, 1)["oid"]) for name, token in tokens.items()}
    asked = [one for one in running.exchanges(after=before) if "/oauth2/v2.0/token" in str(one)]
    assert len(asked) == 3, "calls of one user that come together make one exchange"


def test_a_server_behind_the_proxy_closes_at_its_end_what_its_tools_opened() -> None:
    """Else aiohttp prints a complaint into whatever notebook cell runs when the collector finds it."""
    told = ProxySettings(
        client_id="an-app", client_secret="s" * 32, tenant_id="a-tenant", storage="memory", jwt_signing_key="k" * 32
    )
    server = proxy.build(settings=told)
    door = server.auth
    assert isinstance(door, proxy.EntraProxy)

    async def live() -> None:
        app = server.http_app()
        async with app.router.lifespan_context(app):
            await door.get_obo_credential(assertion(1))
            assert len(door._exchanges) == 1

    asyncio.run(live())
    assert len(door._exchanges) == 0
