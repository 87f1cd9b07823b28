"""Microsoft Graph, as far as it is there: what it answers, what it refuses, and in which words."""

from __future__ import annotations

import base64
import json
import re
import uuid
from datetime import datetime
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from .browser import KIM, upn
from .graph_help import DENIED, UNKNOWN, refused, user_token
from .process import GRAPH
from .world import CLI, GRAPH_APP, App, World, is_guid, scope_entry

ME = [
    *("businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation"),
    *("preferredLanguage", "surname", "userPrincipalName", "id"),
]
ROLE = {
    "id": str(uuid.uuid4()),
    "displayName": "Run",
    "description": "Run",
    "allowedMemberTypes": ["User", "Application"],
}


class TestPeople:
    @pytest.mark.parametrize("path", ["/me", "//me", "///me"])
    @pytest.mark.parametrize("version", ["v1.0", "beta"])
    def test_me(self, world: World, version: str, path: str) -> None:
        answer = world.graph("GET", path, version=version)
        assert answer.status_code == 200
        body = answer.json()
        assert list(body) == ["@odata.context", *ME]
        assert body["@odata.context"] == f"{GRAPH}/{version}/$metadata#users/$entity"
        assert (body["userPrincipalName"], body["displayName"]) == (upn("avery"), "Avery Lang")

    def test_the_head_of_an_answer(self, world: World) -> None:
        correlation = str(uuid.uuid4())
        headers = world.graph("GET", "/me", headers={"client-request-id": correlation}).headers
        assert is_guid(headers["request-id"])
        assert headers["client-request-id"] == correlation
        assert headers["odata-version"] == "4.0"
        assert "ServerInfo" in json.loads(headers["x-ms-ags-diagnostic"])
        assert headers["content-type"].startswith("application/json;odata.metadata=minimal;")

    @pytest.mark.parametrize("hostile", ["a\r\nSet-Cookie: x=y", "€", "x" * 200, "\x00"])
    def test_a_request_id_that_is_no_guid_is_not_repeated(self, world: World, hostile: str) -> None:
        answer = world.graph("GET", "/me", params={"client-request-id": hostile})
        assert is_guid(answer.headers["client-request-id"])
        assert "set-cookie" not in answer.headers

    def test_someone_by_id_or_name(self, world: World) -> None:
        robin = world.graph("GET", f"/users/{upn('robin')}").json()
        assert world.graph("GET", f"/users/{robin['id']}").json() == robin
        assert world.graph("GET", f"/users/{upn('robin').upper()}").json() == robin
        kim = world.graph("GET", f"/users/{KIM.replace('#', '%23')}").json()
        assert (kim["userPrincipalName"], kim["mail"]) == (KIM, "kim@fabrikam.example")

    def test_select(self, world: World) -> None:
        body = world.graph("GET", "/me", params={"$select": "id, department,userType"}).json()
        assert list(body) == ["@odata.context", "id", "department", "userType"]
        body = world.graph("GET", "/organization", params={"$select": "id"}).json()
        assert body["value"] == [{"id": world.tenant.id}]

    def test_the_organization(self, world: World) -> None:
        body = world.graph("GET", "/organization").json()
        (organization,) = body["value"]
        assert body["@odata.context"] == f"{GRAPH}/v1.0/$metadata#organization"
        assert organization["id"] == world.tenant.id
        assert "PRACTICE" in organization["displayName"]
        assert [domain["name"] for domain in organization["verifiedDomains"]] == ["contoso.onmicrosoft.com"]

    def test_someone_unknown(self, world: World) -> None:
        message = "Resource 'nobody' does not exist or one of its queried reference-property objects are not present\\."
        refused(world.graph("GET", "/users/nobody"), 404, "Request_ResourceNotFound", message)

    def test_an_application_is_nobody(self, world: World, app: App) -> None:
        token = world.client_credentials(app, f"{GRAPH}/.default").json()["access_token"]
        message = "/me request is only valid with delegated authentication flow\\."
        refused(world.graph("GET", "/me", token), 400, "BadRequest", message)

    def test_the_government_cloud(self, world: World, app: App) -> None:
        us = "https://graph.microsoft.us"
        token = world.client_credentials(app, f"{us}/.default", host="https://login.microsoftonline.us").json()
        answer = world.http.get(f"{us}/v1.0/me", headers={"Authorization": f"Bearer {token['access_token']}"})
        assert answer.status_code == 400  # an application, but let in

    def test_the_direct_listener_answers_too(self, world: World) -> None:
        with world.tenant.direct() as http:
            answer = http.get("/v1.0/me", headers={"Authorization": f"Bearer {world.administrator}"})
        assert answer.json()["userPrincipalName"] == upn("avery")


class TestPermissions:
    @pytest.mark.parametrize(
        ("method", "path", "scope"),
        [
            ("GET", "/me", "Files.Read"),
            ("GET", f"/users/{upn('sam')}", "User.Read"),
            ("GET", "/organization", "Files.Read"),
            ("POST", "/applications", "Application.Read.All"),
            ("GET", f"/applications/{UNKNOWN}", "User.Read"),
            ("PATCH", f"/applications/{UNKNOWN}", "Application.Read.All"),
            ("POST", f"/applications/{UNKNOWN}/addPassword", "Application.Read.All"),
            ("POST", "/servicePrincipals", "Application.Read.All"),
            ("GET", f"/servicePrincipals/{UNKNOWN}", "User.Read"),
            ("POST", f"/servicePrincipals/{UNKNOWN}/appRoleAssignments", "Application.ReadWrite.All"),
            ("POST", "/oauth2PermissionGrants", "Application.ReadWrite.All"),
        ],
    )
    def test_without_the_scope(self, world: World, method: str, path: str, scope: str) -> None:
        token = user_token(world, scope)
        refused(world.graph(method, path, token, json={}), *DENIED)

    @pytest.mark.parametrize(
        ("method", "path"), [("GET", "/organization"), ("POST", "/applications"), ("GET", f"/users/{upn('sam')}")]
    )
    def test_an_application_without_a_role(self, world: World, app: App, method: str, path: str) -> None:
        token = world.client_credentials(app, f"{GRAPH}/.default").json()["access_token"]
        refused(world.graph(method, path, token, json={}), *DENIED)

    def test_an_application_with_a_role(self, world: World) -> None:
        app = world.register()
        graph = world.principal_of(GRAPH_APP)
        role = "df021288-bdef-4463-88db-98f22de89214"  # User.Read.All
        assignment = {"principalId": app.principal_id, "resourceId": graph, "appRoleId": role}
        world.made(f"/servicePrincipals/{app.principal_id}/appRoleAssignments", assignment)
        token = world.client_credentials(app, f"{GRAPH}/.default").json()["access_token"]
        assert world.graph("GET", f"/users/{upn('sam')}", token).status_code == 200

    def test_everyone_may_read_themselves(self, world: World) -> None:
        token = user_token(world, "User.Read")
        assert world.graph("GET", f"/users/{upn('robin')}", token).status_code == 200
        assert world.graph("GET", "/me", token).json()["displayName"] == "Robin Marsh"

    def test_only_an_administrator_grants_permissions(self, world: World, app: App) -> None:
        grant = {"clientId": app.principal_id, "consentType": "AllPrincipals", "resourceId": app.principal_id}
        token = world.graph_token("robin")
        refused(world.graph("POST", "/oauth2PermissionGrants", token, json=grant | {"scope": "access"}), *DENIED)


class TestBadTokens:
    @pytest.fixture(scope="class")
    @staticmethod
    def good(world: World) -> str:
        return user_token(world, "User.Read")

    @pytest.mark.parametrize("header", [None, "", "Bearer", "Basic YTpi", "nonsense"])
    def test_none(self, world: World, header: str | None) -> None:
        headers = {} if header is None else {"Authorization": header}
        answer = world.http.get(f"{GRAPH}/v1.0/me", headers=headers)
        refused(answer, 401, "InvalidAuthenticationToken", "Access token is empty\\.")
        assert answer.headers["www-authenticate"].startswith('Bearer realm=""')

    @pytest.mark.parametrize(
        "token",
        [
            *("x", "a.b", "a.b.c", "a.b.c.d", "..", "e30.e30.", "é.é.é", "W10.W10.eA", "e30.bnVsbA.eA"),
            "1.A" + "x" * 100,
            "x" * 20_000,
            base64.urlsafe_b64encode(b'{"nonce":"\\ud800"}').decode().rstrip("=") + ".e30.eA",
            base64.urlsafe_b64encode(b"[" * 5_000).decode() + ".e30.eA",
            base64.urlsafe_b64encode(b'{"kid":' + b"9" * 5_000 + b"}").decode() + ".e30.eA",
        ],
    )
    def test_not_a_token(self, world: World, token: str) -> None:
        headers = [(b"Authorization", f"Bearer {token}".encode())]
        answer = world.http.get(f"{GRAPH}/v1.0/me", headers=headers)
        refused(answer, 401, "InvalidAuthenticationToken", "(IDX14100: JWT is not well formed|Signature is invalid)\\.")

    def test_another_audience(self, world: World, app: App) -> None:
        token = world.tokens(app)["access_token"]
        refused(world.graph("GET", "/me", token), 401, "InvalidAuthenticationToken", "Invalid audience\\.")

    def test_an_id_token(self, world: World, app: App) -> None:
        token = world.tokens(app)["id_token"]
        refused(world.graph("GET", "/me", token), 401, "InvalidAuthenticationToken", "Invalid audience\\.")

    def test_a_changed_claim(self, world: World, good: str) -> None:
        header, body, signature = good.split(".")
        claims = json.loads(base64.urlsafe_b64decode(body + "=="))
        claims["scp"] = "Directory.AccessAsUser.All"
        forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
        answer = world.graph("GET", "/me", f"{header}.{forged}.{signature}")
        refused(answer, 401, "InvalidAuthenticationToken", "Signature is invalid\\.")

    @pytest.mark.parametrize("algorithm", ["none", "HS256", "RS256", "RS512"])
    def test_a_signature_of_someone_else(self, world: World, good: str, algorithm: str) -> None:
        claims = jwt.decode(good, options={"verify_signature": False})
        kid = jwt.get_unverified_header(good)["kid"]
        keys: dict[str, Any] = {"none": "", "HS256": "k" * 32}
        key = keys[algorithm] if algorithm in keys else rsa.generate_private_key(65537, 2048)
        forged = jwt.encode(claims, key, algorithm, headers={"kid": kid})
        answer = world.graph("GET", "/me", forged)
        refused(answer, 401, "InvalidAuthenticationToken", "Signature is invalid\\.")

    def test_without_the_nonce_the_signature_does_not_hold(self, world: World, good: str) -> None:
        header, rest = good.split(".", 1)
        members = json.loads(base64.urlsafe_b64decode(header + "=="))
        del members["nonce"]
        stripped = base64.urlsafe_b64encode(json.dumps(members, separators=(",", ":")).encode()).decode().rstrip("=")
        answer = world.graph("GET", "/me", f"{stripped}.{rest}")
        refused(answer, 401, "InvalidAuthenticationToken", "Signature is invalid\\.")

    @pytest.mark.parametrize(
        ("changes", "algorithm", "message"),
        [
            ({}, "RS256", ""),
            ({"exp": 1}, "RS256", "Access token has expired or is not yet valid\\."),
            ({"nbf": 2**40}, "RS256", "Access token has expired or is not yet valid\\."),
            ({"exp": None}, "RS256", "Access token has expired or is not yet valid\\."),
            ({"exp": "soon"}, "RS256", "Access token has expired or is not yet valid\\."),
            ({"aud": ["x"]}, "RS256", "Invalid audience\\."),
            ({"aud": GRAPH + "/"}, "RS256", ""),
            ({"tid": UNKNOWN}, "RS256", "Access token validation failure\\. Invalid tenant\\."),
            ({"oid": UNKNOWN}, "RS256", "The user account is disabled or was deleted\\."),
            ({}, "RS512", "Signature is invalid\\."),
        ],
    )
    def test_signed_with_the_tenants_own_key(
        self, world: World, good: str, changes: dict[str, Any], algorithm: str, message: str
    ) -> None:
        ((kid, pem),) = world.tenant.sql("SELECT kid, private_pem FROM signing_keys")
        claims = jwt.decode(good, options={"verify_signature": False}) | changes
        header, body = ({"typ": "JWT", "alg": algorithm, "kid": kid}, claims)
        signed = ".".join(
            base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, body)
        )
        key = serialization.load_pem_private_key(pem, None)
        assert isinstance(key, rsa.RSAPrivateKey)
        signature = key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        token = f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"
        answer = world.graph("GET", "/me", token)
        if message:
            refused(answer, 401, "InvalidAuthenticationToken", message)
        else:
            assert answer.status_code == 200

    def test_of_someone_whose_account_was_disabled(self, world: World) -> None:
        other, sam = world.directory("proseware"), "sam@proseware.onmicrosoft.com"
        answer = world.browser().sign_in(CLI.asks(scope=f"{GRAPH}/.default"), sam, tenant=other)
        token = world.redeem(CLI, answer["code"], tenant=other).json()["access_token"]
        assert world.graph("GET", "/me", token).status_code == 200
        world.disable_account(sam)
        refused(world.graph("GET", "/me", token), 401, "InvalidAuthenticationToken", ".+ disabled or was deleted\\.")


class TestWhatIsMissing:
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/me/manager"),
            ("GET", "/users/delta"),
            ("POST", f"/applications/{UNKNOWN}/addKey"),
            ("PUT", "/nonsense"),
            ("GET", "/me?$expand=manager"),
            ("GET", "/me?$filter=id eq 'x'"),
            ("GET", "/users?$expand=manager"),
        ],
    )
    def test_is_said_to_be_missing(self, world: World, method: str, path: str) -> None:
        bare = path.partition("?")[0]
        message = rf"The PRACTICE tenant has no {method} /v1\.0{re.escape(bare)}( with \S+)? yet; Microsoft Graph may\."
        refused(world.graph(method, path), 501, "notImplemented", message)

    def test_but_only_to_those_who_are_let_in(self, world: World) -> None:
        refused(world.graph("GET", "/me/manager", "x"), 401, "InvalidAuthenticationToken", ".+")

    def test_outside_of_any_version(self, world: World) -> None:
        headers = {"Authorization": f"Bearer {world.administrator}"}
        answer = world.http.get(f"{GRAPH}/oidc/elsewhere", headers=headers)
        refused(answer, 501, "notImplemented", "The PRACTICE tenant has no GET /oidc/elsewhere yet; .+")

    @pytest.mark.parametrize("host", ["microsoft.com", "entra.microsoft.com"])
    def test_hosts_of_later(self, world: World, host: str) -> None:
        answer = world.http.get(f"https://{host}/applications")
        assert answer.status_code == 501
        assert answer.text == f"The PRACTICE tenant has no GET https://{host}/applications yet.\n"


class TestRegistering:
    def test_an_application_has_every_property(self, world: World) -> None:
        body = world.made("/applications", {"displayName": "Whole"})
        assert {
            *("id", "deletedDateTime", "appId", "applicationTemplateId", "identifierUris", "createdDateTime"),
            *("displayName", "isFallbackPublicClient", "isDeviceOnlyAuthSupported", "groupMembershipClaims"),
            *("optionalClaims", "addIns", "publisherDomain", "signInAudience", "verifiedPublisher", "certification"),
            *("tags", "tokenEncryptionKeyId", "samlMetadataUrl", "disabledByMicrosoftStatus", "api", "appRoles"),
            *("publicClient", "spa", "web", "info", "keyCredentials", "passwordCredentials"),
            *("parentalControlSettings", "requiredResourceAccess", "serviceManagementReference"),
        } <= set(body)
        assert uuid.UUID(body["id"]) != uuid.UUID(body["appId"])
        assert body["signInAudience"] == "AzureADMyOrg"
        assert body["api"]["requestedAccessTokenVersion"] is None
        assert body["publisherDomain"] == "contoso.onmicrosoft.com"

    def test_it_is_found_by_id_and_by_application_id(self, world: World) -> None:
        app = world.register("Found")
        one = world.graph("GET", f"/applications/{app.object_id}").json()
        two = world.graph("GET", f"/applications(appId='{app.client_id}')").json()
        assert one == two
        assert (one["displayName"], one["identifierUris"]) == ("Found", [app.uri])
        for path in (f"/applications/{app.client_id}", f"/applications(appId='{app.object_id}')"):
            refused(world.graph("GET", path), 404, "Request_ResourceNotFound", "Resource '.+' does not exist .+")

    def test_a_patch_merges_objects_and_replaces_lists(self, world: World) -> None:
        app = world.register()
        before = world.graph("GET", f"/applications/{app.object_id}").json()
        world.change(app, web={"logoutUrl": "https://a.example/out"}, tags=["one"])
        world.change(app, tags=["two"], api={"acceptMappedClaims": True})
        after = world.graph("GET", f"/applications/{app.object_id}").json()
        assert after["web"]["redirectUris"] == before["web"]["redirectUris"]
        assert after["web"]["logoutUrl"] == "https://a.example/out"
        assert after["tags"] == ["two"]
        assert after["api"] == before["api"] | {"acceptMappedClaims": True}

    def test_annotations_of_a_client_library_are_not_kept(self, world: World) -> None:
        annotated = {"@odata.type": "#microsoft.graph.webApplication", "redirectUris": ["https://a.example/"]}
        body = world.made("/applications", {"displayName": "A", "@odata.type": "#x", "web": annotated})
        assert "@odata.type" not in json.dumps(body)

    def test_a_secret_is_shown_once(self, world: World) -> None:
        app = world.register()
        asked = {"displayName": "second", "endDateTime": "2030-01-01T00:00:00Z"}
        made = world.made(f"/applications/{app.object_id}/addPassword", {"passwordCredential": asked})
        assert (made["displayName"], made["endDateTime"]) == ("second", "2030-01-01T00:00:00Z")
        assert made["hint"] == made["secretText"][:3]
        listed = world.graph("GET", f"/applications/{app.object_id}")
        assert [entry["displayName"] for entry in listed.json()["passwordCredentials"]] == ["second", None]
        assert {entry["secretText"] for entry in listed.json()["passwordCredentials"]} == {None}
        for secret in (app.secret, made["secretText"]):
            assert secret not in listed.text

    def test_a_secret_lasts_two_years(self, world: World) -> None:
        listed = world.graph("GET", f"/applications/{world.register().object_id}").json()["passwordCredentials"][0]
        lasts = datetime.fromisoformat(listed["endDateTime"]) - datetime.fromisoformat(listed["startDateTime"])
        assert lasts.days == 730

    def test_a_service_principal(self, world: World) -> None:
        app = world.register("Served")
        principal = world.graph("GET", f"/servicePrincipals/{app.principal_id}").json()
        assert principal == world.graph("GET", f"/servicePrincipals(appId='{app.client_id}')").json()
        assert (principal["appId"], principal["displayName"]) == (app.client_id, "Served")
        assert principal["servicePrincipalNames"] == [app.client_id, app.uri]
        assert [scope["value"] for scope in principal["oauth2PermissionScopes"]] == ["access", "manage"]
        refused(
            world.graph("POST", "/servicePrincipals", json={"appId": app.client_id}),
            409, "Request_MultipleObjectsWithSameKeyValue", ".+ is already in use\\.",
        )  # fmt: skip

    def test_graphs_own_principal_resolves_permission_ids(self, world: World) -> None:
        scopes = world.graph("GET", f"/servicePrincipals(appId='{GRAPH_APP}')").json()["oauth2PermissionScopes"]
        ids = {scope["value"]: scope["id"] for scope in scopes}
        assert ids["User.Read"] == "e1fe6dd8-ba31-4d61-89e7-88639da4683d"
        assert ids["offline_access"] == "7427e0e9-2fba-42fe-b0c0-848c9e6a8182"

    def test_a_permission_grant(self, world: World) -> None:
        app = world.register()
        robin = world.graph("GET", f"/users/{upn('robin')}").json()["id"]
        body = {
            "clientId": app.principal_id,
            "consentType": "Principal",
            "principalId": robin,
            "resourceId": app.principal_id,
            "scope": "access",
        }
        made = world.made("/oauth2PermissionGrants", body)
        assert {name: made[name] for name in body} == body
        again = world.graph("POST", "/oauth2PermissionGrants", json=body)
        refused(again, 409, "Request_MultipleObjectsWithSameKeyValue", "Permission entry already exists\\.")

    def test_another_directory_sees_nothing_of_it(self, world: World, app: App) -> None:
        other, avery = world.directory("litware"), "avery@litware.onmicrosoft.com"
        answer = world.browser().sign_in(CLI.asks(scope=f"{GRAPH}/.default"), avery, tenant=other)
        token = world.redeem(CLI, answer["code"], tenant=other).json()["access_token"]
        for path in (
            f"/applications/{app.object_id}",
            f"/applications(appId='{app.client_id}')",
            f"/servicePrincipals/{app.principal_id}",
            f"/users/{upn('robin')}",
        ):
            assert world.graph("GET", path, token).status_code == 404
        assert world.graph("PATCH", f"/applications/{app.object_id}", token, json={}).status_code == 404
        assert world.graph("POST", "/servicePrincipals", token, json={"appId": app.client_id}).status_code == 400


INVALID = "Invalid value specified for property '{}' of resource 'Application'\\."
POLICY = "Failed to add identifier URI .+ default tenant policy of your organization\\. .+"
DOMAIN = "Values of IdentifierUris property must use a verified domain of the organization or its subdomain: '.+'"
TWICE = [scope_entry("same"), scope_entry("same")]


class TestRules:
    @pytest.mark.parametrize(
        ("properties", "code", "message"),
        [
            ({"displayName": ""}, "Request_BadRequest", INVALID.format("displayName")),
            ({"displayName": "x" * 257}, "Request_BadRequest", INVALID.format("displayName")),
            ({"displayName": 1}, "Request_BadRequest", INVALID.format("displayName")),
            ({"signInAudience": "Everyone"}, "Request_BadRequest", INVALID.format("signInAudience")),
            ({"nonsense": 1}, "Request_BadRequest", "Invalid property 'nonsense'\\."),
            ({"id": UNKNOWN}, "Request_BadRequest", "Property 'id' is read-only and cannot be set\\."),
            ({"passwordCredentials": [{"displayName": "x"}]}, "Request_BadRequest",
             "New password credentials must be generated using service actions\\."),
            ({"api": {"requestedAccessTokenVersion": 3}}, "Request_BadRequest", INVALID.format("api")),
            ({"api": {"requestedAccessTokenVersion": True}}, "Request_BadRequest", INVALID.format("api")),
            ({"api": {"oauth2PermissionScopes": [{"value": "x"}]}}, "Request_BadRequest", INVALID.format("api")),
            ({"api": {"oauth2PermissionScopes": TWICE}}, "DuplicateValue", ".+ duplicate values\\."),
            ({"api": {"oauth2PermissionScopes": [scope_entry("a"), scope_entry("b", id=TWICE[0]["id"]), TWICE[0]]}},
             "DuplicateValue", ".+ duplicate values\\."),
            ({"appRoles": [ROLE, ROLE]}, "DuplicateValue", ".+ duplicate values\\."),
            ({"identifierUris": ["api://{client}", "api://{client}"]}, "DuplicateValue", ".+ duplicate values\\."),
            ({"identifierUris": ["api://{client}/"]}, "Request_BadRequest", INVALID.format("identifierUris")),
            ({"identifierUris": ["nonsense"]}, "Request_BadRequest", INVALID.format("identifierUris")),
            ({"identifierUris": ["https://["]}, "Request_BadRequest", INVALID.format("identifierUris")),
            ({"identifierUris": ["https://mcp.example.com/mcp"]}, "Request_BadRequest", DOMAIN),
            ({"identifierUris": ["https://evilcontoso.onmicrosoft.com"]}, "Request_BadRequest", DOMAIN),
            ({"identifierUris": ["http://mcp.example.com/mcp"]}, "Request_BadRequest", DOMAIN),
            ({"identifierUris": ["http://localhost:8000/{client}"]}, "Request_BadRequest", DOMAIN),
            ({"identifierUris": ["HTTP://expenses.azurewebsites.net"]}, "Request_BadRequest", DOMAIN),
            ({"identifierUris": ["api://anything"], "api": {"requestedAccessTokenVersion": None}},
             "Request_BadRequest", POLICY),
            ({"requiredResourceAccess": [{"resourceAppId": "x"}]}, "Request_BadRequest",
             INVALID.format("requiredResourceAccess")),
        ],
    )  # fmt: skip
    def test_what_a_change_may_not_do(self, world: World, properties: Any, code: str, message: str) -> None:
        made = world.made("/applications", {"displayName": "N", "api": {"requestedAccessTokenVersion": 2}})
        path = f"/applications/{made['id']}"
        body = json.loads(json.dumps(properties).replace("{client}", made["appId"]))
        before = world.graph("GET", path).json()
        refused(world.graph("PATCH", path, json=body), 400, code, message)
        assert world.graph("GET", path).json() == before
        refused(world.graph("POST", "/applications", json={"displayName": "N"} | body), 400, code, message)

    @pytest.mark.parametrize(
        "uri",
        [
            "https://contoso.onmicrosoft.com/mcp",
            "https://mcp.contoso.onmicrosoft.com",
            "api://{client}",
            "api://{tenant}/anything",
            "api://anything",  # a resource of version 2 tokens is exempt from the policy
        ],
    )
    def test_identifier_uris_that_are_fine(self, world: World, uri: str) -> None:
        app = world.register()
        uri = uri.format(client=app.client_id, tenant=world.tenant.id)
        world.change(app, identifierUris=[uri])
        taken = world.graph("POST", "/applications", json={"displayName": "Other", "identifierUris": [uri]})
        refused(
            taken, 400, "Request_BadRequest",
            f"Another object with the same value for property identifierUris already exists\\.|{POLICY}",
        )  # fmt: skip
        world.change(app, identifierUris=[app.uri])

    @pytest.mark.parametrize(
        ("uri", "native_only"),
        [
            ("https://a.example/cb", False),
            ("http://localhost:1/cb", False),
            ("http://127.0.0.1/cb", False),
            ("myapp://auth", True),
            ("urn:ietf:wg:oauth:2.0:oob", True),
        ],
    )
    def test_redirect_uris_that_are_fine(self, world: World, uri: str, native_only: bool) -> None:
        body: dict[str, Any] = {"displayName": "R", "publicClient": {"redirectUris": [uri]}}
        assert world.graph("POST", "/applications", json=body).status_code == 201
        for platform in ("web", "spa"):
            answer = world.graph("POST", "/applications", json={"displayName": "R", platform: {"redirectUris": [uri]}})
            assert answer.status_code == (400 if native_only else 201)

    @pytest.mark.parametrize("platform", ["web", "spa", "publicClient"])
    @pytest.mark.parametrize(
        "uri",
        [
            *("http://a.example/cb", "http://[::1]/cb", "https://*.example/cb", "https://a.example/cb#f", "/cb", ""),
            *("javascript:alert(1)", "data:text/html,x", "https://a.example/ cb", "https://[", "https://a\n.example/"),
            *("https:///cb", "https://a.example\\@b.example/", "https://a.example/" + "x" * 256),
        ],
    )
    def test_redirect_uris_that_are_not(self, world: World, platform: str, uri: str) -> None:
        body = {"displayName": "R", platform: {"redirectUris": [uri]}}
        refused(world.graph("POST", "/applications", json=body), 400, "Request_BadRequest", INVALID.format(platform))

    def test_a_scope_is_there_before_a_client_is_preauthorized_for_it(self, world: World) -> None:
        """As in microsoftgraph/microsoft-graph-docs-contrib#1395 and microsoftgraph/msgraph-sdk-dotnet#2044."""
        made = world.made("/applications", {"displayName": "Listed"})
        path, scope = f"/applications/{made['id']}", scope_entry("access")
        client = {"appId": "aebc6443-996d-45c2-90f0-388ff96faa56", "delegatedPermissionIds": [scope["id"]]}
        scopes, clients = {"oauth2PermissionScopes": [scope]}, {"preAuthorizedApplications": [client]}
        answer = world.graph("PATCH", path, json={"api": scopes | clients})
        refused(
            answer,
            400,
            "InvalidValue",
            "Property api\\.preAuthorizedApplications\\.delegatedPermissionIds has a Permission Id that cannot be "
            "found in the AppPermissions sets\\.",
        )
        assert world.graph("GET", path).json()["api"]["oauth2PermissionScopes"] == []
        for api in (scopes, clients, scopes | clients):  # the last as a script that runs again sends it
            assert world.graph("PATCH", path, json={"api": api}).status_code == 204
        second = scope_entry("second")
        later = {"appId": client["appId"], "delegatedPermissionIds": [scope["id"], second["id"]]}
        both = {"oauth2PermissionScopes": [scope, second], "preAuthorizedApplications": [later]}
        refused(world.graph("PATCH", path, json={"api": both}), 400, "InvalidValue", ".+ AppPermissions sets\\.")

    def test_an_enabled_scope_is_disabled_before_it_goes(self, world: World) -> None:
        app = world.register()
        path = f"/applications/{app.object_id}"
        scopes = world.graph("GET", path).json()["api"]["oauth2PermissionScopes"]
        without = {"api": {"oauth2PermissionScopes": scopes[1:]}}
        refused(
            world.graph("PATCH", path, json=without), 400, "CannotDeleteOrUpdateEnabledEntitlement",
            "Permission \\(scope or role\\) cannot be deleted or updated unless disabled first\\.",
        )  # fmt: skip
        disabled = [scopes[0] | {"isEnabled": False}, *scopes[1:]]
        world.change(app, api={"oauth2PermissionScopes": disabled})
        world.change(app, **without)
        principal = world.graph("GET", f"/servicePrincipals/{app.principal_id}").json()
        assert [scope["value"] for scope in principal["oauth2PermissionScopes"]] == ["manage"]

    def test_a_name_is_needed(self, world: World) -> None:
        message = "A value is required for property 'displayName' of resource 'Application'\\."
        refused(world.graph("POST", "/applications", json={}), 400, "Request_BadRequest", message)

    @pytest.mark.parametrize(
        "content",
        [
            b"", b"{", b"[]", b"1", b'"x"', b"null", b"\xff", b'{"displayName":"\\ud800"}', b'{"displayName":NaN}',
            b'{"a":' * 2_000 + b"1" + b"}" * 2_000, b"[" * 100_000,
        ],
    )  # fmt: skip
    def test_a_body_that_is_no_json_object(self, world: World, content: bytes) -> None:
        answer = world.graph("POST", "/applications", content=content, headers={"Content-Type": "application/json"})
        refused(answer, 400, "BadRequest", "Unable to read JSON request payload\\. .+")

    @pytest.mark.parametrize(
        "asked",
        [
            1, [], {"displayName": 1}, {"displayName": "x" * 300}, {"endDateTime": "soon"}, {"endDateTime": 1},
            {"endDateTime": "0001-01-01T00:00:00+14:00"}, {"endDateTime": "9999-12-31T23:59:59-14:00"},
        ],
    )  # fmt: skip
    def test_a_secret_with_wrong_properties(self, world: World, app: App, asked: Any) -> None:
        path = f"/applications/{app.object_id}/addPassword"
        answer = world.graph("POST", path, json={"passwordCredential": asked})
        refused(answer, 400, "Request_BadRequest", "Invalid value specified for property '.+' of resource '.+'\\.")

    @pytest.mark.parametrize(
        ("changes", "status"),
        [
            ({"clientId": UNKNOWN}, 404),
            ({"resourceId": UNKNOWN}, 404),
            ({"clientId": None}, 400),
            ({"scope": 1}, 400),
            ({"consentType": "Everyone"}, 400),
            ({"consentType": "Principal"}, 400),
            ({"principalId": UNKNOWN}, 400),
            ({"consentType": "Principal", "principalId": UNKNOWN}, 404),
        ],
    )
    def test_a_permission_grant_with_wrong_properties(
        self, world: World, app: App, changes: dict[str, Any], status: int
    ) -> None:
        body = {"clientId": app.principal_id, "consentType": "AllPrincipals", "resourceId": app.principal_id}
        answer = world.graph("POST", "/oauth2PermissionGrants", json=body | {"scope": "access"} | changes)
        refused(answer, status, "Request_BadRequest" if status == 400 else "Request_ResourceNotFound", ".+")

    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            ({}, 400, "Request_BadRequest"),
            ({"appId": 1}, 400, "Request_BadRequest"),
            ({"appId": UNKNOWN}, 400, "NoBackingApplicationObject"),
        ],
    )
    def test_a_service_principal_of_nothing(self, world: World, body: Any, status: int, code: str) -> None:
        refused(world.graph("POST", "/servicePrincipals", json=body), status, code, ".+")

    def test_role_assignments_that_are_refused(self, world: World) -> None:
        app = world.register(appRoles=[ROLE])
        path = f"/servicePrincipals/{app.principal_id}/appRoleAssignments"
        good = {"principalId": app.principal_id, "resourceId": app.principal_id, "appRoleId": ROLE["id"]}
        for changes in ({"principalId": 1}, {"appRoleId": "x"}, {"appRoleId": UNKNOWN}, {"resourceId": UNKNOWN}):
            refused(world.graph("POST", path, json=good | changes), 400, "Request_BadRequest", ".+")
        refused(world.graph("POST", path, json=good | {"principalId": UNKNOWN}), 404, "Request_ResourceNotFound", ".+")
        world.made(path, good)
        refused(world.graph("POST", path, json=good), 400, "Request_BadRequest", ".+ already exists on the object\\.")
