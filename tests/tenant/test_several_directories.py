"""One application and one person in several directories.

Source: https://learn.microsoft.com/entra/identity-platform/howto-convert-app-to-be-multi-tenant and
https://learn.microsoft.com/entra/external-id/user-token
"""

from __future__ import annotations

import json

import pytest

from .browser import answer_of, page_of, upn
from .process import GRAPH, LOGIN
from .test_claims import account
from .tokens import claims, ok
from .visits import refused
from .world import App, World

FARAWAY = "faraway"
HOME = f"robin@{FARAWAY}.onmicrosoft.com"


@pytest.fixture(scope="module")
def elsewhere(world: World) -> World:
    """Another directory."""
    return world.of(FARAWAY)


@pytest.fixture(scope="module")
def shared(world: World) -> App:
    """An application of the default directory that people of every directory may use."""
    return world.register("Shared", signInAudience="AzureADMultipleOrgs")


@pytest.fixture(scope="module")
def guest(world: World, elsewhere: World) -> str:
    """Invite Robin of the other directory, and return the guest's id."""
    _ = elsewhere
    ((given, roles),) = world.tenant.sql("SELECT graph, roles FROM users WHERE id = ?", world.user_id("kim"))
    name = f"robin_{FARAWAY}.onmicrosoft.com#EXT#@{world.domain}"
    graph = json.loads(given) | {"id": "77777777-7777-4777-8777-777777777777", "mail": HOME, "userPrincipalName": name}
    world.tenant.sql(
        "INSERT INTO users VALUES (?, ?, ?, ?, ?)", graph["id"], world.tenant.id, name, roles, json.dumps(graph)
    )
    return str(graph["id"])


class TestAMultiTenantApplication:
    @pytest.mark.parametrize("segment", ["common", "organizations"])
    def test_people_sign_in_at_home_and_are_told_apart_by_it(
        self, world: World, elsewhere: World, shared: App, segment: str
    ) -> None:
        here = world.browser().sign_in(shared.asks(), upn("robin"), tenant=segment)
        there = elsewhere.browser().sign_in(shared.asks(login_hint=HOME), HOME, tenant=segment)
        for answer, home in ((here, world), (there, elsewhere)):
            found = claims(ok(world.redeem(shared, answer["code"], tenant=segment))["access_token"])
            assert (found["tid"], found["iss"]) == (home.tenant.id, f"{LOGIN}/{home.tenant.id}/v2.0")
            assert "idp" not in found

    def test_the_first_consent_makes_its_service_principal(self, world: World, elsewhere: World) -> None:
        app = world.register("Newcomer", signInAudience="AzureADMultipleOrgs")

        def found() -> int:
            return elsewhere.graph("GET", f"/servicePrincipals(appId='{app.client_id}')").status_code

        assert found() == 404
        answer = elsewhere.browser().sign_in(app.asks(login_hint=HOME), HOME, tenant="organizations")
        assert "code" in answer
        assert found() == 200

    def test_personal_accounts_are_none_here(self, world: World) -> None:
        app = world.register("Personal", signInAudience="AzureADandPersonalMicrosoftAccount")
        page = page_of(world.browser().open(app.asks(), "consumers"))
        assert "There are no personal accounts in the practice tenant." in page.text


class TestAGuest:
    def test_one_sign_in_counts_at_home_and_where_they_are_invited(
        self, world: World, elsewhere: World, guest: str, app: App
    ) -> None:
        at_home = elsewhere.register("At home")
        browser = elsewhere.browser()
        first = ok(elsewhere.redeem(at_home, browser.sign_in(at_home.asks(), HOME)["code"], client_info="1"))
        page = page_of(browser.open(app.asks(), world.tenant.id))
        assert page.kind == "consent"  # and so nobody had to pick an account again
        code = answer_of(browser.press(page, "decision", "accept"))["code"]
        second = ok(world.redeem(app, code, client_info="1"))
        assert account(first["client_info"]) == account(second["client_info"])
        mine, theirs = claims(first["access_token"]), claims(second["access_token"])
        assert theirs["idp"] == f"https://sts.windows.net/{elsewhere.tenant.id}/"
        assert (theirs["oid"], theirs["tid"]) == (guest, world.tenant.id)
        assert (mine["oid"] != guest, "idp" in mine) == (True, False)
        assert theirs["preferred_username"] == theirs["email"] == HOME

    def test_who_is_not_invited_is_told_so(self, world: World, elsewhere: World, app: App) -> None:
        browser = elsewhere.browser()
        at_home = elsewhere.register("At home")
        browser.sign_in(at_home.asks(), f"sam@{elsewhere.domain}")
        assert page_of(browser.open(app.asks(), world.tenant.id)).kind == "account-picker"
        assert refused(answer_of(browser.open(app.asks(prompt="none"), world.tenant.id)))[0] == "login_required"


class TestTheResourceParameter:
    """Source: as enforced since 2026-03 (probed 2026-10-07); facts of microsoft/vscode#321249."""

    def test_an_https_identifier_uri_that_owns_all_scopes(self, world: World) -> None:
        app = world.register()
        uri = f"https://{world.domain}/{app.client_id}/mcp"
        world.change(app, identifierUris=[app.uri, uri])
        asks = {"scope": f"openid {uri}/access", "resource": uri}
        code = world.browser().sign_in(app.asks(**asks))["code"]
        assert "access_token" in ok(world.redeem(app, code, resource=uri, scope=f"{uri}/access"))

    def test_scopes_of_two_resources_belong_to_neither(self, world: World, app: App) -> None:
        told = answer_of(
            world.browser().open(app.asks(scope=f"openid {app.scope} {GRAPH}/User.Read", resource=app.uri))
        )
        assert refused(told) == ("invalid_target", "AADSTS9010010")

    def test_one_directory_may_refuse_it_altogether(self, world: World) -> None:
        old = world.of("oldresource")
        app = old.register()
        asks = app.asks(resource=app.uri)
        old.teach("PATCH", resource_parameter="refused")
        assert refused(answer_of(old.browser().open(asks))) == ("invalid_request", "AADSTS901002")
        old.teach("PATCH", resource_parameter="checked")
        assert "code" in old.browser().sign_in(asks)
