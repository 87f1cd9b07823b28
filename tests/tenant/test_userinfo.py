"""What OpenID Connect's UserInfo endpoint tells, at the address that discovery names.

Source: https://learn.microsoft.com/entra/identity-platform/userinfo
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from .graph_help import refused
from .process import GRAPH, LOGIN, Tenant
from .tokens import claims, ok
from .world import App, World, host_of


def address(world: World) -> str:
    document = world.http.get(f"{LOGIN}/{world.tenant.id}/v2.0/.well-known/openid-configuration").json()
    return str(document["userinfo_endpoint"])


def ask(world: World, token: str, method: str = "GET") -> httpx.Response:
    return world.http.request(method, address(world), headers={"Authorization": f"Bearer {token}"})


def tokens(world: World, app: App, scope: str) -> dict[str, Any]:
    return world.tokens(app, scope=f"{scope} {GRAPH}/User.Read")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_it_says_what_the_id_token_says(world: World, method: str) -> None:
    app = world.register()
    answer = tokens(world, app, "openid profile email")
    told, of_id = ok(ask(world, answer["access_token"], method)), claims(answer["id_token"])
    assert list(told) == ["sub", "name", "family_name", "given_name", "picture", "email"]
    assert {name: told[name] for name in ("sub", "name", "email")} == {
        name: of_id[name] for name in ("sub", "name", "email")
    }
    assert told["picture"] == "https://graph.microsoft.com/v1.0/me/photo/$value"


@pytest.mark.parametrize(
    ("scope", "members"),
    [
        ("openid", {"sub"}),
        ("openid email", {"sub", "email"}),
        ("openid profile", {"sub", "name", "family_name", "given_name", "picture"}),
    ],
)
def test_as_far_as_the_scopes_go(world: World, scope: str, members: set[str]) -> None:
    assert set(ok(ask(world, tokens(world, world.register(), scope)["access_token"]))) == members


def test_the_sub_is_another_for_each_client(world: World) -> None:
    subs = {ok(ask(world, tokens(world, world.register(), "openid")["access_token"]))["sub"] for _ in range(2)}
    assert len(subs) == 2


def test_who_gets_nothing(world: World) -> None:
    app = world.register()
    refused(world.http.get(address(world)), 401, "InvalidAuthenticationToken", ".+")
    refused(ask(world, world.tokens(app)["access_token"]), 401, "InvalidAuthenticationToken", "Invalid audience\\.")
    app_only = ok(world.client_credentials(app, f"{GRAPH}/.default"))["access_token"]
    refused(ask(world, app_only), 403, "Authorization_RequestDenied", ".+")
    without_openid = tokens(world, world.register(), "")["access_token"]
    refused(ask(world, without_openid), 403, "Authorization_RequestDenied", ".+")


def test_the_direct_listener_answers_there_itself(tenant: Tenant, world: World) -> None:
    token = tokens(world, world.register(), "openid")["access_token"]
    host = host_of(tenant.said["https"])
    with tenant.direct() as http:
        document = http.get(f"https://{host}/{tenant.id}/v2.0/.well-known/openid-configuration").json()
        assert host_of(document["userinfo_endpoint"]) == host
        answer = http.get(document["userinfo_endpoint"], headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
