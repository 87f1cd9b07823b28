"""Signing out, and single sign-out."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest

from .browser import Browser, answer_of, page_of, upn
from .process import LOGIN
from .visits import after_picking
from .world import App, World


def left(browser: Browser, method: str = "GET", tenant: str = "", **parameters: str) -> httpx.Response:
    """Sign out, with the parameters in the query or in the form."""
    url = f"{LOGIN}/{tenant or browser.tenant_id}/oauth2/v2.0/logout"
    return browser.http.request(method, url, **{"params" if method == "GET" else "data": parameters})  # type: ignore[arg-type]


def signed_in(world: World, app: App, name: str = "robin") -> Browser:
    browser = world.browser()
    assert "code" in browser.sign_in(app.asks(), name)
    return browser


def is_signed_in(browser: Browser, app: App) -> bool:
    return "code" in answer_of(browser.open(app.asks(prompt="none")))


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("segment", ["", "common"])
def test_it_ends_the_session(world: World, app: App, method: str, segment: str) -> None:
    browser = signed_in(world, app)
    assert is_signed_in(browser, app)
    page = page_of(left(browser, method, segment))
    assert (page.kind, page.h1) == ("signed-out", "You signed out of your account")
    assert not is_signed_in(browser, app)


def test_the_cookie_is_worth_nothing_afterwards(world: World, app: App) -> None:
    browser = signed_in(world, app)
    cookie = browser.http.cookies["__Host-practice-session"]
    left(browser)
    thief = world.browser()
    thief.http.cookies.set("__Host-practice-session", cookie, domain="login.microsoftonline.com")
    assert not is_signed_in(thief, app)


def test_another_account_ends_the_session_before(world: World, app: App) -> None:
    browser = signed_in(world, app)
    cookie = browser.http.cookies["__Host-practice-session"]
    after_picking(browser, app, "sam", prompt="select_account")
    old = world.browser()
    old.http.cookies.set("__Host-practice-session", cookie, domain="login.microsoftonline.com")
    assert not is_signed_in(old, app)


class TestTheWayBack:
    def test_of_a_client_the_person_was_signed_in_to(self, world: World, app: App) -> None:
        browser = signed_in(world, app)
        response = left(browser, post_logout_redirect_uri=app.redirect_uri, state="a b")
        assert response.status_code == 302
        assert response.headers["location"] == f"{app.redirect_uri}?state=a+b"
        assert not is_signed_in(browser, app)

    def test_of_a_client_that_names_itself(self, world: World, app: App) -> None:
        back = {"post_logout_redirect_uri": app.redirect_uri}
        assert left(world.browser(), client_id=app.client_id, **back).headers["location"] == app.redirect_uri
        id_token = world.tokens(app)["id_token"]
        assert left(world.browser(), id_token_hint=id_token, **back).headers["location"] == app.redirect_uri
        assert page_of(left(world.browser(), **back)).kind == "signed-out"

    @pytest.mark.parametrize("uri", ["https://elsewhere.example/", "javascript:alert(1)", "http://localhost:8000/x"])
    def test_registered_addresses_only(self, world: World, app: App, uri: str) -> None:
        browser = signed_in(world, app)
        page = page_of(left(browser, post_logout_redirect_uri=uri, client_id=app.client_id))
        assert page.kind == "signed-out"
        assert uri not in page.text
        assert "refresh" not in page.headers

    @pytest.mark.parametrize("hint", ["x", "a.b.c", "e30.e30.", "e30.W10.", "e30." + "A" * 20_000])
    def test_a_hint_that_is_no_token(self, world: World, app: App, hint: str) -> None:
        response = left(world.browser(), id_token_hint=hint, post_logout_redirect_uri=app.redirect_uri)
        assert page_of(response).kind == "signed-out"


class TestTheHint:
    def test_the_login_hint_claim_names_the_account(self, world: World) -> None:
        app = world.register(optionalClaims={"idToken": [{"name": "login_hint"}]})
        browser = world.browser()
        tokens = world.redeem(app, browser.sign_in(app.asks(), "robin")["code"]).json()
        hint = jwt.decode(tokens["id_token"], options={"verify_signature": False})["login_hint"]
        assert upn("robin") not in hint
        assert page_of(browser.open(app.asks(login_hint=hint, prompt="select_account"))).kind == "account-picker"
        assert "code" in answer_of(browser.open(app.asks(login_hint=hint, prompt="none")))
        left(browser, logout_hint=hint)
        assert not is_signed_in(browser, app)

    def test_somebody_elses_ends_nothing(self, world: World, app: App) -> None:
        browser = signed_in(world, app)
        assert page_of(left(browser, logout_hint=upn("sam"))).kind == "signed-out"
        assert is_signed_in(browser, app)


class TestSingleSignOut:
    def test_the_other_apps_hear_of_it(self, world: World) -> None:
        # Source: OpenID Connect Front-Channel Logout 1.0 section 3; [MEM] that Entra sends iss and sid
        urls = ("https://one.example/out", "http://localhost:8000/out?a=b")
        apps = [
            world.register(web={"redirectUris": ["http://localhost:8000/auth/callback"], "logoutUrl": url})
            for url in urls
        ]
        stranger = world.register(
            web={"redirectUris": ["http://localhost:8000/auth/callback"], "logoutUrl": "https://x"}
        )
        browser = signed_in(world, apps[0])
        answer = browser.sign_in(apps[1].asks())
        response = left(browser, post_logout_redirect_uri=apps[0].redirect_uri, client_id=stranger.client_id)
        page = page_of(response)
        frames = [unescape(url) for url in re.findall(r'<iframe src="([^"]*)" hidden', response.text)]
        assert sorted(url.partition("?")[0] for url in frames) == sorted(url.partition("?")[0] for url in urls)
        sent = parse_qs(urlsplit(frames[0]).query)
        assert sent["sid"] == [answer["session_state"]]
        assert sent["iss"] == [f"{LOGIN}/{world.tenant.id}/v2.0"]
        assert page.headers["refresh"] == f"2; url={apps[0].redirect_uri}"
        assert "frame-src http: https:" in page.headers["content-security-policy"]
        assert page.kind == "signed-out"
        assert not is_signed_in(browser, apps[0])

    def test_one_session_has_one_id(self, world: World, app: App) -> None:
        browser = world.browser()
        first = browser.sign_in(app.asks())
        second = answer_of(browser.open(app.asks()))
        assert first["session_state"] == second["session_state"]
        id_token = world.redeem(app, second["code"]).json()["id_token"]
        assert jwt.decode(id_token, options={"verify_signature": False})["sid"] == first["session_state"]
        assert world.browser().sign_in(app.asks())["session_state"] != first["session_state"]


def test_revoked_sessions_are_over(world: World) -> None:
    tenant = world.directory("margies")
    app = world.register(signInAudience="AzureADMultipleOrgs")
    browser = world.browser()
    robin = "robin@margies.onmicrosoft.com"
    assert "code" in browser.sign_in(app.asks(scope="openid"), robin, tenant=tenant)
    assert "code" in answer_of(browser.open(app.asks(scope="openid", prompt="none"), tenant))
    with world.tenant.control() as control:
        assert control.post(f"/directories/{tenant}/users/robin/revoke").status_code == 200
    assert page_of(browser.open(app.asks(scope="openid"), tenant)).kind == "account-picker"
