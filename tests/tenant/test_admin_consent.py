"""The admin consent endpoint, both of its addresses."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import jwt
import pytest

from .browser import Browser, Page, answer_of, page_of, upn
from .process import GRAPH, LOGIN
from .visits import after_picking, asked_for, refused, words
from .world import GRAPH_APP, App, World

USER_READ = "e1fe6dd8-ba31-4d61-89e7-88639da4683d"
FILES_READ = "10465720-29dd-4523-a11a-6a75c743c9d9"
USERS_READ_ROLE = "df021288-bdef-4463-88db-98f22de89214"
ON_GRAPH: dict[str, Any] = {
    "resourceAppId": GRAPH_APP,
    "resourceAccess": [
        {"id": USER_READ, "type": "Scope"},
        {"id": FILES_READ, "type": "Scope"},
        {"id": USERS_READ_ROLE, "type": "Role"},
    ],
}


def opened(browser: Browser, app: App, path: str = "/v2.0/adminconsent", tenant: str = "", **more: str) -> Page:
    query = {"client_id": app.client_id, "redirect_uri": app.redirect_uri, "state": "12345"} | more
    return page_of(browser.http.get(f"{LOGIN}/{tenant or browser.tenant_id}{path}", params=query))


def asked(world: World, app: App, name: str = "avery", browser: Browser | None = None, **more: str) -> Page:
    """Return the page that someone sees after they have picked their account."""
    browser = browser or world.browser()
    return page_of(browser.press(opened(browser, app, **more), "account", upn(name)))


def accepted(world: World, app: App, **more: str) -> httpx.Response:
    browser = world.browser()
    return browser.press(asked(world, app, browser=browser, **more), "decision", "accept")


def claims_of(world: World, app: App, scope: str) -> dict[str, Any]:
    token = world.client_credentials(app, scope).json()["access_token"]
    return dict(jwt.decode(token, options={"verify_signature": False}))


def test_an_administrator_is_asked_for_everyone(world: World) -> None:
    app = world.register("Payroll")
    page = asked(world, app, scope=f"openid {GRAPH}/Mail.Read {app.uri}/manage")
    assert page.h1 == "Permissions requested"
    assert asked_for(page) == ["Mail.Read", "manage", "openid"]
    text = words(page)
    assert "Accept for your organization" in text
    assert f"Signed in as {upn('avery')}" in text
    assert "access to the specified resources for all users in your organization" in text
    assert page.buttons == [("decision", "cancel"), ("decision", "accept")]
    assert "checkbox" not in page.input_types


def test_what_the_app_is_told(world: World) -> None:
    app = world.register()
    response = accepted(world, app, scope=f"openid {GRAPH}/Mail.Read {app.scope}")
    location = response.headers["location"]
    assert location.startswith(f"{app.redirect_uri}?admin_consent=True&tenant={world.tenant.id}&scope=")
    assert answer_of(response) == {
        "admin_consent": "True",
        "tenant": world.tenant.id,
        "scope": f"{GRAPH}/Mail.Read {app.scope} openid",
        "state": "12345",
    }


def test_nobody_is_asked_again(world: World) -> None:
    app = world.register()
    accepted(world, app, scope=f"openid profile offline_access {app.scope} {app.uri}/manage")
    for name in ("robin", "kim"):
        scope = f"openid {app.scope} {app.uri}/manage"
        assert "code" in answer_of(after_picking(world.browser(), app, name, scope=scope))
    grants = world.tenant.sql(
        "SELECT consent_type, principal_id FROM permission_grants WHERE client_id = ?", app.principal_id
    )
    assert set(grants) == {("AllPrincipals", "")}


@pytest.mark.parametrize(("path", "scope"), [("/v2.0/adminconsent", f"{GRAPH}/.default"), ("/adminconsent", "")])
def test_the_static_permissions_scopes_and_app_roles(world: World, path: str, scope: str) -> None:
    app = world.register(requiredResourceAccess=[ON_GRAPH])
    asking = {"path": path} | ({"scope": scope} if scope else {})
    page = asked(world, app, "avery", None, **asking)
    assert asked_for(page) == ["Files.Read", "User.Read", "User.Read.All"]
    assert "as the app itself, without a user" in words(page)
    told = answer_of(accepted(world, app, **asking))
    assert told.get("scope") == (f"{GRAPH}/User.Read {GRAPH}/Files.Read" if scope else None)
    assert (told["admin_consent"], told["tenant"]) == ("True", world.tenant.id)
    assert claims_of(world, app, f"{GRAPH}/.default")["roles"] == ["User.Read.All"]
    code = answer_of(after_picking(world.browser(), app, scope=f"{GRAPH}/.default"))["code"]
    assert {f"{GRAPH}/Files.Read", f"{GRAPH}/User.Read"} <= set(world.redeem(app, code).json()["scope"].split())


# As in Azure-Samples/azure-finops-agent#52: an app role listed as a scope, and an id that is nowhere
GROUP_READ_ALL_ROLE, NOWHERE = "5b567255-7703-4780-807c-7be8301ae99b", "e4aa47b9-9a69-4109-82ed-36ec70d85f3f"


@pytest.mark.parametrize(("id_", "kind"), [(GROUP_READ_ALL_ROLE, "Scope"), (NOWHERE, "Scope"), (NOWHERE, "Role")])
@pytest.mark.parametrize(("path", "scope"), [("/v2.0/adminconsent", f"{GRAPH}/.default"), ("/adminconsent", "")])
def test_an_id_that_nobody_publishes_fails_the_consent_as_a_whole(
    world: World, id_: str, kind: str, path: str, scope: str
) -> None:
    access = [*ON_GRAPH["resourceAccess"], {"id": id_, "type": kind}]
    app = world.register(requiredResourceAccess=[ON_GRAPH | {"resourceAccess": access}])
    page = asked(world, app, "avery", None, path=path, **({"scope": scope} if scope else {}))
    assert (page.status, page.kind) == (400, "error")
    assert "AADSTS" not in page.error
    assert page.error.startswith("PRACTICE: ")
    assert f"{id_} ({kind})" in page.error
    grants = world.tenant.sql("SELECT 1 FROM permission_grants WHERE client_id = ?", app.principal_id)
    assert grants == []


def test_ids_are_published_whatever_their_case(world: World) -> None:
    access = [{"id": entry["id"].upper(), "type": entry["type"]} for entry in ON_GRAPH["resourceAccess"]]
    app = world.register(requiredResourceAccess=[ON_GRAPH | {"resourceAccess": access}])
    assert asked_for(asked(world, app, path="/adminconsent")) == ["Files.Read", "User.Read", "User.Read.All"]


def test_app_roles_are_not_to_be_had_by_name(world: World) -> None:
    # Source: "In order to request app permissions, you must use the /.default value" (v2-admin-consent)
    app = world.register(requiredResourceAccess=[ON_GRAPH])
    accepted(world, app, scope=f"{GRAPH}/User.Read.All")
    assert "roles" not in claims_of(world, app, f"{GRAPH}/.default")


def test_a_refusal(world: World) -> None:
    # [REC] MicrosoftDocs/azure-docs#114009 (2023-08); the documentation's sample of 2019 has consent_required
    app, browser = world.register(), world.browser()
    response = browser.press(asked(world, app, browser=browser, scope=app.scope), "decision", "cancel")
    pairs = parse_qsl(urlsplit(response.headers["location"]).query)
    assert [name for name, _ in pairs] == ["error", "error_description", "error_uri", "admin_consent", "state"]
    told = dict(pairs)
    assert refused(told) == ("access_denied", "AADSTS65004")
    assert told["error_description"].startswith("AADSTS65004: User declined to consent to access the app. Trace ID: ")
    assert told["error_uri"] == f"{LOGIN}/error?code=65004"
    assert (told["admin_consent"], told["state"]) == ("True", "12345")
    assert page_of(after_picking(world.browser(), app)).kind == "consent"


def test_somebody_else_is_told_to_ask_an_administrator(world: World) -> None:
    app, browser = world.register(), world.browser()
    page = asked(world, app, "robin", browser, scope=app.scope)
    assert page.h1 == "Need admin approval"
    assert page.error.startswith("AADSTS90094: ")
    told = answer_of(browser.press(page, "decision", "cancel"))
    assert refused(told) == ("access_denied", "AADSTS65004")
    again = opened(browser, app, scope=app.scope, prompt="select_account")
    assert again.kind == "account-picker"


def test_a_member_can_not_post_around_that_page(world: World) -> None:
    app, browser = world.register(), world.browser()
    page = asked(world, app, "robin", browser, scope=app.scope)
    form = dict(page.fields) | {"decision": "accept"}
    told = page_of(browser.http.post(LOGIN + page.action, data=form))
    assert told.error.startswith("AADSTS90094: ")
    assert page_of(after_picking(world.browser(), app, "sam")).kind == "consent"


def test_somebody_of_another_directory(world: World) -> None:
    # [REC] MicrosoftDocs/azure-docs#114009: told to the app, without the address
    world.directory("northwind")
    app, browser = world.register(), world.browser()
    page = opened(browser, app, scope=app.scope)
    form = dict(page.fields) | {"account": "avery@northwind.onmicrosoft.com"}
    told = answer_of(browser.http.post(LOGIN + page.action, data=form))
    assert refused(told) == ("access_denied", "AADSTS50020")
    assert told["error_description"].startswith(
        "AADSTS50020: User account '{EUII Hidden}' from identity provider 'https"
    )
    assert told["admin_consent"] == "True"


def test_it_brings_a_multi_tenant_app_into_another_directory(world: World) -> None:
    other = world.directory("litware")
    app = world.register(signInAudience="AzureADMultipleOrgs", requiredResourceAccess=[ON_GRAPH])
    browser = world.browser()
    asking = {"path": "/adminconsent", "tenant": "organizations", "login_hint": "avery@litware.onmicrosoft.com"}
    page = opened(browser, app, **asking)
    consent = page_of(browser.press(page, "account", "avery@litware.onmicrosoft.com"))
    told = answer_of(browser.press(consent, "decision", "accept"))
    assert told["tenant"] == other
    answer = world.client_credentials(app, f"{GRAPH}/.default", tenant=other)
    assert jwt.decode(answer.json()["access_token"], options={"verify_signature": False})["roles"] == ["User.Read.All"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"redirect_uri": "https://elsewhere.example/"}, 50011),
        ({"client_id": str(uuid.UUID(int=7, version=4))}, 700016),
    ],
)
def test_whom_it_does_not_redirect_to(world: World, app: App, changes: dict[str, str], code: int) -> None:
    page = opened(world.browser(), app, scope=app.scope, **changes)
    assert (page.status, page.kind) == (400, "error")
    assert page.error.startswith(f"AADSTS{code}: ")


def test_without_a_scope(world: World, app: App) -> None:
    browser = world.browser()
    told = answer_of(browser.press(opened(browser, app), "account", upn("avery")))
    assert refused(told) == ("invalid_request", "AADSTS900144")


@pytest.mark.parametrize("token", ["", "guess"])
def test_a_form_of_another_browser(world: World, token: str) -> None:
    app, browser = world.register(), world.browser()
    page = asked(world, app, browser=browser, scope=app.scope)
    form = dict(page.fields) | {"decision": "accept", "flow": token}
    told = page_of(browser.http.post(LOGIN + page.action, data=form))
    assert told.error.startswith("AADSTS9002313: ")
    assert page_of(after_picking(world.browser(), app)).kind == "consent"
