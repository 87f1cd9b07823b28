"""A user's name and password at the token endpoint: refused as a tenant with multifactor authentication does.

Source: https://learn.microsoft.com/entra/identity-platform/v2-oauth-ropc
"""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from .browser import upn
from .process import GRAPH
from .world import App, World


def asked(world: World, app: App, name: str = "", **changes: Any) -> httpx.Response:
    plain: dict[str, Any] = {
        "client_id": app.client_id,
        "client_secret": app.secret or None,
        "username": name or upn("robin", world.domain),
        "password": "correct horse",
        "scope": f"openid {GRAPH}/User.Read",
    }
    return world.token(grant_type="password", **(plain | changes))


@pytest.mark.parametrize("scope", [f"openid {GRAPH}/User.Read", "{uri}/access", "openid", None])
def test_it_gets_a_token_for_nothing(world: World, app: App, scope: str | None) -> None:
    told = asked(world, app, scope=scope.format(uri=app.uri) if scope else None).json()
    assert (told["error"], told["error_codes"], told["suberror"]) == ("invalid_grant", [50076], "basic_action")
    assert "access_token" not in told


def test_a_policy_of_the_directory_is_named(world: World) -> None:
    strict = world.of("passwords")
    app = strict.register()
    policy = strict.policy(app.client_id)
    told = asked(strict, app, scope=app.scope).json()
    assert told["error_codes"] == [50076]
    assert json.loads(told["claims"])["access_token"]["capolids"]["values"] == [policy]


@pytest.mark.parametrize(
    ("name", "code"), [("nobody@contoso.onmicrosoft.com", 50034), ("robin@northwind.onmicrosoft.com", 50034)]
)
def test_nobody_of_this_directory(world: World, app: App, name: str, code: int) -> None:
    world.directory("northwind")
    assert asked(world, app, name).json()["error_codes"] == [code]


def test_a_public_client_needs_no_secret_and_gets_no_further(world: World) -> None:
    app = world.register(platform="publicClient", redirects=["http://localhost"])
    assert asked(world, app).json()["error_codes"] == [7000218]
    world.change(app, isFallbackPublicClient=True)
    assert asked(world, app).json()["error_codes"] == [50076]


def test_the_log_does_not_keep_the_password(world: World, app: App) -> None:
    asked(world, app, password="horse battery staple")
    with world.tenant.control() as control:
        assert "horse battery staple" not in control.get("/log").text
