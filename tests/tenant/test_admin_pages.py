"""The practice admin center's forms: what each writes, and what it says when it can't.

The texts of faults are Graph's. The field names are those of https://learn.microsoft.com/entra/identity-platform/
quickstart-register-app, quickstart-configure-app-expose-web-apis, quickstart-configure-app-access-web-apis,
how-to-add-redirect-uri, how-to-add-credentials and howto-add-app-roles-in-apps. That the portal lists User.Read for a
new application and makes its service principal is from memory. [MEM]
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from .admin import Center, fault, opened
from .credentials import certificate
from .world import GRAPH_APP, World

USER_READ = "e1fe6dd8-ba31-4d61-89e7-88639da4683d"
MAIL_READ = "570282fd-fa5c-430d-a7fd-fc8dc98a9dca"
USER_READ_ALL_ROLE = "df021288-bdef-4463-88db-98f22de89214"
VSCODE = "aebc6443-996d-45c2-90f0-388ff96faa56"
INVALID = "Invalid value specified for property '{}' of resource 'Application'."
SCOPE = {
    "value": "mcp-access", "who": "User", "state": "on",
    "admin_title": "Use it", "admin_about": "Call the tools.", "user_title": "", "user_about": "",
}  # fmt: skip


@pytest.fixture(scope="module")
def office(world: World) -> World:
    """A directory of this module's own."""
    return world.of("adminpages")


@pytest.fixture(scope="module")
def center(office: World) -> Iterator[Center]:
    with opened(office) as found:
        yield found


@pytest.fixture
def app(center: Center) -> str:
    """The object id of an application that was just registered."""
    return center.register()


def shown_id(page: str, label: str) -> str:
    found = re.search(rf"<dt>{re.escape(label)}</dt><dd><code>(.*?)</code>", page)
    assert found
    return found[1]


class TestTheList:
    def test_all_and_owned_and_searched(self, office: World, center: Center) -> None:
        first, second = center.register("Listed one"), center.register("Listed two")
        page = center.page()
        assert "New registration" in page
        assert all(f"apps/{one}/overview" in page for one in (first, second))
        assert center.app(first)["appId"] in page
        searched = center.page("?search=Listed+tw")
        assert f"apps/{second}/" in searched
        assert f"apps/{first}/" not in searched
        with opened(office, "robin") as robin:
            mine = robin.register("Robin's")
            owned = robin.page("?view=owned")
            assert f"apps/{mine}/" in owned
            assert f"apps/{first}/" not in owned
            assert f"apps/{first}/" in robin.page()

    @pytest.mark.parametrize("search", ["'", "' or 1 eq 1", "<script>alert(1)</script>", '"><b>'])
    def test_what_is_searched_for_is_text(self, center: Center, search: str) -> None:
        answer = center.http.get(center.base, params={"search": search})
        assert answer.status_code == 200
        assert "No application matches." in answer.text
        assert "<script" not in answer.text
        assert "<b>" not in answer.text


class TestNewRegistration:
    @pytest.mark.parametrize(
        ("platform", "uri"),
        [
            ("web", "http://localhost:8000/auth/callback"),
            ("spa", "https://app.example/back"),
            ("publicClient", "http://localhost"),
            ("", ""),
        ],
    )
    def test_what_it_makes(self, office: World, center: Center, platform: str, uri: str) -> None:
        page = center.done(
            "new",
            "register",
            {"name": " Made here ", "account_types": "AzureADMultipleOrgs", "platform": platform, "redirect_uri": uri},
        )
        assert "Successfully created application Made here." in page
        made = center.app(shown_id(page, "Object ID"))
        assert made["appId"] == shown_id(page, "Application (client) ID")
        assert shown_id(page, "Directory (tenant) ID") == office.tenant.id
        assert (made["displayName"], made["signInAudience"]) == ("Made here", "AzureADMultipleOrgs")
        for one in ("web", "spa", "publicClient"):
            assert made[one]["redirectUris"] == ([uri] if one == platform else [])
        assert made["api"]["requestedAccessTokenVersion"] is None
        assert made["requiredResourceAccess"] == [
            {"resourceAppId": GRAPH_APP, "resourceAccess": [{"id": USER_READ, "type": "Scope"}]}
        ]
        principal = office.graph("GET", f"/servicePrincipals(appId='{made['appId']}')")
        assert principal.status_code == 200
        (owner,) = office.graph("GET", f"/applications/{made['id']}/owners").json()["value"]
        assert owner["displayName"] == "Avery Lang"

    @pytest.mark.parametrize(
        ("changes", "where", "text"),
        [
            ({"name": " "}, "register-name-fault", "Enter a value for “Name”."),
            ({"name": "x" * 300}, "register-name-fault", INVALID.format("displayName")),
            ({"account_types": "Everybody"}, "register-account_types-fault", "Choose one of the options."),
            ({"platform": ""}, "register-platform-fault", "Select a platform for the redirect URI."),
            ({"redirect_uri": "http://mcp.example/cb"}, "register-redirect_uri-fault", INVALID.format("web")),
            ({"redirect_uri": "javascript:x", "platform": "spa"}, "register-redirect_uri-fault", INVALID.format("spa")),
        ],
    )
    def test_what_is_wrong_is_said_beside_it_and_what_was_typed_stays(
        self, center: Center, changes: dict[str, str], where: str, text: str
    ) -> None:
        before = len(center.world.graph("GET", "/applications").json()["value"])
        right = {
            "name": "Typed",
            "account_types": "AzureADMultipleOrgs",
            "platform": "web",
            "redirect_uri": "https://a.example/",
        }
        answer = center.send("new", "register", right | changes)
        assert answer.status_code == 400
        assert fault(answer) == {where: text}
        typed = right | changes
        assert f'value="{typed["name"]}"' in answer.text
        assert f'value="{typed["redirect_uri"]}"' in answer.text
        if "account_types" not in changes:
            assert re.search(r'value="AzureADMultipleOrgs"[^>]* checked', answer.text)
        assert len(center.world.graph("GET", "/applications").json()["value"]) == before

    def test_while_graph_takes_its_time(self, office: World, center: Center) -> None:
        office.teach("PATCH", replication_delay=60)
        try:
            page = center.done("new", "register", {"name": "Slow to show", "account_types": "AzureADMyOrg"})
        finally:
            office.teach("PATCH", replication_delay=None)
        assert "Successfully created application Slow to show. It takes a moment until it is shown." in page

    def test_a_name_is_text(self, center: Center) -> None:
        name = '<script>alert("x")</script>'
        app = center.register(name)
        for path in ("", *(f"apps/{app}/{page}" for page in ("overview", "branding", "manifest", "delete"))):
            text = center.get(path).text
            assert "<script" not in text
            assert "&lt;script&gt;" in text


class TestOverview:
    def test_it_counts_credentials_and_addresses(self, center: Center, app: str) -> None:
        page = center.page(f"apps/{app}/overview")
        for words in ("Add a certificate or secret", "Add a Redirect URI", "Add an Application ID URI"):
            assert words in page
        center.done(f"apps/{app}/credentials", "add", {"description": "x", "expires": "90"})
        center.done(f"apps/{app}/authentication", "add-spa", {"uri": "https://a.example/"})
        page = center.page(f"apps/{app}/overview")
        assert "0 certificate, 1 secret" in page
        assert "0 web, 1 spa, 0 public client" in page
        assert "My organization only" in page

    def test_the_service_principal_can_be_made_again(self, office: World, center: Center, app: str) -> None:
        app_id = center.app(app)["appId"]
        assert office.graph("DELETE", f"/servicePrincipals(appId='{app_id}')").status_code == 204
        assert "Create Service Principal" in center.page(f"apps/{app}/overview")
        assert "Create Service Principal" not in center.done(f"apps/{app}/overview", "create-principal")
        assert office.graph("GET", f"/servicePrincipals(appId='{app_id}')").status_code == 200

    def test_renaming_and_deleting(self, office: World, center: Center, app: str) -> None:
        path = f"apps/{app}/branding"
        center.done(path, "rename", {"name": "Renamed", "home_page": "https://home.example"})
        assert center.app(app)["displayName"] == "Renamed"
        assert center.app(app)["web"]["homePageUrl"] == "https://home.example"
        answer = center.send(path, "rename", {"name": "x" * 300})
        assert fault(answer) == {"rename-name-fault": INVALID.format("displayName")}
        assert "Delete Renamed?" in center.page(f"apps/{app}/delete")
        assert "Successfully deleted application Renamed." in center.done(f"apps/{app}/delete", "delete")
        assert office.graph("GET", f"/applications/{app}").status_code == 404
        answer = center.get(f"apps/{app}/overview")
        assert answer.status_code == 404
        assert "There is no such app registration" in answer.text


class TestAuthentication:
    @pytest.mark.parametrize("platform", ["web", "spa", "publicClient"])
    def test_addresses_come_and_go(self, center: Center, app: str, platform: str) -> None:
        path = f"apps/{app}/authentication"
        for uri in ("https://a.example/", "http://localhost:5000/back"):
            page = center.done(path, f"add-{platform}", {"uri": f" {uri} "})
            assert uri in page
        assert center.app(app)[platform]["redirectUris"] == ["https://a.example/", "http://localhost:5000/back"]
        center.done(path, f"remove-{platform}", {"which": "https://a.example/"})
        assert center.app(app)[platform]["redirectUris"] == ["http://localhost:5000/back"]

    @pytest.mark.parametrize(
        ("uri", "text"),
        [
            ("", "Enter a value for “Redirect URI”."),
            ("http://a.example/", INVALID.format("web")),
            ("https://a.example/*", INVALID.format("web")),
            ("https://there.example/", "This redirect URI is there already."),
        ],
    )
    def test_a_wrong_address(self, center: Center, app: str, uri: str, text: str) -> None:
        path = f"apps/{app}/authentication"
        center.done(path, "add-web", {"uri": "https://there.example/"})
        answer = center.send(path, "add-web", {"uri": uri})
        assert fault(answer) == {"add-web-uri-fault": text}
        assert f'name="uri" value="{uri}"' in answer.text
        assert center.app(app)["web"]["redirectUris"] == ["https://there.example/"]

    def test_a_fault_unfolds_its_platform(self, center: Center, app: str) -> None:
        answer = center.send(f"apps/{app}/authentication", "add-spa", {"uri": "nonsense"})
        assert re.search(r"<details open><summary>Add a platform: Single-page application", answer.text)

    def test_the_settings(self, center: Center, app: str) -> None:
        path = f"apps/{app}/authentication"
        sent: dict[str, str | list[str]] = {
            "account_types": "AzureADMultipleOrgs", "public": "Yes", "implicit": ["access", "id"],
            "logout": "https://a.example/out",
        }  # fmt: skip
        center.done(path, "save", sent)
        there = center.app(app)
        assert there["isFallbackPublicClient"] is True
        assert there["signInAudience"] == "AzureADMultipleOrgs"
        assert there["web"]["logoutUrl"] == "https://a.example/out"
        assert set(there["web"]["implicitGrantSettings"].values()) == {True}
        center.done(path, "save", {"account_types": "AzureADMyOrg", "public": "No"})
        there = center.app(app)
        assert there["isFallbackPublicClient"] is False
        assert set(there["web"]["implicitGrantSettings"].values()) == {False}

    def test_settings_that_graph_refuses(self, center: Center, app: str) -> None:
        answer = center.send(
            f"apps/{app}/authentication", "save", {"account_types": "PersonalMicrosoftAccount", "public": "No"}
        )
        (text,) = fault(answer).values()
        assert text.startswith("Access Token Accepted Version may not be 1 or null.")
        assert "InvalidAccessTokenVersion" in answer.text


class TestCredentials:
    def test_a_secret_is_shown_once_and_works(self, office: World, center: Center, app: str) -> None:
        path = f"apps/{app}/credentials"
        page = center.done(path, "add", {"description": "for the server", "expires": "180"})
        assert "Copy the Value now." in page
        assert "not the Secret ID" in page
        found = re.search(r'<code class="value">(practice\.[^<]+)</code>', page)
        assert found
        again = center.page(path)
        assert found[1] not in again
        assert f"{found[1][:3]}***" in again
        (entry,) = center.app(app)["passwordCredentials"]
        assert entry["displayName"] == "for the server"
        assert entry["keyId"] in again
        began, ends = (entry[name][:10] for name in ("startDateTime", "endDateTime"))
        assert began < ends
        token = office.token(
            grant_type="client_credentials", client_id=center.app(app)["appId"], client_secret=found[1],
            scope="https://graph.microsoft.com/.default",
        )  # fmt: skip
        assert token.status_code == 200, token.text
        center.done(path, "delete", {"which": entry["keyId"]})
        assert center.app(app)["passwordCredentials"] == []
        with office.tenant.control() as control:
            assert found[1] not in control.get("/log").text

    @pytest.mark.parametrize(
        ("sent", "where", "text"),
        [
            ({"expires": "never"}, "add-expires-fault", "Choose one of the options."),
            ({"expires": "custom"}, "add-end-fault", "Enter a value for “End”."),
            (
                {"expires": "custom", "end": "soon"},
                "add-end-fault",
                "Enter a date as year-month-day, such as 2027-01-31.",
            ),
            ({"expires": "custom", "end": "2001-01-01"}, "add-end-fault", "Password credential end date is invalid."),
            (
                {"expires": "90", "description": "x" * 300},
                "add-description-fault",
                "Invalid value specified for property 'displayName' of resource 'PasswordCredential'.",
            ),
        ],
    )
    def test_a_secret_that_is_refused(
        self, center: Center, app: str, sent: dict[str, str], where: str, text: str
    ) -> None:
        assert fault(center.send(f"apps/{app}/credentials", "add", sent)) == {where: text}
        assert center.app(app)["passwordCredentials"] == []

    def test_a_secret_that_is_gone(self, center: Center, app: str) -> None:
        answer = center.send(f"apps/{app}/credentials", "delete", {"which": USER_READ})
        assert fault(answer) == {"": "No credentials found to be removed."}

    @pytest.mark.parametrize("form", ["der", "pem"])
    def test_a_certificate(self, center: Center, app: str, form: str) -> None:
        made = certificate()
        public = made.pem[made.pem.index("-----BEGIN CERTIFICATE") :]
        content = made.der if form == "der" else public.encode()
        path = f"apps/{app}/credentials/certificates"
        page = center.done(path, "upload", {"description": "the server's"}, files={"file": ("a.cer", content)})
        assert made.thumbprint in page
        (entry,) = center.app(app)["keyCredentials"]
        assert (entry["customKeyIdentifier"], entry["displayName"]) == (made.thumbprint, "the server's")
        center.done(path, "delete", {"which": entry["keyId"]}, files={"unused": b""})
        assert center.app(app)["keyCredentials"] == []

    def test_a_file_that_is_no_certificate(self, center: Center, app: str) -> None:
        path = f"apps/{app}/credentials/certificates"
        for content, text in (
            (b"", "Choose a file."),
            (b"hello", "Key credential value is invalid."),
            (
                certificate().pem.encode(),
                "This file holds a private key. Upload the certificate alone, and keep the key.",
            ),
        ):
            answer = center.send(path, "upload", {"description": ""}, files={"file": ("a.pem", content)})
            assert fault(answer) == {"upload-file-fault": text}
        assert fault(center.send(path, "upload", {})) == {"upload-file-fault": "Choose a file."}

    def test_a_federated_credential(self, office: World, center: Center, app: str) -> None:
        path = f"apps/{app}/credentials/federated"
        sent = {
            "issuer": "https://issuer.example", "subject": "repo:contoso/expenses", "name": "github",
            "audience": "api://AzureADTokenExchange", "description": "",
        }  # fmt: skip
        assert "repo:contoso/expenses" in center.done(path, "add", sent)
        (entry,) = office.graph("GET", f"/applications/{app}/federatedIdentityCredentials").json()["value"]
        assert (entry["issuer"], entry["subject"]) == ("https://issuer.example", "repo:contoso/expenses")
        answer = center.send(path, "add", sent)
        assert fault(answer) == {"add-name-fault": "FederatedIdentityCredential with name github already exists."}
        answer = center.send(path, "add", sent | {"name": "a b", "subject": "other"})
        assert list(fault(answer)) == ["add-name-fault"]
        center.done(path, "delete", {"which": entry["id"]})
        assert office.graph("GET", f"/applications/{app}/federatedIdentityCredentials").json()["value"] == []


class TestExposeAnApi:
    def test_the_uri_then_a_scope_then_a_client(self, center: Center, app: str) -> None:
        path = f"apps/{app}/expose-an-api"
        app_id = center.app(app)["appId"]
        page = center.page(f"{path}/scope")
        assert "You'll need to set an Application ID URI" in page
        assert f'value="api://{app_id}"' in page
        page = center.done(f"{path}/scope", "set-uri", {"uri": f"api://{app_id}"})
        assert "Scope name" in page
        page = center.done(f"{path}/scope", "add", SCOPE)
        assert f"api://{app_id}/mcp-access" in page
        (scope,) = center.app(app)["api"]["oauth2PermissionScopes"]
        assert {name: value for name, value in scope.items() if name != "id"} == {
            "adminConsentDescription": "Call the tools.",
            "adminConsentDisplayName": "Use it",
            "isEnabled": True,
            "type": "User",
            "userConsentDescription": None,
            "userConsentDisplayName": None,
            "value": "mcp-access",
        }
        center.done(path, "add-client", {"client": VSCODE, "scopes": [scope["id"]]})
        assert center.app(app)["api"]["preAuthorizedApplications"] == [
            {"appId": VSCODE, "delegatedPermissionIds": [scope["id"]]}
        ]
        center.done(path, "remove-client", {"which": VSCODE})
        assert center.app(app)["api"]["preAuthorizedApplications"] == []
        center.done(path, "remove-uri", {"which": f"api://{app_id}"})
        assert center.app(app)["identifierUris"] == []

    def test_a_scope_is_changed_disabled_deleted(self, center: Center, app: str) -> None:
        center.done(f"apps/{app}/expose-an-api/scope", "set-uri", {"uri": f"api://{center.app(app)['appId']}"})
        center.done(f"apps/{app}/expose-an-api/scope", "add", SCOPE)
        (scope,) = center.app(app)["api"]["oauth2PermissionScopes"]
        path = f"apps/{app}/expose-an-api/scope?scope={scope['id']}"
        answer = center.send(path, "delete")
        assert "CannotDeleteOrUpdateEnabledEntitlement" in answer.text
        assert fault(answer) == {
            "delete-fault": "Permission (scope or role) cannot be deleted or updated unless disabled first."
        }
        center.done(path, "save", SCOPE | {"state": "off", "who": "Admin", "user_title": "As you"})
        (changed,) = center.app(app)["api"]["oauth2PermissionScopes"]
        assert changed == scope | {"isEnabled": False, "type": "Admin", "userConsentDisplayName": "As you"}
        center.done(path, "delete")
        assert center.app(app)["api"]["oauth2PermissionScopes"] == []
        assert center.get(path).status_code == 404

    @pytest.mark.parametrize(
        ("uri", "text"),
        [
            ("", "Enter a value for “Application ID URI”."),
            ("nonsense", INVALID.format("identifierUris")),
            ("api://mcp", "Failed to add identifier URI api://mcp."),
            ("https://microsoft.com/mcp", "Values of IdentifierUris property must use a verified domain"),
        ],
    )
    def test_a_wrong_uri(self, center: Center, app: str, uri: str, text: str) -> None:
        answer = center.send(f"apps/{app}/expose-an-api", "set-uri", {"uri": uri})
        ((where, told),) = fault(answer).items()
        assert where == "set-uri-uri-fault"
        assert told.startswith(text)
        assert f'name="uri" value="{uri}"' in answer.text

    @pytest.mark.parametrize(
        ("changes", "where", "text"),
        [
            ({"value": ""}, "add-value-fault", "Enter a value for “Scope name”."),
            ({"value": "two words"}, "add-value-fault", INVALID.format("api")),
            ({"who": "Nobody"}, "add-who-fault", "Choose one of the options."),
            ({"state": ""}, "add-state-fault", "Choose one of the options."),
            ({"admin_title": ""}, "add-admin_title-fault", "Enter a value for “Admin consent display name”."),
            ({"admin_about": ""}, "add-admin_about-fault", "Enter a value for “Admin consent description”."),
        ],
    )
    def test_a_wrong_scope(self, center: Center, app: str, changes: dict[str, str], where: str, text: str) -> None:
        path = f"apps/{app}/expose-an-api/scope"
        center.done(path, "set-uri", {"uri": f"api://{center.app(app)['appId']}"})
        answer = center.send(path, "add", SCOPE | {"user_about": "Kept"} | changes)
        assert fault(answer) == {where: text}
        assert "\nKept</textarea>" in answer.text

    def test_a_scope_that_is_there(self, center: Center, app: str) -> None:
        path = f"apps/{app}/expose-an-api/scope"
        center.done(path, "set-uri", {"uri": f"api://{center.app(app)['appId']}"})
        center.done(path, "add", SCOPE)
        assert fault(center.send(path, "add", SCOPE)) == {
            "add-value-fault": "Request contains a property with duplicate values."
        }

    def test_a_wrong_client(self, center: Center, app: str) -> None:
        center.done(f"apps/{app}/expose-an-api/scope", "set-uri", {"uri": f"api://{center.app(app)['appId']}"})
        center.done(f"apps/{app}/expose-an-api/scope", "add", SCOPE)
        (scope,) = center.app(app)["api"]["oauth2PermissionScopes"]
        path = f"apps/{app}/expose-an-api"
        answer = center.send(path, "add-client", {"client": "VS Code", "scopes": [scope["id"]]})
        assert fault(answer) == {"add-client-client-fault": INVALID.format("api")}
        answer = center.send(path, "add-client", {"client": VSCODE})
        assert fault(answer) == {"add-client-scopes-fault": "Select at least one scope."}


class TestApiPermissions:
    def test_listed_granted_removed(self, center: Center, app: str) -> None:
        path = f"apps/{app}/api-permissions"
        page = center.page(path)
        assert "User.Read" in page
        assert "✓ Granted" not in page
        center.done(f"{path}/add", "add", {"permission": [USER_READ, MAIL_READ]})
        page = center.done(f"{path}/add?type=application", "add", {"permission": [USER_READ_ALL_ROLE]})
        assert page.count("⚠ Not granted for Adminpages (PRACTICE)") == 1, "only what needs an administrator says so"
        assert "for all accounts in Adminpages (PRACTICE)?" in center.page(f"apps/{app}/grant-admin-consent")
        page = center.done(f"apps/{app}/grant-admin-consent", "consent")
        assert "Grant consent successful." in page
        assert page.count("✓ Granted for Adminpages (PRACTICE)") == 3
        center.done(path, "remove", {"which": f"{GRAPH_APP} {MAIL_READ}"})
        (listed,) = center.app(app)["requiredResourceAccess"]
        assert [one["id"] for one in listed["resourceAccess"]] == [USER_READ, USER_READ_ALL_ROLE]

    def test_of_the_directorys_own_application(self, office: World, center: Center, app: str) -> None:
        api = office.register("An API of ours")
        (scope,) = (
            one for one in center.app(api.object_id)["api"]["oauth2PermissionScopes"] if one["value"] == "access"
        )
        path = f"apps/{app}/api-permissions/add?api={api.client_id}&type=delegated"
        page = center.page(path)
        assert "An API of ours" in page
        assert scope["id"] in page
        assert "Mail.Read" not in page
        center.done(path, "add", {"permission": [scope["id"]]})
        assert {one["resourceAppId"] for one in center.app(app)["requiredResourceAccess"]} == {GRAPH_APP, api.client_id}

    def test_one_that_is_none(self, center: Center, app: str) -> None:
        answer = center.send(f"apps/{app}/api-permissions/add", "add", {"permission": ["Mail.Read"]})
        assert fault(answer) == {"add-fault": INVALID.format("requiredResourceAccess")}
        assert center.get(f"apps/{app}/api-permissions/add?api={USER_READ}").status_code == 404


class TestAppRolesAndOwners:
    def test_a_role(self, center: Center, app: str) -> None:
        path = f"apps/{app}/app-roles"
        sent = {
            "title": "Approvers",
            "members": "both",
            "value": "Expenses.Approve",
            "about": "May approve.",
            "enabled": "on",
        }
        assert "Expenses.Approve" in center.done(path, "create", sent)
        (role,) = center.app(app)["appRoles"]
        assert (role["allowedMemberTypes"], role["isEnabled"]) == (["User", "Application"], True)
        answer = center.send(path, "create", sent)
        assert fault(answer) == {"create-value-fault": "Request contains a property with duplicate values."}
        assert "Permission (scope or role)" in fault(center.send(path, "delete", {"which": role["id"]}))[""]
        center.done(path, "switch", {"which": role["id"]})
        assert center.app(app)["appRoles"][0]["isEnabled"] is False
        center.done(path, "delete", {"which": role["id"]})
        assert center.app(app)["appRoles"] == []

    def test_an_owner(self, office: World, center: Center, app: str) -> None:
        path = f"apps/{app}/owners"
        page = center.done(path, "add", {"account": f"robin@{office.domain}"})
        assert "Robin Marsh" in page
        with opened(office, "robin") as robin:
            robin.done(f"apps/{app}/branding", "rename", {"name": "Robin may"})
        assert list(fault(center.send(path, "add", {"account": "nobody@example.com"}))) == ["add-account-fault"]
        assert list(fault(center.send(path, "add", {"account": f"robin@{office.domain}"}))) == ["add-account-fault"]
        center.done(path, "remove", {"which": office.user_id("robin")})
        assert "Robin Marsh" not in center.page(path)


class TestManifest:
    def edit(self, center: Center, app: str) -> tuple[str, dict[str, Any]]:
        """Return what the page hands over: the mark of what was shown, and the JSON."""
        page = center.page(f"apps/{app}/manifest")
        mark, text = (
            re.search(r'name="shown" value="(\w+)"', page),
            re.search(r"<textarea.*?>\n(.*?)</textarea>", page, re.DOTALL),
        )
        assert mark
        assert text
        return mark[1], json.loads(text[1])

    def test_it_is_graphs_and_what_changes_is_written(self, center: Center, app: str) -> None:
        mark, shown = self.edit(center, app)
        assert shown == {name: value for name, value in center.app(app).items() if "@" not in name}
        shown["api"]["requestedAccessTokenVersion"] = 2
        shown["notes"] = "é\u2028"
        page = center.done(f"apps/{app}/manifest", "save", {"shown": mark, "manifest": json.dumps(shown)})
        assert "Successfully updated: notes, api." in page
        assert center.app(app)["api"]["requestedAccessTokenVersion"] == 2
        assert center.app(app)["notes"] == "é\u2028"
        mark, shown = self.edit(center, app)
        page = center.done(f"apps/{app}/manifest", "save", {"shown": mark, "manifest": json.dumps(shown)})
        assert "Nothing was changed." in page

    @pytest.mark.parametrize(
        ("changes", "text"),
        [
            ({"appId": "x"}, "Property 'appId' is read-only and cannot be set."),
            ({"accessTokenAcceptedVersion": 2}, "Invalid property 'accessTokenAcceptedVersion'."),
            ({"api": {"requestedAccessTokenVersion": 3}}, INVALID.format("api")),
            ({"passwordCredentials": [{}]}, "New password credentials must be generated using service actions."),
            ({"signInAudience": None}, INVALID.format("signInAudience")),
        ],
    )
    def test_what_graph_refuses(self, center: Center, app: str, changes: dict[str, Any], text: str) -> None:
        mark, shown = self.edit(center, app)
        sent = json.dumps(shown | changes, indent=1)
        answer = center.send(f"apps/{app}/manifest", "save", {"shown": mark, "manifest": sent})
        assert fault(answer) == {"save-manifest-fault": text}
        assert next(iter(changes)) in answer.text, "what was typed stays"
        assert center.app(app)["displayName"] == shown["displayName"]

    @pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"a": NaN}', "[" * 100_000, '{"a": "\\ud800"}'])
    def test_what_is_no_manifest(self, center: Center, app: str, text: str) -> None:
        mark, _ = self.edit(center, app)
        answer = center.send(f"apps/{app}/manifest", "save", {"shown": mark, "manifest": text})
        assert answer.status_code == 400
        assert list(fault(answer)) == ["save-manifest-fault"]

    def test_what_was_changed_meanwhile_is_not_overwritten(self, center: Center, app: str) -> None:
        mark, shown = self.edit(center, app)
        center.done(f"apps/{app}/branding", "rename", {"name": "Meanwhile"})
        answer = center.send(
            f"apps/{app}/manifest", "save", {"shown": mark, "manifest": json.dumps(shown | {"notes": "mine"})}
        )
        assert "was changed after this page was opened" in fault(answer)["save-manifest-fault"]
        assert center.app(app)["displayName"] == "Meanwhile"


def test_a_fault_of_graph_is_told(office: World, center: Center, app: str) -> None:
    fault_id = office.teach("POST", "/faults", kind="throttle", at="graph")["id"]
    try:
        answer = center.get(f"apps/{app}/overview")
    finally:
        office.teach("DELETE", f"/faults/{fault_id}")
    assert answer.status_code == 429
    assert "Too many requests from Identifier" in answer.text


class TestPeopleWithoutRights:
    PAGES = ("branding", "authentication", "credentials", "expose-an-api", "app-roles", "owners", "manifest", "delete")

    def test_they_look_and_can_not_change(self, office: World, center: Center, app: str) -> None:
        with opened(office, "robin") as robin:
            for name in self.PAGES:
                page = robin.page(f"apps/{app}/{name}")
                assert "You can look at this application and not change it" in page, name
                assert '<fieldset class="all" disabled' in page
                assert '<fieldset class="all">' not in page
            answer = robin.send(f"apps/{app}/branding", "rename", {"name": "Mine now"})
            assert answer.status_code == 403
            assert "Insufficient privileges to complete the operation." in fault(answer).values()
            answer = robin.send(f"apps/{app}/credentials", "add", {"expires": "90"})
            assert answer.status_code == 403
        assert center.app(app)["displayName"] == "By hand"
        assert center.app(app)["passwordCredentials"] == []

    def test_consent_for_everyone_is_an_administrators(self, office: World) -> None:
        with opened(office, "robin") as robin:
            mine = robin.register("Robin's own")
            page = robin.page(f"apps/{mine}/api-permissions")
            assert re.search(r"<button disabled[^>]*>Grant admin consent for Adminpages", page)
            answer = robin.send(f"apps/{mine}/grant-admin-consent", "consent")
            assert answer.status_code == 403
            assert "Authorization_RequestDenied" in next(iter(fault(answer).values()))
            assert "✓ Granted" not in robin.page(f"apps/{mine}/api-permissions")

    def test_guests_register_nothing(self, office: World) -> None:
        with opened(office, f"kim_fabrikam.example#EXT#@{office.domain}") as kim:
            page = kim.page("new")
            assert "You do not have permission to register applications" in page
            answer = kim.send("new", "register", {"name": "Kim's", "account_types": "AzureADMyOrg"})
            assert answer.status_code == 403
