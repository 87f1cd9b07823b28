"""WHAT-CHANGED.md: an old line fails as the page says, what the page names is there, every row has its evidence."""

from __future__ import annotations

import asyncio
import dataclasses
import importlib
import inspect
import re
import time
import warnings
from collections.abc import Callable
from typing import Any

import httpx
import httpx2
import pytest
from fastmcp import Client, Context, FastMCP
from fastmcp.server.auth.providers.azure import AzureProvider
from fastmcp.server.auth.providers.jwt import JWTVerifier, RSAKeyPair
from named_tests import PROJECT, TEST_ID, is_there

from workshop.diagnosis.knowledge import known_codes
from workshop.servers.settings import ProxySettings

PAGE = (PROJECT / "WHAT-CHANGED.md").read_text(encoding="utf-8")
CODE = re.compile(r"(?<!`)(`+) ?(.+?) ?\1(?!`)")
EVIDENCE = re.compile(r"https://|[\w.-]+/[\w.-]+#\d+|`tests/|the guide from|lesson 0\d|the error says so itself")


@dataclasses.dataclass(frozen=True)
class Change:
    """One row of the page: its cells, the last of which is the evidence."""

    cells: tuple[str, ...]
    of_fastmcp: bool

    @property
    def old_line(self) -> str:
        return first_code(self.cells[0])

    @property
    def seen(self) -> str:
        return first_code(self.cells[2])


def first_code(cell: str) -> str:
    found = CODE.search(cell)
    return found[2] if found else ""


def rows() -> list[Change]:
    found, of_fastmcp = [], False
    for line in PAGE.splitlines():
        cells = tuple(cell.strip() for cell in line.strip("| ").split(" | "))
        if line.startswith("## "):
            of_fastmcp = line.startswith("## FastMCP")
        elif line.startswith("| ") and cells[-1] != "evidence":
            found.append(Change(cells, of_fastmcp))
    return found


CHANGES = rows()


# --- the page itself ---


def test_every_row_has_a_date_or_says_that_it_is_not_known_and_its_evidence() -> None:
    assert len(CHANGES) > 25
    for change in CHANGES:
        assert len(change.cells) == 5, change
        assert re.search(r"\d", change.cells[1 if change.of_fastmcp else 0]) or "not known" in change.cells[1], change
        assert EVIDENCE.search(change.cells[-1]), change


def test_every_test_that_is_named_exists() -> None:
    named = [found[0] for found in TEST_ID.finditer(PAGE)]
    assert len(named) >= 4
    assert [one for one in named if not is_there(one)] == []


def test_every_setting_and_every_code_that_is_named_is_known() -> None:
    settings = {f"ENTRA_PROXY_{field.name.upper()}" for field in dataclasses.fields(ProxySettings)}
    named = set(re.findall(r"ENTRA_PROXY_\w+", PAGE))
    assert named
    assert named <= settings
    codes = {int(code) for code in re.findall(r"AADSTS(\d+)", PAGE)}
    assert codes >= {901002, 9010010, 90094}
    assert codes <= known_codes()


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_it_is_found_from(page: str) -> None:
    assert "WHAT-CHANGED.md" in (PROJECT / page).read_text(encoding="utf-8")


# --- what older tutorials write ---


async def call(tool: Callable[..., Any], **arguments: Any) -> Any:
    """Call a tool of a server by FastMCP's client, as it is by default."""
    async with Client(FastMCP(tools=[tool])) as client:
        return await client.call_tool(tool.__name__, arguments)


def profile() -> dict[str, str]:
    return {"email": "robin@contoso.onmicrosoft.com"}


async def forgetful(ctx: Context) -> None:
    ctx.set_state("user", "robin")  # type: ignore[unused-coroutine]


async def sampling(ctx: Context) -> str:
    try:
        await ctx.sample("Hello")  # type: ignore[attr-defined]
    except AttributeError as error:  # the client is told nothing of it
        return f"AttributeError: {error}"
    return ""


async def asking(ctx: Context) -> None:
    await ctx.elicit("Go on?", response_type=bool)


async def remembering(ctx: Context, word: str = "") -> str:
    if word:
        await ctx.set_state("word", word)
        return word
    return repr(await ctx.get_state("word"))


async def the_servers_log() -> None:
    raise LookupError((await call(sampling)).data)


async def a_later_call() -> None:
    async with Client(FastMCP(tools=[remembering])) as client:
        await client.call_tool("remembering", {"word": "hello"})
        raise LookupError((await client.call_tool("remembering", {})).data)


async def old_names() -> None:
    async with Client(FastMCP(tools=[profile])) as client:
        (tool,) = await client.list_tools()
        tool.inputSchema  # noqa: B018


def result_like_a_dictionary() -> Any:
    return asyncio.run(call(profile))["email"]


def bearer() -> Any:
    from fastmcp.server.auth import BearerAuthProvider

    return BearerAuthProvider


old: Any = FastMCP
azure: Any = AzureProvider

OLD_LINES: dict[str, Callable[[], Any]] = {
    'result["email"]': result_like_a_dictionary,
    'ctx.set_state("user", "robin")': lambda: asyncio.run(call(forgetful)),
    "provider.create_obo_credential(...)": lambda: azure.create_obo_credential,
    "AzureProvider()": lambda: azure(),
    'FastMCP("server", host="0.0.0.0", port=8000)': lambda: old("server", host="0.0.0.0", port=8000),  # noqa: S104
    'FastMCP("server", stateless_http=True)': lambda: old("server", stateless_http=True),
    "await mcp.get_tools()": lambda: old("server").get_tools,
    "from fastmcp.server.auth import BearerAuthProvider": bearer,
    "from fastmcp.server.openapi import FastMCPOpenAPI": lambda: importlib.import_module("fastmcp.server.openapi"),
    "FastMCP.as_proxy(url)": lambda: old.as_proxy,
    'mcp.mount(other, prefix="x")': lambda: old("server").mount(FastMCP("other"), prefix="x"),
    "ctx.sample(...)": lambda: asyncio.run(the_servers_log()),
    "ctx.elicit(...)": lambda: asyncio.run(call(asking)),
    "ctx.get_state(...)": lambda: asyncio.run(a_later_call()),
    "tool.inputSchema": lambda: asyncio.run(old_names()),
    "from mcp.server.fastmcp import FastMCP": lambda: importlib.import_module("mcp.server.fastmcp"),
}
"""How to do what an older tutorial writes, by its line on the page."""

ELSEWHERE = {"", "except httpx.HTTPError", "nbf"}
"""What a test of its own below looks at."""


def test_every_old_line_of_the_page_is_run() -> None:
    assert {change.old_line for change in CHANGES if change.of_fastmcp} == set(OLD_LINES) | ELSEWHERE


@pytest.mark.parametrize("change", [one for one in CHANGES if one.old_line in OLD_LINES], ids=lambda one: one.old_line)
def test_an_old_line_fails_as_the_page_says(change: Change) -> None:
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            OLD_LINES[change.old_line]()
        except Exception as error:
            seen = [f"{type(error).__name__}: {error}", str(error)]
        else:
            seen = []
    seen += [text for one in warned for text in (f"{one.category.__name__}: {one.message}", one.category.__name__)]
    assert any(change.seen in text for text in seen), (change.seen, seen)


def test_what_fastmcp_raises_is_not_of_httpx() -> None:
    assert not issubclass(httpx2.HTTPError, httpx.HTTPError)


def test_the_proxy_asks_its_users_unless_it_is_told_not_to() -> None:
    assert inspect.signature(AzureProvider.__init__).parameters["require_authorization_consent"].default is True


def test_a_token_that_begins_later_is_refused() -> None:
    pair = RSAKeyPair.generate()
    now = int(time.time())
    verifier = JWTVerifier(public_key=pair.public_key, issuer="https://i.example", audience="api")
    begins = {name: {"nbf": now + later} for name, later in (("now", 0), ("in an hour", 3_600))}
    let_in = {
        name: asyncio.run(
            verifier.verify_token(
                pair.create_token(issuer="https://i.example", audience="api", additional_claims=claims)
            )
        )
        for name, claims in begins.items()
    }
    assert let_in["now"] is not None
    assert let_in["in an hour"] is None


# --- what they are told to write instead ---


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("fastmcp.server.auth.providers.azure", "EntraOBOToken"),
        ("fastmcp.server.auth.providers.azure", "AzureJWTVerifier"),
        ("fastmcp.server.auth.providers.jwt", "JWTVerifier"),
        ("fastmcp.server.auth", "RemoteAuthProvider"),
        ("fastmcp.server.providers.openapi", "OpenAPIProvider"),
        ("fastmcp.server", "create_proxy"),
    ],
)
def test_what_is_to_be_written_instead_is_there(module: str, name: str) -> None:
    assert name in PAGE
    assert hasattr(importlib.import_module(module), name)


def test_the_new_spellings_work() -> None:
    assert asyncio.run(call(profile)).data["email"] == "robin@contoso.onmicrosoft.com"
    assert inspect.iscoroutinefunction(AzureProvider.get_obo_credential)
    assert "user_assertion" in inspect.signature(AzureProvider.get_obo_credential).parameters
    server = FastMCP("server")
    server.mount(FastMCP("other"), namespace="x")
    server.http_app(stateless_http=True)
    assert asyncio.run(server.list_tools()) == []
