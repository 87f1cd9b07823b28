"""Sign-ins that an earlier version stored: codes, refresh tokens and device codes survive an upgrade."""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any

import pytest

from .process import GRAPH
from .tokens import claims, ok
from .world import App, World

# When and how somebody signed in, and with which session: the first version did not store it.
LATER_MEMBERS = ("auth_time", "amr", "sid")
AUTH_TIME = 1_700_000_000.5
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def signed_in(world: World, app: App, platform: str = "web", **more: Any) -> dict[str, Any]:
    """Return what an earlier version stored with every sign-in."""
    return {
        "tenant_id": world.tenant.id,
        "user_id": world.user_id("robin"),
        "client_id": app.client_id,
        "platform": platform,
        "scope": f"openid offline_access {app.scope}",
        "sid": "11111111-2222-4333-8444-555555555555",
        "auth_time": AUTH_TIME,
        "amr": ["pwd", "mfa"],
        **more,
    }


def of_code(world: World, app: App, **more: Any) -> dict[str, Any]:
    """Return what an authorization code stood for, with the members that were its own."""
    own = {"redirect_uri": app.redirect_uri, "nonce": "the nonce", "challenge": "", "challenge_method": ""}
    return signed_in(world, app, **own, **more)


def early(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if name not in LATER_MEMBERS}


@pytest.fixture(scope="module")
def mine(world: World) -> App:
    """An application that Robin has consented to, and whose id tokens say when and how."""
    optional = [{"name": name} for name in ("auth_time", "sid")]
    app = world.register("Kept", version=1, optionalClaims={"idToken": optional})
    world.tokens(app)
    return app


def put_code(world: World, code: str, members: dict[str, Any], issued: float) -> None:
    world.tenant.sql(
        "INSERT INTO authorization_codes (digest, issued, sign_in) VALUES (?, ?, ?)",
        digest(code), issued, json.dumps(members),
    )  # fmt: skip


def put_refresh_token(world: World, token: str, members: dict[str, Any], issued: float) -> None:
    world.tenant.sql(
        "INSERT INTO refresh_tokens (digest, issued, last_used, sign_in) VALUES (?, ?, ?, ?)",
        digest(token), issued, issued, json.dumps(members),
    )  # fmt: skip


def tells(answer: dict[str, Any]) -> tuple[list[str], int]:
    """Return how, and when, the tokens say that the user signed in."""
    return claims(answer["access_token"])["amr"], claims(answer["id_token"])["auth_time"]


class TestAnAuthorizationCode:
    def test_of_the_version_before(self, world: World, mine: App) -> None:
        put_code(world, "kept-code", of_code(world, mine), time.time())
        answer = ok(world.redeem(mine, "kept-code"))
        assert tells(answer) == (["pwd", "mfa"], int(AUTH_TIME))
        assert claims(answer["id_token"])["nonce"] == "the nonce"
        assert claims(answer["id_token"])["sid"] == "11111111-2222-4333-8444-555555555555"
        assert "refresh_token" in answer
        assert world.redeem(mine, "kept-code").json()["error_codes"] == [54005]

    def test_of_the_first_version(self, world: World, mine: App) -> None:
        issued = time.time() - 60
        put_code(world, "early-code", early(of_code(world, mine)), issued)
        answer = ok(world.redeem(mine, "early-code"))
        assert tells(answer) == (["pwd"], int(issued))
        assert "sid" not in claims(answer["id_token"])


class TestARefreshToken:
    def test_of_the_version_before(self, world: World, mine: App) -> None:
        put_refresh_token(world, "kept-token", signed_in(world, mine, oidc=["openid", "offline_access"]), time.time())
        answer = ok(world.refresh(mine, "kept-token"))
        assert tells(answer) == (["pwd", "mfa"], int(AUTH_TIME))
        again = ok(world.refresh(mine, answer["refresh_token"]))
        assert tells(again) == tells(answer)

    def test_of_the_first_version(self, world: World, mine: App) -> None:
        issued = time.time() - 3_600
        put_refresh_token(world, "early-token", early(signed_in(world, mine, oidc=["openid"])), issued)
        assert tells(ok(world.refresh(mine, "early-token"))) == (["pwd"], int(issued))


class TestADeviceCode:
    def test_that_was_approved_before(self, world: World) -> None:
        app = world.register("Kept console", platform="publicClient", isFallbackPublicClient=True)
        scope = f"openid {GRAPH}/User.Read"
        world.tokens(app, scope=scope)
        flow = {
            "tenant_id": world.tenant.id,
            "segment": world.tenant.id,
            "client_id": app.client_id,
            "scope": scope,
            "claims": "",
            "sign_in": of_code(world, app, platform="publicClient"),
        }
        world.tenant.sql(
            "INSERT INTO device_codes VALUES (?, ?, ?, ?, ?)",
            digest("kept-device"), "KEPTCODE2", time.time(), "approved", json.dumps(flow),
        )  # fmt: skip
        answer = ok(world.token(grant_type=DEVICE_GRANT, client_id=app.client_id, device_code="kept-device"))
        assert claims(answer["access_token"])["amr"] == ["pwd", "mfa"]


def test_what_is_stored_has_the_members_it_had(world: World, mine: App) -> None:
    code = world.code(mine)
    ((stored,),) = world.tenant.sql("SELECT sign_in FROM authorization_codes WHERE digest = ?", digest(code))
    assert set(json.loads(stored)) == set(of_code(world, mine))
    token = ok(world.redeem(mine, code))["refresh_token"]
    ((stored,),) = world.tenant.sql("SELECT sign_in FROM refresh_tokens WHERE digest = ?", digest(token))
    assert set(json.loads(stored)) == set(signed_in(world, mine, oidc=[]))
