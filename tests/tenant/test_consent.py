"""Consent: who is asked, for what, what is remembered, and what only an administrator may grant."""

from __future__ import annotations

from .browser import answer_of, page_of, upn
from .process import GRAPH, LOGIN
from .visits import after_picking, asked_for, refused, words
from .world import GRAPH_APP, World, scope_entry


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
