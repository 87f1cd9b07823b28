"""Plan, apply, apply again, drift, plan, apply, remove."""

from __future__ import annotations

import os
import stat
from dataclasses import replace

import pytest

from workshop.errors import WorkshopError
from workshop.registration.declarations import (
    PREAUTHORIZED,
    PROXY,
    VISUAL_STUDIO_CODE_CLIENT,
    Certificate,
    DeclaredRole,
    DeclaredScope,
    FederatedCredential,
    Secret,
)
from workshop.registration.desk import NotAgreed

from .office import Office


def writes(office: Office, after: int) -> list[str]:
    """Return the requests to Graph since exchange `after` that could have changed something."""
    return [
        f"{one['method']} {one['path']}"
        for one in office.running.exchanges(after)
        if one["host"] == "graph.microsoft.com" and one["method"] != "GET"
    ]


def test_a_plan_changes_nothing(office: Office) -> None:
    before = office.running.last_exchange()
    plan = office.desk.plan(PROXY)
    assert {change.verb for change in plan.changes} == {"add"}
    assert writes(office, before) == []
    assert office.apps() == []
    assert not office.file.exists()


def test_applied_the_directory_is_as_planned_and_a_second_time_nothing_is_done(office: Office) -> None:
    planned = office.desk.plan(PROXY).changes
    done = office.desk.apply(PROXY)
    assert done.changes == len(planned)
    assert done.left == ()
    (app,) = office.apps()
    assert app["appId"] == done.client_id
    assert app["identifierUris"] == [f"api://{done.client_id}"]
    assert app["api"]["requestedAccessTokenVersion"] == 2
    assert [scope["value"] for scope in app["api"]["oauth2PermissionScopes"]] == ["mcp-access"]
    assert app["web"]["redirectUris"] == ["http://localhost:8000/auth/callback"]
    own, graph = office.principal(done.client_id)["id"], office.principal("00000003-0000-0000-c000-000000000000")["id"]
    assert office.grants(done.client_id) == {own: ["mcp-access"], graph: ["User.Read offline_access openid profile"]}

    assert office.desk.plan(PROXY).changes == ()
    before, kept = office.running.last_exchange(), office.file.read_bytes()
    assert office.desk.apply(PROXY).changes == 0
    assert writes(office, before) == []
    assert office.file.read_bytes() == kept


def test_the_values_are_kept_for_their_owner_only_and_no_secret_is_told(office: Office) -> None:
    office.file.parent.mkdir(parents=True, mode=0o700)
    office.file.write_text("# mine\nNOTE='keep me'\n", "utf-8")
    done = office.desk.apply(PROXY)
    text = office.file.read_text("utf-8")
    assert text.startswith("# mine\nNOTE='keep me'\n")
    values = office.values()
    assert values["AZURE_TENANT_ID"] == office.tenant_id
    assert values["ENTRA_PROXY_AZURE_CLIENT_ID"] == done.client_id
    secret = values["ENTRA_PROXY_AZURE_CLIENT_SECRET"]
    assert secret.startswith("practice.")
    if os.name == "posix":
        assert stat.S_IMODE(office.file.stat().st_mode) == 0o600
    plan, report = office.desk.plan(PROXY), office.desk.verify()
    for told in (done, plan, report):
        assert secret not in repr(told) + told._repr_html_() + repr(vars(told))
    assert secret not in str(report.json())
    assert not any(secret in str(one) for one in office.running.exchanges())


def test_drift_is_planned_and_mended(office: Office) -> None:
    office.desk.apply(PROXY)
    app = office.app()
    stranger = {
        "id": "11111111-2222-4333-8444-555555555555", "value": "stranger", "type": "User", "isEnabled": True,
        "adminConsentDisplayName": "Stranger", "adminConsentDescription": "Strange",
    }  # fmt: skip
    own = dict(app["api"]["oauth2PermissionScopes"][0], type="Admin")
    office.change(
        {
            "displayName": "Renamed",
            "web": {"redirectUris": ["https://elsewhere.example/cb"], "implicitGrantSettings": {
                "enableAccessTokenIssuance": True, "enableIdTokenIssuance": False}},
            "spa": {"redirectUris": ["http://localhost:8000/auth/callback"]},
            "isFallbackPublicClient": True,
            "api": {"requestedAccessTokenVersion": 2, "oauth2PermissionScopes": [own, stranger]},
            "requiredResourceAccess": [],
        }
    )  # fmt: skip
    office.change(
        {"api": {"preAuthorizedApplications": [
            {"appId": VISUAL_STUDIO_CODE_CLIENT.app_id, "delegatedPermissionIds": [stranger["id"]]}]}}
    )  # fmt: skip
    plan = office.desk.plan(PROXY)
    assert plan.asks
    told = {(change.verb, change.what) for change in plan.changes}
    assert told == {
        ("change", "Name"),
        ("remove", "Redirect URI (web) https://elsewhere.example/cb"),
        ("add", "Redirect URI (web) http://localhost:8000/auth/callback"),
        ("remove", "Redirect URI (single-page application) http://localhost:8000/auth/callback"),
        ("remove", "Implicit grant of access tokens"),
        ("remove", "Public client flows"),
        ("change", "Scope mcp-access"),
        ("remove", "Scope stranger"),
        ("remove", "Pre-authorized client Visual Studio Code"),
        *(("add", f"Graph permission {name}") for name in PROXY.graph_permissions),
    }
    secret = office.values()["ENTRA_PROXY_AZURE_CLIENT_SECRET"]
    office.desk.apply(PROXY)
    assert office.desk.plan(PROXY).changes == ()
    mended = office.app()
    assert {**mended, "createdDateTime": ""} == {**app, "createdDateTime": ""}
    assert office.values()["ENTRA_PROXY_AZURE_CLIENT_SECRET"] == secret


def test_a_service_principal_and_consent_that_went_come_back(office: Office) -> None:
    office.desk.apply(PROXY)
    client_id = office.kept_id()
    office.done("DELETE", f"/servicePrincipals/{office.principal(client_id)['id']}")
    plan = office.desk.plan(PROXY)
    assert [change.what for change in plan.changes] == [
        "Service principal", "Consent for everyone: the app itself", "Consent for everyone: Microsoft Graph"
    ]  # fmt: skip
    secret = office.values()["ENTRA_PROXY_AZURE_CLIENT_SECRET"]
    office.desk.apply(PROXY)
    assert office.desk.plan(PROXY).changes == ()
    assert len(office.grants(client_id)) == 2
    assert office.values()["ENTRA_PROXY_AZURE_CLIENT_SECRET"] == secret


def test_too_much_consent_is_taken_back(office: Office) -> None:
    office.desk.apply(PROXY)
    client_id = office.kept_id()
    principal, graph = (office.principal(one)["id"] for one in (client_id, "00000003-0000-0000-c000-000000000000"))
    grants = office.got(f"/oauth2PermissionGrants?$filter=clientId eq '{principal}'")["value"]
    (of_graph,) = [one for one in grants if one["resourceId"] == graph]
    office.done("PATCH", f"/oauth2PermissionGrants/{of_graph['id']}", {"scope": "User.Read Files.Read.All Mail.Read"})
    (change,) = office.desk.plan(PROXY).changes
    assert (change.before, change.after) == (
        "Files.Read.All Mail.Read User.Read", "User.Read offline_access openid profile"
    )  # fmt: skip
    office.desk.apply(PROXY)
    assert office.grants(client_id)[graph] == ["User.Read offline_access openid profile"]


class TestSecrets:
    def test_a_lost_one_is_made_anew_and_only_one_of_ours_is_left(self, office: Office) -> None:
        office.desk.apply(PROXY)
        old = office.app()["passwordCredentials"]
        office.done("POST", f"/applications/{office.app()['id']}/addPassword",
                    {"passwordCredential": {"displayName": "made by hand"}})  # fmt: skip
        office.desk.keeper.keep({"ENTRA_PROXY_AZURE_CLIENT_SECRET": ""})
        office.desk.apply(PROXY)
        now = {one["displayName"]: one["keyId"] for one in office.app()["passwordCredentials"]}
        assert set(now) == {"workshop", "made by hand"}
        assert len(office.app()["passwordCredentials"]) == 2
        assert now["workshop"] != old[0]["keyId"]
        assert office.desk.plan(PROXY).changes == ()

    def test_a_wrong_one_is_replaced(self, office: Office) -> None:
        office.desk.apply(PROXY)
        office.desk.keeper.keep({"ENTRA_PROXY_AZURE_CLIENT_SECRET": "practice.not-the-right-one"})
        assert [change.aspect for change in office.desk.plan(PROXY).changes] == ["Client secret", "Client secret"]
        office.desk.apply(PROXY)
        assert len(office.app()["passwordCredentials"]) == 1
        assert office.desk.verify().judged.wrong == ()

    def test_one_that_ends_soon_is_replaced_in_time(self, office: Office) -> None:
        soon = replace(PROXY, credentials=(Secret(days=10),))
        office.desk.apply(soon)
        before = office.values()["ENTRA_PROXY_AZURE_CLIENT_SECRET"]
        office.desk.apply(PROXY)
        assert office.values()["ENTRA_PROXY_AZURE_CLIENT_SECRET"] != before
        assert len(office.app()["passwordCredentials"]) == 1


def test_a_whole_declaration(office: Office) -> None:
    """Every kind of setting a declaration can have, made and then made otherwise."""
    issuer = f"https://login.microsoftonline.com/{office.tenant_id}/v2.0"
    trusted = FederatedCredential("production", issuer, "11111111-2222-4333-8444-555555555555")
    first = replace(
        PREAUTHORIZED,
        scopes=(*PREAUTHORIZED.scopes, DeclaredScope("manage", "Manage", "Lets the app manage things.", True)),
        spa_redirect_uris=("http://localhost:3000/spa",),
        public_redirect_uris=("http://localhost", "http://127.0.0.1:33418"),
        graph_permissions=("User.Read", "Files.Read"),
        app_roles=(DeclaredRole("Approver", "Approver", "May approve expenses.", for_applications=True),),
        credentials=(Certificate(), trusted),
    )
    office.desk.apply(first)
    assert office.desk.plan(first).changes == ()
    app = office.app(first)
    assert app["publicClient"]["redirectUris"] == ["http://localhost", "http://127.0.0.1:33418"]
    assert [(role["value"], role["allowedMemberTypes"]) for role in app["appRoles"]] == [
        ("Approver", ["Application", "User"])
    ]
    (client,) = app["api"]["preAuthorizedApplications"]
    assert len(client["delegatedPermissionIds"]) == 2
    (certificate,) = app["keyCredentials"]
    key = office.values()["ENTRA_PREAUTHORIZED_AZURE_CLIENT_CERTIFICATE_PATH"]
    assert os.path.exists(key)  # noqa: PTH110
    (credential,) = office.got(f"/applications/{app['id']}/federatedIdentityCredentials")["value"]
    assert (credential["issuer"], credential["audiences"]) == (issuer, ["api://AzureADTokenExchange"])

    second = replace(
        first,
        scopes=PREAUTHORIZED.scopes,
        spa_redirect_uris=(),
        app_roles=(),
        credentials=(Certificate(), replace(trusted, subject="22222222-2222-4333-8444-555555555555")),
    )
    office.desk.apply(second)
    assert office.desk.plan(second).changes == ()
    app = office.app(second)
    assert [scope["value"] for scope in app["api"]["oauth2PermissionScopes"]] == ["user_impersonation"]
    assert app["spa"]["redirectUris"] == app["appRoles"] == []
    assert app["keyCredentials"] == [certificate]
    (credential,) = office.got(f"/applications/{app['id']}/federatedIdentityCredentials")["value"]
    assert credential["subject"].startswith("2222")
    assert office.desk.verify("", second).judged.wrong == ()


def test_registrations_of_other_names_stand_beside_each_other(office: Office) -> None:
    production = PROXY.named("Expenses, production").at("https://mcp.contoso.onmicrosoft.com")
    office.desk.apply(PROXY)
    elsewhere = replace(office.desk, file=office.file.with_name("production.env"))
    elsewhere.apply(production)
    assert sorted(app["displayName"] for app in office.apps()) == ["Expenses, production", PROXY.display_name]
    assert office.desk.plan(PROXY).changes == elsewhere.plan(production).changes == ()
    assert office.kept_id() != elsewhere.keeper.get("ENTRA_PROXY_AZURE_CLIENT_ID")


def test_an_app_of_someone_else_is_neither_changed_nor_forgotten(office: Office) -> None:
    made = office.done("POST", "/applications", {"displayName": "Made by hand"})
    office.desk.keeper.keep({"ENTRA_PROXY_AZURE_CLIENT_ID": made["appId"], "AZURE_TENANT_ID": office.tenant_id})
    kept = office.file.read_bytes()
    assert "Made by hand" in repr(office.desk.plan(PROXY))
    with pytest.raises(NotAgreed, match="Made by hand"):
        office.desk.apply(PROXY)
    assert office.file.read_bytes() == kept
    assert [app["displayName"] for app in office.apps()] == ["Made by hand"]
    office.desk.apply(PROXY, replace_values=True)
    assert office.kept_id() != made["appId"]
    assert len(office.apps()) == 2


def test_two_people_of_a_directory_have_a_registration_each(office: Office) -> None:
    office.desk.apply(PROXY)
    other = replace(office.desk, account=office.account("sam"), file=office.file.with_name("sam.env"))
    done = other.apply(PROXY)
    assert len(office.apps()) == 2
    assert done.client_id != office.kept_id()
    assert {one.app.client_id for one in other.find().marked} == {done.client_id}


def test_what_only_an_administrator_may_do_is_left_and_said(office: Office) -> None:
    sam = office.desk.as_user(office.account("sam"))
    done = sam.apply(PROXY)
    assert len(done.left) == 2
    assert "administrator" in repr(done)
    assert office.grants(done.client_id) == {}
    assert [change.aspect for change in sam.plan(PROXY).changes] == ["Consent for everyone:"] * 2


def test_the_file_lost_the_registration_is_found_by_its_mark(office: Office) -> None:
    client_id = office.desk.apply(PROXY).client_id
    office.file.unlink()
    assert office.desk.apply(PROXY).client_id == client_id
    assert len(office.apps()) == 1


def test_another_directory_than_the_kept_one_is_refused(office: Office) -> None:
    office.desk.keeper.keep({"AZURE_TENANT_ID": "11111111-2222-4333-8444-555555555555"})
    with pytest.raises(WorkshopError, match="AZURE_TENANT_ID"):
        office.desk.plan(PROXY)


def test_a_permission_that_graph_does_not_have(office: Office) -> None:
    with pytest.raises(WorkshopError, match=r"no delegated permission 'User\.Reed'"):
        office.desk.plan(replace(PROXY, graph_permissions=("User.Reed",)))


class TestRemove:
    def test_it_removes_what_the_workshop_made_and_nothing_else(self, office: Office) -> None:
        by_hand = office.done("POST", "/applications", {"displayName": "Made by hand"})
        office.desk.keeper.keep({"NOTE": "keep me"})
        first, second = office.desk.apply(PROXY), office.desk.apply(PREAUTHORIZED)
        found = office.desk.find()
        assert {one.app.client_id for one in found.marked} == {first.client_id, second.client_id}
        assert len(office.apps()) == 3
        office.desk.remove(found)
        assert [app["appId"] for app in office.apps()] == [by_hand["appId"]]
        for client_id in (first.client_id, second.client_id):
            assert office.graph("GET", f"/servicePrincipals(appId='{client_id}')").status_code == 404
        values = office.values()
        assert values["NOTE"] == "keep me"
        assert not any(name.startswith("ENTRA_") for name in values)
        assert repr(office.desk.find()).endswith("nothing: no registration here carries your mark")

    def test_afterwards_it_can_be_registered_again(self, office: Office) -> None:
        first = office.desk.apply(PROXY)
        office.desk.remove(office.desk.find())
        assert office.desk.apply(PROXY).client_id != first.client_id

    def test_an_app_made_by_hand_stays_though_its_id_is_kept(self, office: Office) -> None:
        made = office.done("POST", "/applications", {"displayName": "Made by hand"})
        office.desk.keeper.keep({"ENTRA_PROXY_AZURE_CLIENT_ID": made["appId"]})
        found = office.desk.find()
        assert found.marked == ()
        assert f"{made['appId']} stays" in repr(found)
        office.desk.remove(found)
        assert len(office.apps()) == 1
        assert office.kept_id() == made["appId"]

    def test_the_private_key_goes_with_its_registration(self, office: Office) -> None:
        declared = replace(PROXY, credentials=(Certificate(),))
        office.desk.apply(declared)
        key = office.desk.keeper.path("ENTRA_PROXY_AZURE_CLIENT_CERTIFICATE_PATH")
        assert key.exists()
        office.desk.remove(office.desk.find())
        assert not key.exists()
