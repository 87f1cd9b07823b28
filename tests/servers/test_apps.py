"""Callers without a user: a door that is closed to apps, or open to those that hold a role, and what they get there."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import msal  # type: ignore[import-untyped]
import pytest
from fastmcp import Client, Context, FastMCP
from fastmcp.client.auth import BearerAuth
from fastmcp.server.auth.providers.azure import AzureJWTVerifier, EntraOBOToken
from server_help import serving
from tenant.world import App

from workshop.background import BackgroundServer
from workshop.diagnosis import diagnose
from workshop.servers import both_doors, graph_tools, preauthorized
from workshop.servers.apps import FOR_APPS, FOR_USERS, ToolsByCaller
from workshop.servers.caller import CallerMiddleware, Owner, caller_of
from workshop.servers.confirmation import confirmed
from workshop.servers.expenses import Expense, ExpenseStore
from workshop.servers.obo import OnBehalfOf, ServerApp, TokenExchanges
from workshop.servers.proxy import provider
from workshop.servers.unprotected import build as unprotected
from workshop.servers.verifier import EntraTokenVerifier, Rules
from workshop.tokens import verify

from .conftest import Entra
from .doors import Outcome, Said, door, listening, planted, tries
from .forge import Attempt, Forge, decoded
from .forged import APP_KINDS, FASTMCP, OTHER_ROLE, OWN, ROLE, AppKind
from .test_tools import LUNCH

OPEN = {"app_roles": (ROLE,)}
USERS_TOOLS = {"add_expense", "list_expenses", "summarize_expenses", "get_user_info"}
GRAPHS = "https://graph.microsoft.com/User.Read"


def role(value: str, number: int, *members: str) -> dict[str, Any]:
    """Return an app role as Graph wants it."""
    ids = {"id": f"4444444{number}-dddd-4ddd-8ddd-444444444444", "isEnabled": True}
    return ids | {"value": value, "displayName": value, "description": value, "allowedMemberTypes": list(members)}


@dataclass(frozen=True)
class Callers:
    """An API with app roles, an agent that holds one of them, and servers that take their tokens."""

    entra: Entra
    api: App
    agent: App
    said: Said
    straight: BackgroundServer
    both: BackgroundServer

    @property
    def servers(self) -> tuple[BackgroundServer, BackgroundServer]:
        """Both, with the door open."""
        return self.straight, self.both

    @property
    def forge(self) -> Forge:
        """What makes tokens for the API."""
        return Forge(self.entra)

    def app_token(self, client: App | None = None) -> str:
        """Return a genuine token that an app got for itself."""
        answer = self.entra.world.client_credentials(client or self.agent, f"{self.api.uri}/.default")
        return str(answer.json()["access_token"])

    def user_token(self, name: str = "robin") -> str:
        """Return a genuine token of a user."""
        return str(self.entra.world.tokens(self.api, name)["access_token"])


@pytest.fixture(scope="module")
def callers(entra: Entra) -> Iterator[Callers]:
    world = entra.world
    roles = [role(ROLE, 1, "Application", "User"), role(OTHER_ROLE, 2, "Application")]
    api, agent = world.register("API for agents", appRoles=roles), world.register("Agent")
    world.assign(api, agent.principal_id, roles[0]["id"])
    world.assign(api, world.user_id("kim"), roles[0]["id"])
    world.grant(api, " ".join(graph_tools.PERMISSIONS))
    here = replace(entra, app=api)
    with ExitStack() as running:
        direct = here.preauthorized(**OPEN, client_secret=api.secret)
        doubled = here.settings(**OPEN)
        straight = running.enter_context(serving(lambda url: preauthorized.build(url, direct), name="straight"))
        both = running.enter_context(serving(lambda url: both_doors.build(url, doubled), name="both"))
        yield Callers(here, api, agent, running.enter_context(listening()), straight, both)


def tools(server: BackgroundServer, token: str) -> set[str]:
    """Return the names of the tools that a caller is told of."""

    async def ask() -> set[str]:
        async with Client(server.url, auth=BearerAuth(token)) as client:
            return {tool.name for tool in await client.list_tools()}

    return asyncio.run(ask())


def call(server: BackgroundServer, token: str, tool: str, arguments: dict[str, Any] | None = None) -> Any:
    """Call a tool and return its answer, or what was said instead."""

    async def yes(*_: Any) -> Any:
        return {"value": True}

    async def ask() -> Any:
        async with Client(server.url, auth=BearerAuth(token), elicitation_handler=yes) as client:
            result = await client.call_tool(tool, arguments or {}, raise_on_error=False)
            return result.content[0].text if result.is_error else result.data

    return asyncio.run(ask())


# --- the door ---


def test_the_door_is_closed_to_apps_unless_a_setting_opens_it(callers: Callers) -> None:
    token, here = callers.app_token(), callers.entra
    assert decoded(token, 1)["roles"] == [ROLE]
    with serving(lambda url: preauthorized.build(url, here.preauthorized())) as closed:
        assert tries(callers.said, closed, Attempt(token)) == Outcome(FASTMCP, 401, "invalid_token")
        assert tools(closed, callers.user_token()) == USERS_TOOLS
        assert "Unknown tool" in call(closed, callers.user_token(), "count_expenses"), "nothing is there for apps"
    for server in callers.servers:
        assert tries(callers.said, server, Attempt(token)).status == 200


def test_roles_alone_open_no_door(callers: Callers) -> None:
    """A verifier that asks for no scope takes users all the same. Apps need one that is meant for them."""
    here, rules = callers.entra, Rules(frozenset({callers.entra.tenant.id}), app_roles=frozenset({ROLE}))
    azure = AzureJWTVerifier(client_id=callers.api.client_id, tenant_id=here.tenant.id)
    for of_apps in (None, azure):
        access = asyncio.run(EntraTokenVerifier(azure, rules, of_apps=of_apps).verify_token(callers.app_token()))
        assert (access is not None) == (of_apps is not None)


def test_an_agent_with_msal_and_fastmcps_client_gets_in(callers: Callers) -> None:
    client = msal.ConfidentialClientApplication(
        callers.agent.client_id,
        authority=f"https://login.microsoftonline.com/{callers.entra.tenant.id}",
        client_credential=callers.agent.secret,
    )
    token = client.acquire_token_for_client([f"{callers.api.uri}/.default"])["access_token"]
    for server in callers.servers:
        assert tools(server, token) == {"count_expenses"}
        assert call(server, token, "count_expenses")["count"] >= 0


def test_with_the_optional_claim_idtyp_it_is_the_same(callers: Callers) -> None:
    callers.entra.world.change(callers.api, optionalClaims={"accessToken": [{"name": "idtyp"}]})
    token = callers.app_token()
    callers.entra.world.change(callers.api, optionalClaims={"accessToken": []})
    assert decoded(token, 1)["idtyp"] == "app"
    for server in callers.servers:
        assert tools(server, token) == {"count_expenses"}


@pytest.mark.parametrize("kind", APP_KINDS, ids=lambda kind: kind.name)
def test_an_app_that_is_none_of_those_meant_is_turned_away(kind: AppKind, callers: Callers) -> None:
    forge = callers.forge
    base = decoded(callers.user_token() if kind.of_a_user else callers.app_token(), 1)
    token = forge.signed({name: value for name, value in (base | kind.changes).items() if value is not None})
    for server in callers.servers:
        outcome = tries(callers.said, server, Attempt(token))
        assert (outcome.status, outcome.error) == (401, "invalid_token")
        if kind.claim:
            assert outcome.who == OWN
            assert kind.claim in outcome.reason
        if kind.claim in ("roles", "idtyp", "app-only"):
            assert diagnose(f"Bearer token rejected: {outcome.reason}").names == ("app-only-token",)
        personal = [str(base[name]) for name in ("oid", "sub", "tid", "azp")]
        assert not [value for value in personal if value in outcome.reason]


def test_what_explains_the_door_says_what_the_door_does(callers: Callers) -> None:
    good = decoded(callers.app_token(), 1)
    changes: list[dict[str, Any]] = [{}, {"roles": [OTHER_ROLE]}, {"scp": "access", "idtyp": "app"}, {"azpacr": "0"}]
    wrong: list[str] = []
    for changed in changes:
        seen = verify(callers.forge.signed(good | changed), callers.straight)
        assert seen.let_in == (changed == {})
        assert "answer" not in [check.claim for check in seen.findings], "the table and the door agree"
        wrong += [check.claim for check in seen.failed][:1]
    assert wrong == ["roles", "idtyp", "azpacr"]
    assert verify(callers.user_token(), callers.straight).let_in


def test_behind_the_proxy_an_app_is_nobody_whatever_the_setting(callers: Callers) -> None:
    """There Entra signs users in; what stands in the proxy's store is a user's or wrong."""
    settings, app = callers.entra.settings(**OPEN), callers.app_token()
    made = provider(settings, "http://localhost:8000")
    claims = decoded(app, 1)
    for auth in (made, both_doors.doors(made, settings)):
        with serving(lambda _, auth=auth: door(auth)) as server:  # type: ignore[misc]
            for token in (app, callers.forge.signed(claims | {"scp": "access"})):
                outcome = tries(callers.said, server, Attempt(planted(made, token, claims["exp"])))
                assert (bool(outcome.who), outcome.status, outcome.error) == (True, 401, "invalid_token")
            sound = planted(made, callers.user_token(), claims["exp"])
            assert tries(callers.said, server, Attempt(sound)).status == 200


def test_a_role_makes_no_app_of_a_user(callers: Callers) -> None:
    """Kim holds the same role, which is for people too."""
    token = callers.user_token("kim")
    assert decoded(token, 1)["roles"] == [ROLE]
    for server in callers.servers:
        assert tools(server, token) >= USERS_TOOLS
        assert "count_expenses" not in tools(server, token)
        assert "you are a user" in call(server, token, "count_expenses")
        assert isinstance(call(server, token, "add_expense", LUNCH), dict)


def test_users_are_still_told_which_scopes_to_ask_for(callers: Callers) -> None:
    """Where apps come in FastMCP looks for no scope itself; what a client is told must not end with that."""
    with serving(lambda url: both_doors.build(url, callers.entra.settings())) as closed:
        wanted = httpx.post(closed.url, trust_env=False).headers["WWW-Authenticate"].partition("resource_metadata")[0]
    assert "access" in wanted
    with httpx.Client(trust_env=False) as client:
        assert client.post(callers.both.url).headers["WWW-Authenticate"].startswith(wanted)
        assert f'scope="{callers.api.scope}"' in client.post(callers.straight.url).headers["WWW-Authenticate"]
        where = f"http://localhost:{callers.straight.port}/.well-known/oauth-protected-resource/mcp"
        assert client.get(where).json()["scopes_supported"] == [callers.api.scope]


def test_the_list_of_clients_is_for_apps_too(callers: Callers) -> None:
    listed = (callers.api.client_id,)
    settings = callers.entra.preauthorized(**OPEN, allowed_clients=listed)
    with serving(lambda url: preauthorized.build(url, settings)) as at:
        outcome = tries(callers.said, at, Attempt(callers.app_token()))
        assert outcome == Outcome(OWN, 401, "invalid_token")
        assert "azp" in outcome.reason


# --- inside ---


@pytest.mark.parametrize("arguments", [LUNCH, {"limit": 5}, {}], ids=["added", "listed", "none"])
def test_a_tool_of_users_says_why_it_is_not_for_an_app(arguments: dict[str, Any], callers: Callers) -> None:
    token = callers.app_token()
    for server in callers.servers:
        known = tools(server, callers.user_token())
        assert known >= USERS_TOOLS | {"send_mail", "get_my_profile"}
        for tool in sorted(known):
            assert "a tool for users" in call(server, token, tool, arguments), tool


def test_what_an_app_sees_is_a_count_and_of_its_own_tenant(callers: Callers) -> None:
    token = callers.app_token()
    for server in callers.servers:
        before = call(server, token, "count_expenses")
        for name, category in (("robin", "travel"), ("sam", "travel"), ("sam", "meals")):
            call(server, callers.user_token(name), "add_expense", LUNCH | {"category": category})
        after = call(server, token, "count_expenses")
        added = {name: number - before["by_category"].get(name, 0) for name, number in after["by_category"].items()}
        assert (added["travel"], added["meals"]) == (2, 1)
        assert after["count"] == before["count"] + 3
        assert set(after) == {"count", "by_category"}, "no amounts, nobody's name"


def test_the_count_of_one_tenant_is_not_anothers() -> None:
    """One server may take the tokens of several tenants."""
    store, trip = ExpenseStore(), Expense(Decimal(1), date(2026, 1, 15), "travel", "cash", "Trip")
    for tenant_id, object_id in (("one", "robin"), ("one", "sam"), ("another", "robin")):
        store.add(Owner(tenant_id, object_id), trip)
    assert [store.count_by_category(tenant_id) for tenant_id in ("one", "another", "a-third")] == [
        {"travel": 2},
        {"travel": 1},
        {},
    ]


@contextmanager
def audited() -> Iterator[list[dict[str, Any]]]:
    """Keep the lines of the audit during the block."""
    lines: list[dict[str, Any]] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(record.getMessage()))

    logger = logging.getLogger("fastmcp.workshop.servers.audit")
    logger.addHandler(handler := Keep())
    try:
        yield lines
    finally:
        logger.removeHandler(handler)


def test_the_audit_names_the_app_and_that_it_is_one(callers: Callers) -> None:
    with audited() as lines:
        for server in callers.servers:
            call(server, callers.app_token(), "count_expenses")
            call(server, callers.app_token(), "list_expenses")
            call(server, callers.user_token(), "list_expenses")
    agent = ("app", callers.agent.principal_id, callers.agent.client_id)
    robin = ("user", callers.entra.world.user_id("robin"), callers.api.client_id)
    assert [(one["caller"], one["oid"], one["client"]) for one in lines] == [agent, agent, robin] * 2
    outcomes = [(one["tool"], one["outcome"]) for one in lines]
    assert outcomes == [("count_expenses", "ok"), ("list_expenses", "error"), ("list_expenses", "ok")] * 2


def for_both(graph_token: Callable[[list[str]], Any], mcp: FastMCP) -> None:
    """Add tools that are marked for apps too, and should not have been."""
    mcp.add_middleware(CallerMiddleware())
    mcp.add_middleware(ToolsByCaller())
    token = graph_token([GRAPHS])

    @mcp.tool(tags={FOR_APPS, FOR_USERS})
    async def on_behalf(graph_token: str = token) -> str:
        return "exchanged" if graph_token else ""

    @mcp.tool(tags={FOR_APPS, FOR_USERS})
    async def own_data(context: Context) -> str:
        return (await caller_of(context)).object_id

    @mcp.tool(tags={FOR_APPS, FOR_USERS})
    async def after_a_yes(context: Context) -> str:
        return str(await confirmed(context, "after_a_yes", "Do it?"))


@pytest.mark.parametrize("way", ["EntraOBOToken", "OnBehalfOf"])
def test_a_tool_marked_for_both_gets_nothing_of_a_user_for_an_app(way: str, callers: Callers) -> None:
    """Whoever writes the next tool may mark it wrongly. What Entra says to it was reported as microsoft/mcp#2192."""
    here = callers.entra
    exchanges = TokenExchanges(ServerApp(callers.api.client_id, callers.api.secret, None, "login.microsoftonline.com"))

    @asynccontextmanager
    async def closing(_: Any) -> AsyncIterator[None]:
        yield
        await exchanges.close()

    def build(url: str) -> FastMCP:
        if way == "OnBehalfOf":
            direct = preauthorized.provider(here.preauthorized(**OPEN), url)
            mcp = FastMCP("marked", auth=direct, lifespan=closing)
            for_both(lambda scopes: OnBehalfOf(exchanges, scopes), mcp)
        else:
            settings = here.settings(**OPEN)
            proxy = provider(settings, url)
            mcp = FastMCP("marked", auth=both_doors.doors(proxy, settings), lifespan=proxy.lifespan)
            for_both(EntraOBOToken, mcp)
        return mcp

    with serving(build) as server:
        app, user = callers.app_token(), callers.user_token()
        assert tools(server, app) == tools(server, user) == {"on_behalf", "own_data", "after_a_yes"}
        asked = len(exchanged(here))
        said = call(server, app, "on_behalf")
        assert "AADSTS7000114" in said
        assert "no user in it to act for" in said
        assert len(exchanged(here)) == asked, "Entra is not even asked"
        assert "a tool for users" in call(server, app, "own_data")
        assert "needs a user's own yes" in call(server, app, "after_a_yes")
        # And for a user they work.
        assert call(server, user, "on_behalf") == "exchanged"
        assert call(server, user, "own_data") == here.world.user_id("robin")


def test_no_other_version_of_a_tool_leads_past_its_mark(callers: Callers) -> None:
    """FastMCP keeps versions of a tool side by side, and a caller may ask for one."""

    def build(url: str) -> FastMCP:
        mcp = FastMCP("versions", auth=preauthorized.provider(callers.entra.preauthorized(**OPEN), url))
        mcp.add_middleware(ToolsByCaller())

        @mcp.tool(name="counted", version="1")
        def before() -> str:
            return "for users"

        @mcp.tool(name="counted", version="2", tags={FOR_APPS})
        def after() -> str:
            return "for apps"

        return mcp

    async def ask(server: BackgroundServer, token: str, version: str) -> str:
        async with Client(server.url, auth=BearerAuth(token)) as client:
            result = await client.call_tool("counted", {}, version=version, raise_on_error=False)
            return str(result.content[0].text)

    with serving(build) as server:
        for token, said in (
            (callers.app_token(), ("a tool for users", "for apps")),
            (callers.user_token(), ("for users", "you are a user")),
        ):
            for version, words in zip(("1", "2"), said, strict=True):
                assert words in asyncio.run(ask(server, token, version))
        assert "no tool of that name for apps" in call(server, callers.app_token(), "nothing_of_this_name")
        assert "Unknown tool" in call(server, callers.user_token(), "nothing_of_this_name")


def exchanged(entra: Entra) -> list[str]:
    """Return the requests that came to the token endpoint."""
    with entra.tenant.control() as control:
        log = control.get("/log").json()["exchanges"]
    return [each["path"] for each in log if each["path"].endswith("/oauth2/v2.0/token")]


def test_entra_says_so_itself(callers: Callers) -> None:
    """What the sentence names: the exchange tried in spite of it."""
    answer = callers.entra.world.on_behalf_of(callers.api, callers.app_token(), GRAPHS).json()
    assert answer["error_description"].startswith("AADSTS7000114")


def test_where_nobody_signs_in_nothing_changes() -> None:
    with serving(lambda url: unprotected(url)) as server:

        async def ask() -> Any:
            async with Client(server.url) as client:
                return (await client.call_tool("add_expense", LUNCH)).data

        assert asyncio.run(ask())["number"] >= 1
