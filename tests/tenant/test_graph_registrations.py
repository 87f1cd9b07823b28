"""Registrations in full: lists, owners, consent, roles, deleting, restoring, and who may do which of it."""

from __future__ import annotations

import base64
import uuid
from typing import Any

import pytest

from .browser import KIM, page_of, upn
from .graph_help import DENIED, UNKNOWN, app_token, fresh, refused, token_in, user_token, values
from .process import GRAPH
from .world import GRAPH_APP, App, World, scope_entry

DEFAULT_ROLE = "00000000-0000-0000-0000-000000000000"


def role(*member_types: str, **changes: Any) -> dict[str, Any]:
    """Return an app role as Graph wants it."""
    value = f"R.{uuid.uuid4()}"
    plain = {"id": str(uuid.uuid4()), "displayName": value, "description": value, "value": value}
    return plain | {"allowedMemberTypes": list(member_types)} | changes


class TestWhoMay:
    def test_a_member_registers_and_owns(self, world: World) -> None:
        """Source: https://learn.microsoft.com/entra/fundamentals/users-default-permissions; that the creator is the
        owner is recorded in azure-cli's test_app_owner.yaml"""
        robin, sam = world.graph_token("robin"), world.graph_token("sam")
        made = world.graph("POST", "/applications", robin, json={"displayName": "Robin's"}).json()
        path = f"/applications/{made['id']}"
        assert values(world.graph("GET", f"{path}/owners", robin)) == ["Robin Marsh"]
        assert made["id"] in values(
            world.graph("GET", "/me/ownedObjects/microsoft.graph.application?$top=999", robin), "id"
        )
        served = world.graph("POST", "/servicePrincipals", robin, json={"appId": made["appId"]})
        assert served.status_code == 201
        principal = f"/servicePrincipals/{served.json()['id']}"
        assert values(world.graph("GET", f"{principal}/owners", robin)) == ["Robin Marsh"]
        writes: list[tuple[str, str, Any]] = [
            ("PATCH", path, {"displayName": "x"}), ("POST", f"{path}/addPassword", {}), ("DELETE", path, None),
            ("POST", f"{path}/removePassword", {"keyId": UNKNOWN}), ("PATCH", principal, {"tags": []}),
            ("POST", f"{path}/federatedIdentityCredentials", {}), ("DELETE", principal, None),
            ("POST", f"{principal}/addPassword", {}),
            ("POST", f"{path}/owners/$ref", {"@odata.id": f"x/{world.user_id('sam')}"}),
        ]  # fmt: skip
        for method, where, body in writes:
            if "federated" not in where:
                refused(world.graph(method, where, sam, json=body), *DENIED)
        assert world.graph("PATCH", path, robin, json={"displayName": "Mine"}).status_code == 204
        assert world.graph("PATCH", path, json={"displayName": "An administrator's"}).status_code == 204
        assert world.graph("GET", path, sam).json()["displayName"] == "An administrator's"
        reference = {"@odata.id": f"{GRAPH}/v1.0/directoryObjects/{world.user_id('sam')}"}
        assert world.graph("POST", f"{path}/owners/$ref", robin, json=reference).status_code == 204
        refused(
            world.graph("POST", f"{path}/owners/$ref", robin, json=reference), 400, "Request_BadRequest",
            "One or more added object references already exist for the following modified properties: 'owners'\\.",
        )  # fmt: skip
        assert world.graph("PATCH", path, sam, json={"displayName": "Sam's too"}).status_code == 204
        assert world.graph("DELETE", f"{path}/owners/{world.user_id('robin')}/$ref", sam).status_code == 204
        refused(world.graph("PATCH", path, robin, json={"displayName": "x"}), *DENIED)
        assert world.graph("DELETE", path, sam).status_code == 204

    def test_a_federated_credential_is_the_owners_too(self, world: World) -> None:
        app = world.register()
        body = {"name": "n", "issuer": "https://i", "subject": "s", "audiences": ["a"]}
        path = f"/applications/{app.object_id}/federatedIdentityCredentials"
        refused(world.graph("POST", path, world.graph_token("sam"), json=body), *DENIED)

    def test_a_service_principal_of_somebody_elses_application(self, world: World) -> None:
        """Source: recorded by many; see azure-cli's own handling of the text"""
        app = world.register(principal=False)
        answer = world.graph("POST", "/servicePrincipals", world.graph_token("sam"), json={"appId": app.client_id})
        refused(
            answer, 403, "Authorization_RequestDenied",
            "When using this permission, the backing application of the service principal being created must in the "
            "local tenant",
        )  # fmt: skip

    def test_a_guest_registers_nothing(self, world: World) -> None:
        token = user_token(world, "Application.ReadWrite.All", name=KIM)
        refused(world.graph("POST", "/applications", token, json={"displayName": "x"}), *DENIED)

    def test_where_the_directory_forbids_it_only_administrators_register(self, world: World) -> None:
        avery, robin = token_in(world, "strict"), token_in(world, "strict", "robin")
        policies = world.register("Policies", signInAudience="AzureADMultipleOrgs")
        strict = world.directory("strict")
        scope = f"{GRAPH}/Policy.ReadWrite.Authorization"
        answer = world.browser().sign_in(policies.asks(scope=scope), "avery@strict.onmicrosoft.com", tenant=strict)
        token = world.redeem(policies, answer["code"], tenant=strict).json()["access_token"]
        body = {"defaultUserRolePermissions": {"allowedToCreateApps": False}}
        assert world.graph("PATCH", "/policies/authorizationPolicy", token, json=body).status_code == 204
        refused(world.graph("POST", "/applications", robin, json={"displayName": "x"}), *DENIED)
        assert world.graph("POST", "/applications", avery, json={"displayName": "x"}).status_code == 201

    def test_an_application_for_all_and_one_for_its_own(self, world: World) -> None:
        every, owned = app_token(world, "Application.ReadWrite.All"), app_token(world, "Application.ReadWrite.OwnedBy")
        other = world.register()
        assert world.graph("PATCH", f"/applications/{other.object_id}", every, json={"notes": "x"}).status_code == 204
        refused(world.graph("PATCH", f"/applications/{other.object_id}", owned, json={"notes": "y"}), *DENIED)
        assert world.graph("GET", f"/applications/{other.object_id}", owned).json()["notes"] == "x"
        own = world.graph("POST", "/applications", owned, json={"displayName": "Owned"}).json()
        assert world.graph("PATCH", f"/applications/{own['id']}", owned, json={"notes": "x"}).status_code == 204
        refused(world.graph("POST", "/applications", app_token(world, "User.Read.All"), json={}), *DENIED)

    def test_an_application_reads_itself_without_any_permission(self, world: World) -> None:
        """Source: https://learn.microsoft.com/graph/api/serviceprincipal-get, the note below the permissions"""
        app, other = world.register(), world.register()
        token = app_token(world, app=app)
        assert world.graph("GET", f"/applications/{app.object_id}", token).json()["appId"] == app.client_id
        assert world.graph("GET", f"/servicePrincipals(appId='{app.client_id}')", token).status_code == 200
        for path in (f"/applications/{other.object_id}", f"/servicePrincipals/{other.principal_id}", "/applications"):
            refused(world.graph("GET", path, token), *DENIED)
        refused(world.graph("GET", f"/applications/{UNKNOWN}", token), *DENIED)

    @pytest.mark.parametrize(
        ("method", "path", "scope"),
        [
            ("GET", "/applications", "User.Read"),
            ("GET", "/applications/$count", "User.Read"),
            ("DELETE", f"/applications/{UNKNOWN}", "Application.Read.All"),
            ("GET", f"/applications/{UNKNOWN}/federatedIdentityCredentials", "User.Read"),
            ("DELETE", f"/applications/{UNKNOWN}/federatedIdentityCredentials/x", "Application.Read.All"),
            ("GET", "/servicePrincipals", "User.Read"),
            ("PATCH", f"/servicePrincipals/{UNKNOWN}", "Application.Read.All"),
            ("DELETE", f"/servicePrincipals/{UNKNOWN}", "Application.Read.All"),
            ("GET", f"/servicePrincipals/{UNKNOWN}/appRoleAssignedTo", "User.Read"),
            ("POST", f"/servicePrincipals/{UNKNOWN}/appRoleAssignedTo", "Application.ReadWrite.All"),
            ("GET", "/me/appRoleAssignments", "User.Read"),
            ("GET", "/oauth2PermissionGrants", "User.Read"),
            ("GET", "/me/oauth2PermissionGrants", "User.Read"),
            ("PATCH", f"/oauth2PermissionGrants/{UNKNOWN}", "Application.ReadWrite.All"),
            ("DELETE", f"/oauth2PermissionGrants/{UNKNOWN}", "Application.ReadWrite.All"),
            ("GET", "/directory/deletedItems/microsoft.graph.application", "User.Read"),
            ("POST", f"/directory/deletedItems/{UNKNOWN}/restore", "Application.Read.All"),
            ("GET", "/users", "User.Read"),
            ("POST", "/users", "User.Read.All"),
            ("GET", "/groups", "User.Read"),
            ("POST", "/groups", "Group.Read.All"),
            ("POST", f"/groups/{UNKNOWN}/members/$ref", "Group.Read.All"),
            ("POST", "/directoryObjects/getByIds", "Files.Read"),
            ("GET", "/policies/authorizationPolicy", "User.Read"),
        ],
    )
    def test_without_the_scope(self, world: World, method: str, path: str, scope: str) -> None:
        refused(world.graph(method, path, user_token(world, scope), json={}), *DENIED)


class TestGrants:
    @pytest.fixture
    def grant(self, world: World) -> dict[str, Any]:
        app = world.register()
        body = {
            "clientId": app.principal_id,
            "consentType": "AllPrincipals",
            "resourceId": world.principal_of(GRAPH_APP),
        }
        return world.made("/oauth2PermissionGrants", body | {"scope": "User.Read Mail.Read"})

    def test_its_life(self, world: World, grant: dict[str, Any]) -> None:
        context = grant.pop("@odata.context")
        path = f"/oauth2PermissionGrants/{grant['id']}"
        assert world.graph("GET", path).json() == {"@odata.context": context, **grant}
        assert world.graph("PATCH", path, json={"scope": "User.Read"}).status_code == 204
        assert world.graph("GET", path).json()["scope"] == "User.Read"
        assert world.graph("DELETE", f"/oAuth2PermissionGrants/{grant['id']}").status_code == 204  # as az writes it
        refused(world.graph("GET", path), 404, "Request_ResourceNotFound", ".+")

    def test_its_id_is_made_of_those_of_client_and_resource(self, grant: dict[str, Any]) -> None:
        """Source: recorded ids in https://github.com/Azure/azure-cli/issues/20974"""
        raw = uuid.UUID(grant["clientId"]).bytes_le + uuid.UUID(grant["resourceId"]).bytes_le
        assert grant["id"] == base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    def test_found_by_each_of_its_members(self, world: World) -> None:
        app = world.register()
        graph, robin = world.principal_of(GRAPH_APP), world.user_id("robin")
        every = {"clientId": app.principal_id, "resourceId": graph, "scope": "User.Read"}
        all_of_them = world.made("/oauth2PermissionGrants", every | {"consentType": "AllPrincipals"})["id"]
        for_robin = {"consentType": "Principal", "principalId": robin}
        one = world.made("/oauth2PermissionGrants", every | for_robin)["id"]

        def found(text: str) -> list[str]:
            asked = {"$filter": f"clientId eq '{app.principal_id}' and {text}"}
            return values(world.graph("GET", "/oauth2PermissionGrants", params=asked), "id")

        assert found("consentType eq 'AllPrincipals'") == [all_of_them]
        assert found(f"principalId eq '{robin}'") == [one]
        assert found(f"resourceId eq '{graph}'") == [all_of_them, one]
        assert found(f"resourceId eq '{UNKNOWN}'") == []
        of_client = world.graph("GET", f"/servicePrincipals/{app.principal_id}/oauth2PermissionGrants")
        assert values(of_client, "id") == [all_of_them, one]
        of_robin = world.graph("GET", f"/users/{robin}/oauth2PermissionGrants?$top=999")
        assert one in values(of_robin, "id")
        assert all_of_them not in values(of_robin, "id")

    def test_what_was_withdrawn_is_asked_for_again(self, world: World) -> None:
        app = world.register()
        world.tokens(app)
        asked = {"$filter": f"clientId eq '{app.principal_id}'"}
        for grant in values(world.graph("GET", "/oauth2PermissionGrants", params=asked), "id"):
            assert world.graph("DELETE", f"/oauth2PermissionGrants/{grant}").status_code == 204
        browser = world.browser()
        picked = browser.open(app.asks())
        page = page_of(browser.press(page_of(picked), "account", upn("robin")))
        assert page.kind == "consent"

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            ({"consentType": "Principal"}, "Property 'consentType' is read-only and cannot be set\\."),
            ({"scope": 1}, "Invalid value specified for property 'scope' of resource 'OAuth2PermissionGrant'\\."),
            ({"nonsense": 1}, "Invalid property 'nonsense'\\."),
        ],
    )
    def test_what_can_not_change(self, world: World, grant: dict[str, Any], body: Any, message: str) -> None:
        answer = world.graph("PATCH", f"/oauth2PermissionGrants/{grant['id']}", json=body)
        refused(answer, 400, "Request_BadRequest", message)

    def test_members_do_not_change_consent(self, world: World, grant: dict[str, Any]) -> None:
        robin = world.graph_token("robin")
        path = f"/oauth2PermissionGrants/{grant['id']}"
        for method in ("PATCH", "DELETE"):
            refused(world.graph(method, path, robin, json={"scope": "Mail.Send"}), *DENIED)


class TestRoles:
    def test_users_groups_and_applications_get_them(self, world: World) -> None:
        roles = [role("User"), role("Application"), role("User", "Application")]
        app, client = world.register(appRoles=roles), world.register()
        robin, finance = world.user_id("robin"), world.group_id("Finance")
        path = f"/servicePrincipals/{app.principal_id}/appRoleAssignedTo"
        for principal, number in ((robin, 0), (finance, 2), (client.principal_id, 1)):
            body = {"principalId": principal, "resourceId": app.principal_id, "appRoleId": roles[number]["id"]}
            made = world.made(path, body)
            assert {name: made[name] for name in body} == body
        listed = world.graph("GET", path).json()["value"]
        assert [(one["principalType"], one["principalDisplayName"]) for one in listed] == [
            ("User", "Robin Marsh"), ("Group", "Finance"), ("ServicePrincipal", "Expenses"),
        ]  # fmt: skip
        assert {one["resourceDisplayName"] for one in listed} == {"Expenses"}
        asked = {"$filter": f"resourceId eq {app.principal_id}"}  # a GUID without quotes, as the reference has it
        assert values(world.graph("GET", f"/users/{robin}/appRoleAssignments", params=asked), "appRoleId") == [
            roles[0]["id"]
        ]
        (of_client,) = world.graph("GET", f"/servicePrincipals/{client.principal_id}/appRoleAssignments").json()[
            "value"
        ]
        assert world.graph("DELETE", f"{path}/{of_client['id']}").status_code == 204
        assert len(world.graph("GET", path).json()["value"]) == 2
        of_robin = listed[0]["id"]
        assert world.graph("DELETE", f"/users/{robin}/appRoleAssignments/{of_robin}").status_code == 204
        refused(world.graph("DELETE", f"{path}/{of_robin}"), 404, "Request_ResourceNotFound", ".+")

    def test_a_role_is_for_those_it_names(self, world: World) -> None:
        for_users, for_apps, off = role("User"), role("Application"), role("User", isEnabled=False)
        app = world.register(appRoles=[for_users, for_apps, off])
        path = f"/servicePrincipals/{app.principal_id}/appRoleAssignedTo"
        robin = world.user_id("robin")
        message = "Permission being assigned was not found on application\\."
        wrong = [(app.principal_id, for_users), (robin, for_apps), (robin, off), (app.object_id, for_users)]
        for principal, one in wrong:
            body = {"principalId": principal, "resourceId": app.principal_id, "appRoleId": one["id"]}
            refused(world.graph("POST", path, json=body), 400, "Request_BadRequest", message)
        body = {"principalId": robin, "resourceId": app.principal_id, "appRoleId": DEFAULT_ROLE}
        refused(world.graph("POST", path, json=body), 400, "Request_BadRequest", message)
        bare = world.register()
        world.assign(bare, robin)  # without roles there is the default one

    def test_graphs_own_roles_are_given_by_the_highest_administrators(self, world: World) -> None:
        app = world.register()
        robin = world.graph_token("robin")
        graph = world.principal_of(GRAPH_APP)
        body = {
            "principalId": app.principal_id,
            "resourceId": graph,
            "appRoleId": "df021288-bdef-4463-88db-98f22de89214",
        }
        path = f"/servicePrincipals/{app.principal_id}/appRoleAssignments"
        refused(world.graph("POST", path, robin, json=body), *DENIED)
        made = world.made(path, body)
        refused(world.graph("DELETE", f"{path}/{made['id']}", robin), *DENIED)

    def test_an_owner_gives_those_of_what_is_theirs(self, world: World) -> None:
        robin = world.graph_token("robin")
        given = role("User")
        made = world.graph("POST", "/applications", robin, json={"displayName": "Roles", "appRoles": [given]}).json()
        served = world.graph("POST", "/servicePrincipals", robin, json={"appId": made["appId"]}).json()
        body = {"principalId": world.user_id("sam"), "resourceId": served["id"], "appRoleId": given["id"]}
        path = f"/servicePrincipals/{served['id']}/appRoleAssignedTo"
        assert world.graph("POST", path, robin, json=body).status_code == 201
        other = body | {"principalId": world.user_id("robin")}
        refused(world.graph("POST", path, world.graph_token("sam"), json=other), *DENIED)


class TestServicePrincipals:
    def test_its_own_properties_change_and_the_rest_follows(self, world: World) -> None:
        app = world.register("Before")
        path = f"/servicePrincipals/{app.principal_id}"
        own = {"accountEnabled": False, "appRoleAssignmentRequired": True, "tags": ["one"], "notes": "kept"}
        assert world.graph("PATCH", path, json=own).status_code == 204
        world.change(app, displayName="After", identifierUris=[])
        told = world.graph("GET", path).json()
        assert {name: told[name] for name in own} == own
        assert (told["displayName"], told["appDisplayName"]) == ("After", "After")
        assert told["servicePrincipalNames"] == [app.client_id]

    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            ({"accountEnabled": "no"}, 400, "Request_BadRequest"),
            ({"tags": "x"}, 400, "Request_BadRequest"),
            ({"tags": [1]}, 400, "Request_BadRequest"),
            ({"notes": 1}, 400, "Request_BadRequest"),
            ({"nonsense": 1}, 400, "Request_BadRequest"),
            ({"homepage": "https://a.example"}, 501, "notImplemented"),
        ],
    )
    def test_what_can_not_be_set(self, world: World, app: App, body: Any, status: int, code: str) -> None:
        refused(world.graph("PATCH", f"/servicePrincipals/{app.principal_id}", json=body), status, code, ".+")

    def test_it_has_secrets_of_its_own(self, world: World) -> None:
        app = world.register()
        path = f"/servicePrincipals/{app.principal_id}"
        made = world.made(f"{path}/addPassword", {"passwordCredential": {"displayName": "own"}})
        assert world.client_credentials(app, client_secret=made["secretText"]).status_code == 200
        (listed,) = world.graph("GET", path).json()["passwordCredentials"]
        assert (listed["displayName"], listed["secretText"]) == ("own", None)
        of_app = world.graph("GET", f"/applications/{app.object_id}").json()["passwordCredentials"]
        assert [entry["displayName"] for entry in of_app] == [None]
        stranger = {"keyId": of_app[0]["keyId"]}
        refused(world.graph("POST", f"{path}/removePassword", json=stranger), 400, "Request_BadRequest", ".+")
        assert world.graph("POST", f"{path}/removePassword", json={"keyId": made["keyId"]}).status_code == 204
        assert world.client_credentials(app, client_secret=made["secretText"]).json()["error_codes"] == [7000215]

    def test_a_managed_identity_has_none(self, world: World) -> None:
        asked = {"$filter": "servicePrincipalType eq 'ManagedIdentity'"}
        identity = world.graph("GET", "/servicePrincipals", params=asked).json()["value"][0]
        answer = world.graph("POST", f"/servicePrincipals/{identity['id']}/addPassword", json={})
        refused(answer, 400, "Request_BadRequest", ".+")

    def test_deleted_its_consent_is_gone(self, world: World) -> None:
        app = world.register()
        world.tokens(app)
        world.assign(app, world.user_id("sam"))
        asked = {"$filter": f"clientId eq '{app.principal_id}'"}
        assert values(world.graph("GET", "/oauth2PermissionGrants", params=asked), "id")
        assert world.graph("DELETE", f"/servicePrincipals/{app.principal_id}").status_code == 204
        assert values(world.graph("GET", "/oauth2PermissionGrants", params=asked), "id") == []
        mine = world.graph("GET", f"/users/{world.user_id('sam')}/appRoleAssignments")
        assert app.principal_id not in values(mine, "resourceId")
        refused(world.graph("GET", f"/servicePrincipals/{app.principal_id}"), 404, "Request_ResourceNotFound", ".+")


class TestDeleting:
    def test_an_application_can_be_brought_back(self, world: World) -> None:
        app = world.register("Deleted")
        path, gone = f"/applications/{app.object_id}", f"/directory/deletedItems/{app.object_id}"
        assert world.client_credentials(app).status_code == 200
        assert world.graph("DELETE", path).status_code == 204
        refused(world.graph("GET", path), 404, "Request_ResourceNotFound", ".+")
        refused(world.graph("DELETE", path), 404, "Request_ResourceNotFound", ".+")
        assert world.client_credentials(app).json()["error_codes"] == [700016]
        kept = world.graph("GET", "/directory/deletedItems/microsoft.graph.application").json()["value"]
        (one,) = (item for item in kept if item["id"] == app.object_id)
        assert (one["displayName"], bool(one["deletedDateTime"])) == ("Deleted", True)
        asked = world.graph("GET", gone).json()
        assert (asked["@odata.type"], asked["appId"]) == ("#microsoft.graph.application", app.client_id)
        served = world.graph("GET", "/directory/deletedItems/microsoft.graph.servicePrincipal").json()["value"]
        assert app.principal_id in [item["id"] for item in served]
        restored = world.graph("POST", f"{gone}/restore")
        assert (restored.status_code, restored.json()["deletedDateTime"]) == (200, None)
        assert world.graph("GET", path).json()["identifierUris"] == [app.uri]
        assert world.graph("GET", f"/servicePrincipals/{app.principal_id}").status_code == 200
        assert world.client_credentials(app).status_code == 200
        refused(world.graph("GET", gone), 404, "Request_ResourceNotFound", ".+")

    def test_for_good(self, world: World) -> None:
        app = world.register()
        gone = f"/directory/deletedItems/{app.object_id}"
        world.graph("DELETE", f"/applications/{app.object_id}")
        assert world.graph("DELETE", gone).status_code == 204
        for method, where in (("GET", gone), ("POST", f"{gone}/restore"), ("DELETE", gone)):
            refused(world.graph(method, where), 404, "Request_ResourceNotFound", ".+")

    def test_its_name_is_free_and_then_it_does_not_come_back(self, world: World) -> None:
        uri = f"https://{world.domain}/{uuid.uuid4()}"
        first, second = world.register(), world.register()
        world.change(first, identifierUris=[uri])
        world.graph("DELETE", f"/applications/{first.object_id}")
        world.change(second, identifierUris=[uri])
        refused(
            world.graph("POST", f"/directory/deletedItems/{first.object_id}/restore"), 400, "Request_BadRequest",
            "Another object with the same value for property identifierUris already exists\\.",
        )  # fmt: skip
        assert world.graph("GET", f"/directory/deletedItems/{first.object_id}").status_code == 200

    def test_a_service_principal_alone(self, world: World) -> None:
        app = world.register()
        world.graph("DELETE", f"/servicePrincipals/{app.principal_id}")
        again = world.made("/servicePrincipals", {"appId": app.client_id})
        answer = world.graph("POST", f"/directory/deletedItems/{app.principal_id}/restore")
        refused(answer, 400, "Request_BadRequest", ".+")
        world.graph("DELETE", f"/servicePrincipals/{again['id']}")
        assert world.graph("POST", f"/directory/deletedItems/{app.principal_id}/restore").status_code == 200

    def test_after_thirty_days(self, world: World) -> None:
        avery = token_in(world, "later")
        made = world.graph("POST", "/applications", avery, json={"displayName": "Old"}).json()
        world.graph("DELETE", f"/applications/{made['id']}", avery)
        gone = f"/directory/deletedItems/{made['id']}"
        assert world.graph("GET", gone, avery).status_code == 200
        with world.tenant.control() as control:
            assert control.patch("/directories/later", json={"clock": 31 * 86_400}).status_code == 200
        later = token_in(world, "later")
        refused(world.graph("GET", gone, later), 404, "Request_ResourceNotFound", ".+")


class TestReplication:
    def test_what_was_just_made_is_not_there_yet(self, world: World) -> None:
        """Source: facts: read after write may be a 404 for seconds; az retries on these very words"""
        avery = token_in(world, "slow")
        with world.tenant.control() as control:
            assert control.patch("/directories/slow", json={"replication_delay": 20}).status_code == 200
        made = world.graph("POST", "/applications", avery, json={"displayName": "New"}).json()
        path = f"/applications/{made['id']}"
        for method, where, body in (
            ("GET", path, None), ("PATCH", path, {"notes": "x"}), ("POST", f"{path}/addPassword", {}),
            ("GET", f"/applications(appId='{made['appId']}')", None), ("DELETE", path, None),
        ):  # fmt: skip
            refused(world.graph(method, where, avery, json=body), 404, "Request_ResourceNotFound", ".+")
        asked = {"$filter": f"appId eq '{made['appId']}'"}
        assert values(world.graph("GET", "/applications", avery, params=asked), "id") == []
        refused(
            world.graph("POST", "/servicePrincipals", avery, json={"appId": made["appId"]}), 400,
            "NoBackingApplicationObject", ".+ does not reference a valid application object\\.",
        )  # fmt: skip
        with world.tenant.control() as control:
            assert control.patch("/directories/slow", json={"clock": 30}).status_code == 200
        assert world.graph("GET", path, avery).status_code == 200
        assert world.graph("POST", "/servicePrincipals", avery, json={"appId": made["appId"]}).status_code == 201

    def test_without_a_delay_it_is(self, world: World) -> None:
        made = world.made("/applications", {"displayName": "New"})
        assert world.graph("GET", f"/applications/{made['id']}").status_code == 200


class TestProperties:
    @pytest.mark.parametrize(
        ("body", "code", "message"),
        [
            ({"signInAudience": "AzureADandPersonalMicrosoftAccount", "api": {"requestedAccessTokenVersion": 1}},
             "InvalidAccessTokenVersion", "Access Token Accepted Version may not be 1 or null\\. .+"),
            ({"groupMembershipClaims": "Everything"}, "Request_BadRequest", "Invalid value .+"),
            ({"optionalClaims": {"idToken": [{}]}}, "Request_BadRequest", "Invalid value .+"),
            ({"optionalClaims": {"nonsense": []}}, "Request_BadRequest", "Invalid value .+"),
            ({"api": {"oauth2PermissionScopes": [scope_entry("has space")]}}, "Request_BadRequest", "Invalid value .+"),
            ({"api": {"oauth2PermissionScopes": [scope_entry(".dot")]}}, "Request_BadRequest", "Invalid value .+"),
            ({"api": {"oauth2PermissionScopes": [scope_entry("x" * 121)]}}, "Request_BadRequest", "Invalid value .+"),
            ({"api": {"preAuthorizedApplications": [{"appId": UNKNOWN, "delegatedPermissionIds": [UNKNOWN]}]}},
             "InvalidValue", ".+ cannot be found in the AppPermissions sets\\."),
            ({"api": {"preAuthorizedApplications": [{"appId": UNKNOWN, "delegatedPermissionIds": []}] * 2}},
             "DuplicateValue", ".+"),
            ({"web": {"redirectUris": [f"https://a.example/{n}" for n in range(257)]}}, "Request_BadRequest", ".+"),
            ({"web": {"redirectUris": [f"https://a.example/{n}" for n in range(129)]},
              "spa": {"redirectUris": [f"https://b.example/{n}" for n in range(128)]}},
             "Directory_QuotaExceeded", ".+"),
            ({"signInAudience": "PersonalMicrosoftAccount",
              "web": {"redirectUris": [f"https://a.example/{n}" for n in range(101)]}},
             "Directory_QuotaExceeded", ".+"),
            ({"requiredResourceAccess": [{"resourceAppId": UNKNOWN, "resourceAccess": []}] * 51},
             "Request_BadRequest", "Invalid value .+"),
        ],
    )  # fmt: skip
    def test_what_is_refused(self, world: World, body: Any, code: str, message: str) -> None:
        """[MEM] the codes and texts of InvalidValue and Directory_QuotaExceeded."""
        refused(world.graph("POST", "/applications", json={"displayName": "P"} | body), 400, code, message)

    def test_an_enabled_role_is_disabled_before_it_goes(self, world: World) -> None:
        one = role("User")
        app = world.register(appRoles=[one])
        path = f"/applications/{app.object_id}"
        answer = world.graph("PATCH", path, json={"appRoles": []})
        refused(answer, 400, "CannotDeleteOrUpdateEnabledEntitlement", ".+")
        world.change(app, appRoles=[one | {"isEnabled": False}])
        world.change(app, appRoles=[])

    def test_what_was_read_can_be_sent_back(self, world: World) -> None:
        """A client that reads an application, changes one thing and sends all of it."""
        optional = {"idToken": [{"name": "email", "essential": False, "additionalProperties": [], "source": None}]}
        app = world.register(appRoles=[role("User")], groupMembershipClaims="SecurityGroup", optionalClaims=optional)
        path = f"/applications/{app.object_id}"
        read = {name: value for name, value in world.graph("GET", path).json().items() if "@odata" not in name}
        assert world.graph("PATCH", path, json=read | {"notes": "changed"}).status_code == 204
        assert world.graph("GET", path).json()["notes"] == "changed"
        stranger = read | {"appId": UNKNOWN}
        refused(
            world.graph("PATCH", path, json=stranger), 400, "Request_BadRequest", "Property 'appId' is read-only .+"
        )

    def test_personal_accounts_bring_version_2(self, world: World) -> None:
        """Source: recorded in azure-cli's test_app_federated_credential.yaml"""
        made = world.made("/applications", {"displayName": "P", "signInAudience": "AzureADandPersonalMicrosoftAccount"})
        assert made["api"]["requestedAccessTokenVersion"] == 2

    def test_where_it_was_made(self, world: World) -> None:
        answer = world.graph("POST", "/applications", json={"displayName": fresh()})
        assert answer.headers["location"].endswith(f"/applications/{answer.json()['id']}")
