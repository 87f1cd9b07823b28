"""The device code flow: the endpoint, the pages of the person who signs in elsewhere, and the polls meanwhile."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from .browser import Browser, Page, page_of, upn
from .process import GRAPH, LOGIN
from .tokens import claims, ok
from .world import App, World

ENTRY = f"{LOGIN}/common/oauth2/deviceauth"
GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture(scope="module")
def app(world: World) -> App:
    """A public client without any redirect URI: a program on a device."""
    app = world.register("Console", platform="publicClient", isFallbackPublicClient=True)
    world.change(app, publicClient={"redirectUris": []})
    return app


@dataclass
class Device:
    """A device that shows a code, and the person who enters it in a browser."""

    world: World
    app: App
    said: dict[str, Any]
    browser: Browser

    def poll(self, grant_type: str = GRANT, **changes: Any) -> httpx.Response:
        plain = {"client_id": self.app.client_id, "device_code": self.said["device_code"]}
        return self.world.token(grant_type=grant_type, **(plain | changes))

    def refusal(self, **changes: Any) -> tuple[int, str, int]:
        answer = self.poll(**changes)
        assert "access_token" not in answer.text
        return answer.status_code, answer.json()["error"], answer.json()["error_codes"][0]

    def enter(self, code: str | None = None) -> httpx.Response:
        """Enter the code on the page that the device names, and follow to the account picker."""
        page = page_of(self.follow(self.browser.http.get(self.said["verification_uri"])))
        assert page.kind == "device-code"
        assert "text" in page.input_types
        form = dict(page.fields) | {"otc": self.said["user_code"] if code is None else code}
        return self.follow(self.browser.http.post(LOGIN + page.action, data=form))

    def sign_in(self, name: str = "robin", decision: str = "accept") -> Page:
        """Go all the way, and return the last page."""
        page = page_of(self.enter())
        while page.kind in ("account-picker", "consent"):
            pressed = ("account", upn(name)) if page.kind == "account-picker" else ("decision", "accept")
            page = page_of(self.follow(self.browser.press(page, *pressed)))
        assert page.kind == "device-confirm", page.text
        return page_of(self.browser.press(page, "decision", decision))

    def follow(self, answer: httpx.Response) -> httpx.Response:
        while answer.is_redirect:
            answer = self.browser.http.send(answer.next_request or answer.request)
        return answer


def device(world: World, app: App, scope: str | None = None, tenant: str = "", host: str = LOGIN) -> Device:
    """Let a device begin."""
    form = {"client_id": app.client_id, "scope": scope or f"openid profile offline_access {GRAPH}/User.Read"}
    answer = world.http.post(f"{host}/{tenant or world.tenant.id}/oauth2/v2.0/devicecode", data=form)
    return Device(world, app, ok(answer), world.browser())


def many(world: World) -> App:
    """Register a public client for several tenants."""
    audience = "AzureADMultipleOrgs"
    return world.register("Many", platform="publicClient", isFallbackPublicClient=True, signInAudience=audience)


class TestTheEndpoint:
    def test_what_a_device_is_told(self, world: World, app: App) -> None:
        """The address is the one that the Azure CLI prints since 2025; pages still show microsoft.com/devicelogin."""
        said = device(world, app).said
        assert list(said) == ["user_code", "device_code", "verification_uri", "expires_in", "interval", "message"]
        assert re.fullmatch("[A-HJ-NP-Z2-9]{9}", said["user_code"])
        assert len(said["device_code"]) > 100
        assert said["verification_uri"] == "https://login.microsoft.com/device"
        assert (said["expires_in"], said["interval"]) == (900, 5)
        assert said["message"] == (
            "To sign in, use a web browser to open the page https://login.microsoft.com/device and enter the code "
            f"{said['user_code']} to authenticate."
        )

    def test_each_device_has_its_own(self, world: World, app: App) -> None:
        found = [device(world, app).said for _ in range(5)]
        assert len({said["user_code"] for said in found}) == len({said["device_code"] for said in found}) == 5

    @pytest.mark.parametrize(
        "short",
        [
            *("https://login.microsoft.com/device", "https://microsoft.com/devicelogin"),
            *("https://www.microsoft.com/devicelogin", "https://login.microsoftonline.com/device"),
        ],
    )
    def test_the_short_addresses(self, world: World, short: str) -> None:
        answer = world.http.get(short)
        assert (answer.status_code, answer.headers["location"]) == (302, ENTRY)

    def test_the_government_cloud(self, world: World, app: App) -> None:
        us = "https://login.microsoftonline.us"
        assert device(world, app, host=us).said["verification_uri"] == "https://microsoft.com/deviceloginus"
        answer = world.http.get("https://microsoft.com/deviceloginus")
        assert answer.headers["location"] == f"{us}/common/oauth2/deviceauth"

    def test_discovery_names_it(self, world: World) -> None:
        found = world.http.get(f"{LOGIN}/{world.tenant.id}/v2.0/.well-known/openid-configuration").json()
        assert found["device_authorization_endpoint"] == f"{LOGIN}/{world.tenant.id}/oauth2/v2.0/devicecode"


class TestSigningIn:
    @pytest.mark.parametrize("grant_type", [GRANT, "device_code"])  # the short one is what some clients send
    def test_pending_and_then_tokens(self, world: World, app: App, grant_type: str) -> None:
        mine = device(world, app)
        assert mine.refusal(grant_type=grant_type) == (400, "authorization_pending", 70016)
        last = mine.sign_in("sam")
        assert last.kind == "device-done"
        assert "You have signed in to the Console application on your device." in last.text
        answer = ok(mine.poll(grant_type))
        assert {"access_token", "refresh_token", "id_token", "scope"} <= set(answer)
        assert claims(answer["id_token"])["preferred_username"] == upn("sam")
        assert claims(answer["access_token"])["appidacr"] == "0"
        assert "access_token" in ok(world.refresh(app, answer["refresh_token"], scope=f"{GRAPH}/User.Read"))

    def test_the_code_may_be_typed_as_people_do(self, world: World, app: App) -> None:
        mine = device(world, app)
        code = mine.said["user_code"].lower()
        assert page_of(mine.enter(f" {code[:3]} {code[3:6]}-{code[6:]} ")).kind == "account-picker"

    def test_consent_is_asked_for(self, world: World) -> None:
        mine = device(world, world.register("New", platform="publicClient", isFallbackPublicClient=True))
        page = page_of(mine.browser.press(page_of(mine.enter()), "account", upn("kim")))
        assert page.kind == "consent"
        assert "User.Read" in page.scopes

    @pytest.mark.parametrize("segment", ["common", "organizations"])
    def test_the_tenant_may_be_left_open(self, world: World, segment: str) -> None:
        mine = device(world, many(world), tenant=segment)
        assert mine.sign_in().kind == "device-done"
        assert claims(ok(mine.poll(tenant=segment))["access_token"])["tid"] == world.tenant.id

    def test_an_own_api(self, world: World, app: App) -> None:
        mine = device(world, app, f"openid {app.scope}")
        mine.sign_in()
        assert claims(ok(mine.poll())["access_token"])["aud"] == app.client_id

    def test_a_client_with_a_secret_proves_itself(self, world: World) -> None:
        mine = device(world, world.register("Server"))
        mine.sign_in()
        assert mine.refusal(client_secret="wrong") == (401, "invalid_client", 7000215)
        answer = ok(mine.poll(client_secret=mine.app.secret))
        assert claims(answer["access_token"])["appidacr"] == "1"
        again = world.refresh(mine.app, answer["refresh_token"], scope=f"{GRAPH}/User.Read", client_secret=None)
        assert again.json()["error_codes"] == [7000218]

    def test_of_many_polls_at_once_one_gets_the_tokens(self, world: World, app: App) -> None:
        mine = device(world, app)
        mine.sign_in()
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: mine.poll(), range(8)))
        assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7

    def test_the_log_names_the_flow(self, world: World, app: App) -> None:
        with world.tenant.control() as control:
            before = control.get("/log").json()["last"]
            mine = device(world, app)
            mine.sign_in()
            mine.poll()
            found = control.get("/log", params={"after": before}).json()["exchanges"]
        mine_only = [exchange for exchange in found if "/graph" not in exchange["path"]]
        assert {exchange["flow"] for exchange in mine_only if exchange["path"] != "/device"} == {"device_code"}
        assert mine.said["device_code"] not in str(found)


class TestDeclining:
    def test_on_the_last_page(self, world: World, app: App) -> None:
        mine = device(world, app)
        last = mine.sign_in(decision="cancel")
        assert last.kind == "device-declined"
        assert "You have not signed in" in last.text
        assert mine.refusal() == (400, "authorization_declined", 65004)

    def test_on_the_consent_page(self, world: World) -> None:
        mine = device(world, world.register("Declined", platform="publicClient", isFallbackPublicClient=True))
        consent = page_of(mine.browser.press(page_of(mine.enter()), "account", upn("robin")))
        last = page_of(mine.follow(mine.browser.press(consent, "decision", "cancel")))
        assert last.kind == "device-declined"
        assert mine.refusal() == (400, "authorization_declined", 65004)


class TestWhatIsWrong:
    @pytest.mark.parametrize("code", ["", "A", "ABCDEFGHJ", "X" * 5_000, "<script>", "\x00", "ü" * 9])
    def test_a_code_that_nobody_was_given(self, world: World, app: App, code: str) -> None:
        mine = device(world, app)
        page = page_of(mine.enter(code))
        assert page.kind == "device-code"
        assert "That code didn't work. Check the code and try again." in page.text
        assert mine.refusal()[1] == "authorization_pending"

    def test_a_code_that_was_used(self, world: World, app: App) -> None:
        mine = device(world, app)
        mine.sign_in()
        page = page_of(mine.enter())
        assert page.kind == "error"
        assert page.error.startswith("AADSTS90120: The request was already authorized or declined.")

    def test_a_scope_that_there_is_not_is_told_to_the_person(self, world: World, app: App) -> None:
        mine = device(world, app, "openid mcp.access")
        page = page_of(mine.follow(mine.browser.press(page_of(mine.enter()), "account", upn("robin"))))
        assert page.kind == "error"
        assert "AADSTS650053" in page.error
        assert mine.refusal()[1] == "authorization_pending"

    def test_another_browser_cannot_end_it(self, world: World, app: App) -> None:
        """The last page belongs to the browser in which the code was entered."""
        mine = device(world, app)
        back = mine.enter()
        page = page_of(back)
        answer = mine.browser.press(page, "account", upn("robin"))
        while "return" not in urlsplit(answer.headers.get("location", "")).path:
            answer = mine.browser.press(page_of(answer), "decision", "accept")
        location = answer.headers["location"]
        stranger = world.browser()
        assert page_of(stranger.http.get(location)).kind == "error"
        confirm = page_of(mine.browser.http.get(location))
        assert confirm.kind == "device-confirm"
        stolen = stranger.http.post(LOGIN + confirm.action, data=dict([*confirm.fields, ("decision", "accept")]))
        assert page_of(stolen).kind == "error"
        assert mine.refusal()[1] == "authorization_pending"

    def test_a_code_of_another_flow_is_no_way_back(self, world: World, app: App) -> None:
        mine, other = device(world, app), device(world, world.register("Other"))
        mine.enter()
        code = world.code(other.app)
        page = page_of(mine.browser.http.get(f"{ENTRY}/return", params={"code": code, "state": mine.said["user_code"]}))
        assert page.kind == "error"
        assert mine.refusal()[1] == "authorization_pending"

    def test_the_way_back_is_no_redirect_uri_of_a_code(self, world: World, app: App) -> None:
        """What the pages carry is good for them alone: the device's client can't redeem it."""
        mine = device(world, app)
        answer = mine.browser.press(page_of(mine.enter()), "account", upn("robin"))
        while answer.status_code == 200:
            answer = mine.browser.press(page_of(answer), "decision", "accept")
        (code,) = parse_qs(urlsplit(answer.headers["location"]).query)["code"]
        redeemed = world.redeem(app, code, redirect_uri=app.redirect_uri)
        assert redeemed.json()["error_codes"] == [500112]

    def test_a_poll_at_another_tenant(self, world: World) -> None:
        mine = device(world, many(world))
        mine.sign_in()
        assert mine.refusal(tenant=world.directory("wingtip")) == (400, "invalid_grant", 700005)
