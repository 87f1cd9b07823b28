"""The audit says which MCP client called: at the proxy Entra knows the server's own app alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastmcp import Client
from fastmcp.client.auth import BearerAuth
from fastmcp.server.auth.oauth_proxy.models import JTIMapping, UpstreamTokenSet
from server_help import serving

from workshop.background import BackgroundServer
from workshop.servers import both_doors, proxy
from workshop.servers.audit import logger as audit_logger
from workshop.servers.proxied import MOST, ClientNames

from .conftest import Entra
from .forge import Forge, decoded
from .test_tools import LUNCH

SIGN_INS = 25


@dataclass
class Room:
    """A server behind the proxy, whose clients are registered over HTTP."""

    server: BackgroundServer
    provider: proxy.EntraProxy
    forge: Forge
    audit: Path
    issued: list[str] = field(default_factory=list)

    def register(self, name: str | None) -> str:
        """Register a client and return its id."""
        body: dict[str, Any] = {"redirect_uris": ["http://127.0.0.1:33418/"]} | ({"client_name": name} if name else {})
        with httpx.Client(trust_env=False, timeout=60) as http:
            answer = http.post(f"{self.server.base_url}/register", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["client_id"])

    def token(self, client_id: str) -> str:
        """Return a token of the proxy for this client, as a sign-in of the same user leaves it."""
        jti = f"of-{client_id}-{len(self.issued)}"
        self.issued.append(jti)
        upstream = UpstreamTokenSet(
            upstream_token_id=jti, access_token=self.forge.token, refresh_token=None, refresh_token_expires_at=None,
            expires_at=self.forge.claims["exp"], token_type="Bearer", scope="access", client_id=client_id, created_at=0,
        )  # fmt: skip
        mapping = JTIMapping(jti=jti, upstream_token_id=jti, created_at=0)
        asyncio.run(self.provider._upstream_token_store.put(key=jti, value=upstream))
        asyncio.run(self.provider._jti_mapping_store.put(key=jti, value=mapping))
        return self.provider.jwt_issuer.issue_access_token(client_id, ["access"], jti, 3600)

    def lines(self) -> list[dict[str, Any]]:
        """Return the audit so far."""
        return [json.loads(line) for line in self.audit.read_text().splitlines()]


@pytest.fixture(params=["proxy", "both_doors"])
def room(request: pytest.FixtureRequest, entra: Entra, tmp_path: Path) -> Iterator[Room]:
    audit = tmp_path / "audit.jsonl"
    settings = entra.settings(audit_log=str(audit))
    before = audit_logger.handlers[:]
    build = {"proxy": proxy.build, "both_doors": both_doors.build}[request.param]
    with serving(lambda url: build(url, settings)) as server:
        auth: Any = server.auth
        yield Room(server, auth if request.param == "proxy" else auth.server, Forge(entra), audit)
    for handler in set(audit_logger.handlers) - set(before):
        audit_logger.removeHandler(handler)
        handler.close()


async def calls(url: str, token: str, times: int, tool: str = "add_expense") -> None:
    async with Client(url, auth=BearerAuth(token)) as client:
        await asyncio.gather(*(client.call_tool(tool, LUNCH) for _ in range(times)))


def test_two_clients_of_one_user_are_told_apart_as_they_call_at_once(room: Room, entra: Entra) -> None:
    ids = {name: room.register(name) for name in ("VS Code", "An \x1b[2J\nother\u202e" + "x" * 100)}
    tokens = [room.token(client_id) for client_id in ids.values()]

    async def at_once() -> None:
        await asyncio.gather(*(calls(room.server.url, token, SIGN_INS) for token in tokens))

    asyncio.run(at_once())
    lines = room.lines()
    assert {line["oid"] for line in lines} == {room.forge.claims["oid"]}
    assert {line["client"] for line in lines} == {entra.app.client_id}, "what Entra knows"
    told = [(line["mcp_client"], line["mcp_client_calls_itself"]) for line in lines]
    assert sorted(told) == sorted(
        (
            client_id,
            "VS Code" if name == "VS Code" else "An \\x1b[2J\\nother\\u202e" + "x" * 46 + "... (114 characters)",
        )
        for name, client_id in ids.items()
        for _ in range(SIGN_INS)
    )


def test_a_client_without_a_name_one_that_is_gone_and_one_named_by_an_address(room: Room) -> None:
    address = "https://client.example/" + "x" * 300
    for client_id, name in ((room.register(None), None), ("gone", None), (address, None)):
        asyncio.run(calls(room.server.url, room.token(client_id), 1))
        line = room.lines()[-1]
        assert line["mcp_client"].startswith(client_id[:200])
        assert len(line["mcp_client"]) < 250
        assert line["mcp_client_calls_itself"] == name


def test_who_brings_entras_own_token_came_through_no_proxy(entra: Entra, tmp_path: Path) -> None:
    audit = tmp_path / "audit.jsonl"
    with serving(lambda url: both_doors.build(url, entra.settings(audit_log=str(audit)))) as server:
        token = entra.world.tokens(entra.app)["access_token"]
        asyncio.run(calls(server.url, token, 1))
    (line,) = [json.loads(each) for each in audit.read_text().splitlines()]
    assert (line["client"], line["mcp_client"]) == (decoded(token, 1)["azp"], None)
    assert "mcp_client_calls_itself" not in line


def test_a_name_is_asked_for_once_and_not_for_ever_kept() -> None:
    asked: list[str] = []

    class Named:
        client_name = "one"

    async def ask(client_id: str) -> Named | None:
        asked.append(client_id)
        return Named()

    async def use() -> None:
        names = ClientNames(ask)
        for _ in range(2):
            assert await names.of("a") == "one"
        assert asked == ["a"]
        assert await names.of("https://client.example/id") is None, "nothing is fetched for it"
        for number in range(MOST):
            await names.of(str(number))
        await names.of("a")

    asyncio.run(use())
    assert asked.count("a") == 2
