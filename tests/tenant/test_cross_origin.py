"""A single-page application redeems its code from a script: what the browser lets it read.

Source: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
"""

from __future__ import annotations

import httpx

from .process import LOGIN
from .tokens import ok
from .world import App, World

ORIGIN = "http://localhost:5173"
CHALLENGE = {"code_challenge": "x" * 43, "code_challenge_method": "plain"}
VERIFIER = "x" * 43


def allowed(answer: httpx.Response) -> str | None:
    found: str | None = answer.headers.get("access-control-allow-origin")
    return found


def redeemed(world: World, app: App, code: str, origin: str | None = ORIGIN) -> httpx.Response:
    headers = {"Origin": origin} if origin else None
    return world.redeem(app, code, code_verifier=VERIFIER, headers=headers)


def spa(world: World) -> App:
    return world.register(platform="spa", redirects=[f"{ORIGIN}/"])


def test_it_may_read_its_tokens(world: World) -> None:
    app = spa(world)
    answer = redeemed(world, app, world.code(app, **CHALLENGE))
    assert "access_token" in ok(answer)
    assert (allowed(answer), answer.headers["access-control-allow-methods"]) == ("*", "POST, OPTIONS")


def test_it_may_read_a_refusal(world: World) -> None:
    app = spa(world)
    answer = redeemed(world, app, "nonsense")
    assert (answer.status_code, allowed(answer)) == (400, "*")


def test_a_script_may_read_nothing_of_another_application(world: World, app: App) -> None:
    for answer in (redeemed(world, app, world.code(app, **CHALLENGE)), redeemed(world, app, "nonsense")):
        assert (answer.status_code, allowed(answer)) == (400, None)
    unknown = world.token(grant_type="authorization_code", client_id="nobody", headers={"Origin": ORIGIN})
    assert allowed(unknown) is None


def test_whoever_is_no_script_is_told_nothing_of_it(world: World) -> None:
    app = spa(world)
    assert allowed(redeemed(world, app, "nonsense", origin=None)) is None


def test_the_question_before(world: World) -> None:
    """What Entra's preflight answers in full is not recorded; that a browser goes on to POST is."""
    asks = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-client-sku"}
    answer = world.http.options(f"{LOGIN}/{world.tenant.id}/oauth2/v2.0/token", headers=asks)
    assert (answer.status_code, allowed(answer)) == (200, "*")
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert answer.headers["access-control-allow-headers"] == "*"
