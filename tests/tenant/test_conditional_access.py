"""What policies demand of a sign-in at the authorization endpoint.

Source: https://learn.microsoft.com/entra/identity-platform/v2-conditional-access-dev-guide and
https://learn.microsoft.com/entra/identity/conditional-access/concept-session-lifetime
"""

from __future__ import annotations

import json

import pytest

from .browser import Browser, Page, answer_of, page_of, upn
from .process import Tenant
from .tokens import claims, ok
from .visits import after_picking, refused
from .world import App, World

HOUR = 3_600


@pytest.fixture
def browser(world: World) -> Browser:
    return world.browser()


def guarded(world: World, require: str = "mfa", **more: object) -> App:
    """Register an application to which its people have consented, and then a policy for it."""
    app = world.register()
    world.tokens(app)
    world.policy(app.client_id, require, **more)
    return app


def asked_again(browser: Browser, app: App) -> Page:
    """Sign in up to the page that asks for the second factor."""
    page = page_of(after_picking(browser, app))
    assert page.kind == "second-factor", page.text
    return page


class TestTheSecondFactor:
    def test_it_is_asked_for_and_stands_in_the_tokens(self, world: World, browser: Browser) -> None:
        app = guarded(world)
        world.change(app, api={"requestedAccessTokenVersion": 1})
        page = asked_again(browser, app)
        assert (page.h1, page.buttons) == ("Approve sign in request", [("decision", "deny"), ("decision", "approve")])
        assert upn("robin") in page.text
        tokens = ok(world.redeem(app, answer_of(browser.press(page, "decision", "approve"))["code"]))
        assert claims(tokens["access_token"])["amr"] == ["pwd", "mfa"]
        again = claims(ok(world.refresh(app, tokens["refresh_token"]))["access_token"])
        assert again["amr"] == ["pwd", "mfa"]

    def test_once_a_session(self, world: World, browser: Browser) -> None:
        app = guarded(world)
        browser.press(asked_again(browser, app), "decision", "approve")
        assert "code" in answer_of(browser.open(app.asks()))
        assert "code" in answer_of(browser.open(app.asks(prompt="none")))
        asked_again(world.browser(), app)

    def test_before_consent(self, world: World, browser: Browser) -> None:
        app = world.register()
        world.policy(app.client_id)
        page = asked_again(browser, app)
        assert page_of(browser.press(page, "decision", "approve")).kind == "consent"

    def test_the_consent_form_does_not_lead_around_it(self, world: World, browser: Browser) -> None:
        app = world.register()
        consent = page_of(after_picking(browser, app))
        world.policy(app.client_id)
        assert page_of(browser.press(consent, "decision", "accept")).kind == "second-factor"

    def test_another_resource_needs_none(self, world: World, browser: Browser) -> None:
        app = guarded(world)
        other = world.register()
        world.tokens(other)
        browser.press(page_of(browser.open(other.asks())), "account", upn("robin"))
        assert "code" in answer_of(browser.open(other.asks()))
        assert page_of(browser.open(app.asks())).kind == "second-factor"

    def test_who_has_none_registers_one(self, world: World) -> None:
        app = guarded(world)
        world.teach("PATCH", f"/users/{upn('robin')}", mfa_registered=False)
        browser = world.browser()
        page = asked_again(browser, app)
        assert page.h1 == "More information required"
        assert "code" in answer_of(browser.press(page, "decision", "approve"))
        assert asked_again(world.browser(), app).h1 == "Approve sign in request"

    def test_silently_it_is_refused(self, world: World, browser: Browser) -> None:
        app = guarded(world)
        browser.sign_in(world.register().asks())
        assert refused(answer_of(browser.open(app.asks(prompt="none")))) == ("interaction_required", "AADSTS50076")
        world.teach("PATCH", f"/users/{upn('robin')}", mfa_registered=False)
        try:
            told = answer_of(browser.open(app.asks(prompt="none")))
        finally:
            world.teach("PATCH", f"/users/{upn('robin')}", mfa_registered=True)
        assert refused(told) == ("interaction_required", "AADSTS50079")

    def test_the_challenge_of_a_middle_tier_brings_it(self, world: World, browser: Browser) -> None:
        front, files = world.register("Front"), world.register("Files")
        world.grant(front, "access", files.client_id)
        token = world.tokens(front)["access_token"]
        world.policy(files.client_id)
        told = world.on_behalf_of(front, token, files.scope).json()
        assert "code" in answer_of(after_picking(browser, front))
        page = page_of(browser.open(front.asks(claims=told["claims"])))
        assert page.kind == "second-factor"
        code = answer_of(browser.press(page, "decision", "approve"))["code"]
        token = ok(world.redeem(front, code))["access_token"]
        assert world.on_behalf_of(front, token, files.scope).status_code == 200

    @pytest.mark.parametrize("given", ["nonsense", "[]", '{"access_token": []}', '{"access_token": {"capolids": 7}}'])
    def test_a_challenge_that_is_none(self, world: World, app: App, given: str) -> None:
        told = answer_of(after_picking(world.browser(), app, claims=given))
        assert refused(told) == ("invalid_request", "AADSTS9002313")

    def test_a_policy_of_no_directory_demands_nothing(self, world: World, app: App) -> None:
        given = json.dumps({"access_token": {"capolids": {"values": ["nobody"]}}})
        world.tokens(app)
        assert "code" in answer_of(after_picking(world.browser(), app, claims=given))


class TestABlock:
    def test_silently_it_is_told_to_the_client(self, world: World, browser: Browser) -> None:
        app = guarded(world, "block")
        browser.sign_in(world.register().asks())
        assert refused(answer_of(browser.open(app.asks(prompt="none")))) == ("interaction_required", "AADSTS53003")


class TestHowOftenToSignIn:
    def test_an_old_session_signs_in_again(self, tenant: Tenant) -> None:
        other = World(tenant).of("frequency")
        app = guarded(other, "sign_in_frequency", hours=1)
        browser = other.browser()
        first = browser.sign_in(app.asks())
        assert browser.sign_in(app.asks())["session_state"] == first["session_state"]
        other.teach("PATCH", clock=HOUR + 60)
        try:
            silent = refused(answer_of(browser.open(app.asks(prompt="none"))))
            assert silent == ("interaction_required", "AADSTS70044")
            page = page_of(browser.open(app.asks()))
            assert page.kind == "account-picker"
            again = answer_of(browser.press(page, "account", upn("robin", other.domain)))
            assert again["session_state"] != first["session_state"]
        finally:
            other.teach("PATCH", clock=0)
