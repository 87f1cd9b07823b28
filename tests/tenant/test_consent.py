"""Consent: who is asked, for what, what is remembered, and what only an administrator may grant."""

from __future__ import annotations

from typing import Any

import pytest

from .browser import answer_of, page_of, upn
from .process import GRAPH, LOGIN
from .visits import after_picking, asked_for, refused, words
from .world import GRAPH_APP, App, World, scope_entry

LEGACY = "ManagePermissionGrantsForSelf.microsoft-user-default-legacy"
# What a tenant of 2026 has, as recorded in public.
MANAGED = (
    "ManagePermissionGrantsForSelf.microsoft-user-default-recommended",
    "ManagePermissionGrantsForSelf.microsoft-user-default-allow-consent-apps",
)


def test_the_page_lists_what_is_asked_and_what_it_means(world: World) -> None:
    app = world.register("Travel")
    browser = world.browser()
    page = page_of(after_picking(browser, app, scope=f"openid offline_access {app.scope}"))
    assert asked_for(page) == ["access", "offline_access", "openid"]
    for text in ("Travel", "Title of access", "Meaning of access", "Sign you in", upn("robin"), "Microsoft Graph"):
        assert text in page.text
    assert page.buttons == [("decision", "cancel"), ("decision", "accept")]
    assert "checkbox" not in page.input_types


def test_it_is_remembered_for_each_user(world: World) -> None:
    app = world.register()
    browser = world.browser()
    assert "code" in browser.sign_in(app.asks(), "robin")
    assert "code" in answer_of(browser.open(app.asks()))
    assert "code" in answer_of(after_picking(world.browser(), app, "robin"))
    assert page_of(after_picking(world.browser(), app, "sam")).kind == "consent"


def test_only_what_is_new_is_asked(world: World) -> None:
    app = world.register(scopes=[scope_entry("extra")])
    world.tokens(app)
    page = page_of(after_picking(world.browser(), app, scope=f"openid {app.scope} {app.uri}/extra"))
    assert asked_for(page) == ["extra"]


def test_prompt_consent_asks_again_for_everything(world: World) -> None:
    app = world.register()
    world.tokens(app)
    browser = world.browser()
    page = page_of(after_picking(browser, app, prompt="consent"))
    assert asked_for(page) == ["access", "offline_access", "openid", "profile"]
    assert "code" in answer_of(browser.press(page, "decision", "accept"))


def test_declining_is_told_to_the_client(world: World) -> None:
    app, browser = world.register(), world.browser()
    answer = answer_of(browser.press(page_of(after_picking(browser, app)), "decision", "cancel"))
    assert refused(answer) == ("access_denied", "AADSTS65004")
    assert answer["error_description"].startswith("AADSTS65004: User declined to consent to access the app. Trace")
    assert answer["state"] == "the state"
    assert page_of(after_picking(world.browser(), app)).kind == "consent"


def test_an_administrator_consents_for_everyone(world: World) -> None:
    app, browser = world.register(), world.browser()
    page = page_of(after_picking(browser, app, "avery"))
    assert "checkbox" in page.input_types
    assert "code" in answer_of(browser.press(page, "decision", "accept", organization="true"))
    for name in ("robin", "kim"):
        assert "code" in answer_of(after_picking(world.browser(), app, name))


def test_a_member_can_not_consent_for_everyone(world: World) -> None:
    app, browser = world.register(), world.browser()
    page = page_of(after_picking(browser, app, "robin"))
    assert "code" in answer_of(browser.press(page, "decision", "accept", organization="true"))
    assert page_of(after_picking(world.browser(), app, "sam")).kind == "consent"


def test_what_an_administrator_granted_through_graph_is_not_asked(world: World) -> None:
    app = world.register()
    grant = {"clientId": app.principal_id, "consentType": "AllPrincipals", "resourceId": app.principal_id}
    world.made("/oauth2PermissionGrants", grant | {"scope": "access"})
    assert "code" in answer_of(after_picking(world.browser(), app, scope=app.scope))


def test_a_preauthorized_client_meets_no_page(world: World) -> None:
    api, client, other = world.register("API"), world.register("Client"), world.register("Other")
    permission = world.graph("GET", f"/applications/{api.object_id}").json()["api"]["oauth2PermissionScopes"][0]
    listed = {"appId": client.client_id, "delegatedPermissionIds": [permission["id"]]}
    world.change(api, api={"preAuthorizedApplications": [listed]})
    asks = {"scope": f"openid offline_access {api.scope}"}
    answer = answer_of(after_picking(world.browser(), client, **asks))
    assert world.redeem(client, answer["code"]).json()["scope"] == api.scope
    assert page_of(after_picking(world.browser(), other, **asks)).kind == "consent"
    more = f"{api.scope} {api.uri}/manage"
    assert page_of(after_picking(world.browser(), client, "avery", scope=more)).kind == "consent"


def test_what_only_an_administrator_may_grant(world: World) -> None:
    app = world.register("Payroll")
    asks = {"scope": f"openid {app.uri}/manage"}
    page = page_of(after_picking(world.browser(), app, "robin", **asks))
    assert page.h1 == "Need admin approval"
    assert page.error.startswith("AADSTS90094: ")
    assert "Payroll needs permission to access resources in your organization that only an admin can grant" in words(
        page
    )
    browser = world.browser()
    assert "code" in browser.sign_in(app.asks(**asks), "avery")


def test_a_member_can_not_post_around_the_admin_approval_page(world: World) -> None:
    app, browser = world.register(), world.browser()
    page = page_of(after_picking(browser, app))
    form = dict(page.fields) | {"scope": f"{app.uri}/manage", "decision": "accept"}
    told = page_of(browser.http.post(LOGIN + page.action, data=form))
    assert told.error.startswith("AADSTS90094: ")


def test_default_asks_for_what_the_registration_lists(world: World) -> None:
    user_read = "e1fe6dd8-ba31-4d61-89e7-88639da4683d"
    listed = {"resourceAppId": GRAPH_APP, "resourceAccess": [{"id": user_read, "type": "Scope"}]}
    app = world.register(requiredResourceAccess=[listed])
    browser = world.browser()
    page = page_of(after_picking(browser, app, scope=f"{GRAPH}/.default"))
    assert asked_for(page) == ["User.Read", "offline_access"]
    code = answer_of(browser.press(page, "decision", "accept"))["code"]
    assert world.redeem(app, code).json()["scope"] == f"{GRAPH}/User.Read {GRAPH}/.default"


USER_READ, FILES_READ = "e1fe6dd8-ba31-4d61-89e7-88639da4683d", "10465720-29dd-4523-a11a-6a75c743c9d9"


def listing(*resources: tuple[str, str]) -> list[dict[str, Any]]:
    """Return the static permissions of a registration: a scope of each resource."""
    return [
        {"resourceAppId": app_id, "resourceAccess": [{"id": scope_id, "type": "Scope"}]}
        for app_id, scope_id in resources
    ]


def id_of_access(world: World, app: App) -> str:
    graph = world.graph("GET", f"/applications/{app.object_id}").json()
    return str(next(each["id"] for each in graph["api"]["oauth2PermissionScopes"] if each["value"] == "access"))


def test_default_asks_for_all_resources_at_once(world: World) -> None:
    """Source: scopes-oidc, ".default when the user hasn't consented": for all APIs that the registration lists."""
    api = world.register("API")
    listed = listing((GRAPH_APP, USER_READ), (api.client_id, id_of_access(world, api)))
    app = world.register(requiredResourceAccess=listed)
    browser = world.browser()
    page = page_of(after_picking(browser, app, scope=f"{api.uri}/.default"))
    assert asked_for(page) == ["User.Read", "access", "offline_access"]
    browser.press(page, "decision", "accept")
    assert "code" in answer_of(browser.open(app.asks(scope=f"{GRAPH}/.default")))


def test_default_asks_nothing_of_whoever_granted_anything_there(world: World) -> None:
    """Source: scopes-oidc, "Example 1": then the consent that is there is what the token has."""
    app = world.register(requiredResourceAccess=listing((GRAPH_APP, FILES_READ)))
    world.tokens(app, scope=f"openid {GRAPH}/User.Read")
    answer = answer_of(after_picking(world.browser(), app, scope=f"{GRAPH}/.default"))
    assert world.redeem(app, answer["code"]).json()["scope"] == f"openid {GRAPH}/User.Read {GRAPH}/.default"


def test_default_with_prompt_consent_asks_for_the_whole_list(world: World) -> None:
    """Source: scopes-oidc, "Example 2"."""
    app = world.register(requiredResourceAccess=listing((GRAPH_APP, FILES_READ)))
    world.tokens(app, scope=f"openid {GRAPH}/User.Read")
    page = page_of(after_picking(world.browser(), app, scope=f"{GRAPH}/.default", prompt="consent"))
    assert asked_for(page) == ["Files.Read", "offline_access"]


def test_a_middle_tier_that_knows_its_client_is_consented_with_it(world: World) -> None:
    """Source: v2-oauth2-on-behalf-of-flow, "/.default and combined consent"."""
    api, stranger = (
        world.register(name, requiredResourceAccess=listing((GRAPH_APP, USER_READ))) for name in ("API", "Stranger")
    )
    listed = listing((api.client_id, id_of_access(world, api)), (stranger.client_id, id_of_access(world, stranger)))
    app = world.register(requiredResourceAccess=listed)
    world.change(api, api={"knownClientApplications": [app.client_id]})
    assert asked_for(page_of(after_picking(world.browser(), app, scope=f"{stranger.uri}/.default"))) == [
        "access", "access", "offline_access",
    ]  # fmt: skip
    browser = world.browser()
    page = page_of(after_picking(browser, app, scope=f"openid {api.uri}/.default"))
    assert asked_for(page) == ["User.Read", "access", "access", "offline_access", "openid"]
    token = world.redeem(app, answer_of(browser.press(page, "decision", "accept"))["code"]).json()["access_token"]
    answer = world.on_behalf_of(api, token, f"{GRAPH}/User.Read")
    assert answer.status_code == 200, answer.text


def test_consent_that_was_withdrawn_is_asked_for_again(world: World) -> None:
    app = world.register()
    tokens = world.tokens(app)
    world.tokens(app, "sam")
    wanted = f"clientId eq '{app.principal_id}' and principalId eq '{world.user_id('robin')}'"
    grants = world.graph("GET", "/oauth2PermissionGrants", params={"$filter": wanted}).json()["value"]
    assert grants
    for grant in grants:
        assert world.graph("DELETE", f"/oauth2PermissionGrants/{grant['id']}").status_code == 204
    answer = world.refresh(app, tokens["refresh_token"])
    assert refused(answer.json()) == ("invalid_grant", "AADSTS65001")
    assert page_of(after_picking(world.browser(), app)).kind == "consent"
    assert "code" in answer_of(after_picking(world.browser(), app, "sam"))


class TestUsersMayNotConsent:
    """Source: https://learn.microsoft.com/entra/identity/enterprise-apps/configure-user-consent."""

    def test_they_need_an_administrator_who_still_may(self, world: World) -> None:
        strict = world.of("strictconsent")
        strict.forbid_user_consent(strict.tenant.id)
        app, robin, avery = strict.register(), upn("robin", strict.domain), upn("avery", strict.domain)
        page = page_of(after_picking(strict.browser(), app, robin))
        assert (page.h1, page.error.partition(":")[0]) == ("Need admin approval", "AADSTS90093")
        browser = strict.browser()
        page = page_of(after_picking(browser, app, avery))
        assert "code" in answer_of(browser.press(page, "decision", "accept", organization="true"))
        assert "code" in answer_of(after_picking(strict.browser(), app, robin))

    def test_a_client_that_forces_the_page_locks_out_even_those_who_have_a_grant(self, world: World) -> None:
        """As in anthropics/claude-code#94804: consent was given for everybody, and each sign-in asks for it again."""
        strict = world.of("strictforced")
        strict.forbid_user_consent(strict.tenant.id)
        app, robin, avery = strict.register(), upn("robin", strict.domain), upn("avery", strict.domain)
        browser = strict.browser()
        page = page_of(after_picking(browser, app, avery, prompt="consent"))
        assert "code" in answer_of(browser.press(page, "decision", "accept", organization="true"))
        assert "code" in answer_of(after_picking(strict.browser(), app, robin))
        browser = strict.browser()
        page = page_of(after_picking(browser, app, robin, prompt="consent"))
        assert (page.h1, page.error.partition(":")[0]) == ("Need admin approval", "AADSTS90095")
        assert "code" in answer_of(browser.open(app.asks()))

    @pytest.mark.parametrize(
        ("permission", "reached"),
        [
            ("Files.Read.All", False),
            ("Sites.ReadWrite.All", False),
            ("Mail.Read", False),
            ("Mail.ReadBasic", False),
            ("Files.Read", True),
            ("Mail.Send", True),
            ("User.Read", True),
        ],
    )
    def test_what_microsofts_managed_policy_leaves_to_them(self, world: World, permission: str, reached: bool) -> None:
        """Source: manage-app-consent-policies, "Microsoft recommended user consent policy", of 2026-01-22."""
        managed = world.of("managedconsent")
        managed.forbid_user_consent(managed.tenant.id, MANAGED)
        app, robin, avery = managed.register(), upn("robin", managed.domain), upn("avery", managed.domain)
        asking = {"scope": f"openid {GRAPH}/{permission}"}
        page = page_of(after_picking(managed.browser(), app, robin, **asking))
        if reached:
            assert page.kind == "consent"
            return
        assert (page.h1, page.error.partition(":")[0]) == ("Need admin approval", "AADSTS90094")
        browser = managed.browser()
        page = page_of(after_picking(browser, app, avery, **asking))
        assert "code" in answer_of(browser.press(page, "decision", "accept", organization="true"))
        assert "code" in answer_of(after_picking(managed.browser(), app, robin, **asking))

    def test_one_policy_that_allows_it_is_enough(self, world: World) -> None:
        wider = world.of("widerconsent")
        wider.forbid_user_consent(wider.tenant.id, [*MANAGED, LEGACY])
        asking = {"scope": f"openid {GRAPH}/Mail.Read"}
        page = page_of(after_picking(wider.browser(), wider.register(), upn("robin", wider.domain), **asking))
        assert page.kind == "consent"

    def test_an_api_of_ones_own_is_not_meant(self, world: World) -> None:
        managed = world.of("managedown")
        managed.forbid_user_consent(managed.tenant.id, MANAGED)
        app = managed.register(scopes=[scope_entry("Mail.Read")])
        asking = {"scope": f"openid {app.uri}/Mail.Read"}
        assert page_of(after_picking(managed.browser(), app, upn("robin", managed.domain), **asking)).kind == "consent"

    def test_it_is_a_setting_of_one_directory(self, world: World) -> None:
        assert page_of(after_picking(world.browser(), world.register())).kind == "consent"
