"""Azure Resource Manager: what `az login` asks of it.

Source of the shapes: https://learn.microsoft.com/rest/api/resources/tenants/list and .../subscriptions/list.
"""

from __future__ import annotations

import httpx
import pytest

from .process import GRAPH
from .world import CLI, World

MANAGEMENT = "https://management.azure.com"
VERSION = "?api-version=2022-12-01"


def ask(world: World, path: str, token: str = "") -> httpx.Response:
    return world.http.get(f"{MANAGEMENT}{path}{VERSION}", headers={"Authorization": f"Bearer {token}"} if token else {})


def token(world: World, scope: str = "https://management.core.windows.net//.default") -> str:
    """Return the administrator's token as the Azure CLI asks for it."""
    return str(world.tokens(CLI, "avery", scope=f"openid {scope}")["access_token"])


def test_the_tenants_of_a_user_are_the_directory_of_the_token(world: World) -> None:
    (told,) = ask(world, "/tenants", token(world)).json()["value"]
    assert told == {
        "id": f"/tenants/{world.tenant.id}",
        "tenantId": world.tenant.id,
        "countryCode": "US",
        "displayName": "Contoso (PRACTICE)",
        "domains": [world.domain],
        "tenantCategory": "Home",
        "defaultDomain": world.domain,
        "tenantType": "AAD",
    }


def test_there_are_no_subscriptions(world: World) -> None:
    answer = ask(world, "/subscriptions", token(world, "https://management.azure.com/.default"))
    assert answer.json() == {"value": [], "count": {"type": "Total", "value": 0}}


def test_what_is_not_here_says_so(world: World) -> None:
    answer = ask(world, "/subscriptions/x/resourceGroups", token(world))
    assert answer.status_code == 501
    assert answer.json()["error"]["message"].startswith("The PRACTICE tenant has no GET /subscriptions/x")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("", "AuthenticationFailed"),
        ("a.b.c", "InvalidAuthenticationToken"),
        ("graph", "InvalidAuthenticationTokenAudience"),
        ("changed", "InvalidAuthenticationToken"),
    ],
)
def test_who_is_not_let_in(world: World, given: str, code: str) -> None:
    if given == "graph":
        given = token(world, f"{GRAPH}/.default")
    elif given == "changed":
        head, body, signature = token(world).split(".")
        given = f"{head}.{body}.{'A' * 8}{signature[8:]}"
    answer = ask(world, "/tenants", given)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, code)
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_token_that_has_ended(world: World) -> None:
    other = world.of("management")
    other.teach("PATCH", access_lifetime=60)
    held = token(other)
    assert ask(other, "/tenants", held).status_code == 200
    other.teach("PATCH", clock=120)
    assert ask(other, "/tenants", held).json()["error"]["code"] == "ExpiredAuthenticationToken"
