"""Managed identity, in both forms: what is answered, what is refused, and that it is nothing for a web page."""

from __future__ import annotations

import time
from typing import Any

import httpx
import jwt
import pytest

from .process import GRAPH, LOGIN
from .world import App, World, is_guid

APP_SERVICE_VERSION = "2019-08-01"
IMDS_VERSION = "2018-02-01"


@pytest.fixture(scope="module")
def azure(world: World) -> World:
    """A directory of this module's own."""
    return world.of("azure")


@pytest.fixture(scope="module")
def api(azure: World) -> App:
    """The resource that a managed identity asks a token for: version 2.0 tokens, one app role."""
    role = {"id": ROLE, "value": "Expenses.Read.All", "displayName": "x", "description": "x"}
    return azure.register("Expenses", appRoles=[{**role, "allowedMemberTypes": ["Application"], "isEnabled": True}])


ROLE = "5a7e7f0e-93b3-4f5c-8f2e-2f6a4c1d9b10"


def identities(world: World) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in world.teach("GET")["managed_identities"]}


def header_of(world: World) -> str:
    return (world.tenant.state / "identity-header").read_text("utf-8").strip()


def get(world: World, path: str, headers: dict[str, str], **query: str | None) -> httpx.Response:
    given = {name.replace("__", "-"): value for name, value in query.items() if value is not None}
    with httpx.Client(trust_env=False, verify=world.tenant.trust, timeout=120) as client:
        return client.get(world.tenant.identities + path, params=given, headers=headers)


def app_service(
    world: World, resource: str | None, assigned: str = "both", header: str | None = None, **more: str | None
) -> httpx.Response:
    """Ask as code in App Service does."""
    query: dict[str, str | None] = {"resource": resource, "api__version": APP_SERVICE_VERSION, **more}
    headers = {"X-IDENTITY-HEADER": header_of(world) if header is None else header}
    return get(world, f"/{world.tenant.id}/{assigned}/msi/token", headers, **query)


def imds(
    world: World, resource: str | None, assigned: str = "both", metadata: str = "true", **more: str | None
) -> httpx.Response:
    """Ask as code on a virtual machine does."""
    query: dict[str, str | None] = {"resource": resource, "api__version": IMDS_VERSION, **more}
    headers = {"Metadata": metadata} if metadata else {}
    return get(world, f"/{world.tenant.id}/{assigned}/metadata/identity/oauth2/token", headers, **query)


def verified(world: World, token: str, audience: str) -> dict[str, Any]:
    document = world.http.get(f"{LOGIN}/{world.tenant.id}/discovery/v2.0/keys").json()
    keys = {key.key_id: key.key for key in jwt.PyJWKSet.from_dict(document).keys}
    kid = jwt.get_unverified_header(token)["kid"]
    return dict(jwt.decode(token, keys[kid], algorithms=["RS256"], audience=audience))


class TestTheAnswer:
    def test_of_app_service(self, azure: World, api: App) -> None:
        answer = app_service(azure, api.uri)
        assert answer.status_code == 200
        body = answer.json()
        assert list(body) == ["access_token", "expires_on", "resource", "token_type", "client_id"]
        assert {type(value) for value in body.values()} == {str}
        system = identities(azure)["workshop-server"]
        assert (body["resource"], body["token_type"], body["client_id"]) == (api.uri, "Bearer", system["client_id"])
        claims = verified(azure, body["access_token"], api.client_id)
        assert str(claims["exp"]) == body["expires_on"]
        assert claims["exp"] - time.time() > 86_000

    def test_of_imds(self, azure: World, api: App) -> None:
        body = imds(azure, api.uri).json()
        assert list(body) == [
            *("access_token", "client_id", "expires_in", "expires_on", "ext_expires_in", "not_before", "resource"),
            "token_type",
        ]
        assert {type(value) for value in body.values()} == {str}
        assert body["expires_in"] == "86399"
        claims = verified(azure, body["access_token"], api.client_id)
        assert (str(claims["exp"]), str(claims["nbf"])) == (body["expires_on"], body["not_before"])

    def test_the_token_is_app_only_and_of_the_identity(self, azure: World, api: App) -> None:
        claims = verified(azure, app_service(azure, api.uri).json()["access_token"], api.client_id)
        system = identities(azure)["workshop-server"]
        assert claims["iss"] == f"{LOGIN}/{azure.tenant.id}/v2.0"
        assert claims["oid"] == claims["sub"] == system["object_id"]
        assert (claims["azp"], claims["azpacr"], claims["tid"]) == (system["client_id"], "2", azure.tenant.id)
        assert not claims.keys() & {"scp", "name", "preferred_username", "roles", "upn"}

    def test_a_v1_resource(self, azure: World) -> None:
        api = azure.register(version=1)
        claims = verified(azure, imds(azure, api.uri).json()["access_token"], api.uri)
        assert claims["iss"] == f"https://sts.windows.net/{azure.tenant.id}/"
        assert (claims["appid"], claims["appidacr"]) == (identities(azure)["workshop-server"]["client_id"], "2")
        by_id = verified(azure, imds(azure, api.client_id).json()["access_token"], api.client_id)
        assert by_id["aud"] == api.client_id

    def test_roles_that_the_identity_was_given(self, azure: World, api: App) -> None:
        user = identities(azure)["reports-identity"]
        asked = {"client_id": user["client_id"]}
        assert "roles" not in verified(azure, imds(azure, api.uri, **asked).json()["access_token"], api.client_id)
        given = {"principalId": user["object_id"], "resourceId": api.principal_id, "appRoleId": ROLE}
        azure.made(f"/servicePrincipals/{user['object_id']}/appRoleAssignments", given)
        claims = verified(azure, imds(azure, api.uri, **asked).json()["access_token"], api.client_id)
        assert claims["roles"] == ["Expenses.Read.All"]

    def test_graph_takes_it(self, azure: World) -> None:
        token = imds(azure, f"{GRAPH}/").json()["access_token"]
        assert azure.graph("GET", "/organization", token).status_code == 403
        assert azure.graph("GET", "/me", token).status_code == 400

    def test_the_settings_of_the_directory_count(self, azure: World, api: App) -> None:
        azure.teach("PATCH", clock=7_200, access_lifetime=60)
        body = imds(azure, api.uri).json()
        azure.teach("PATCH", clock=None, access_lifetime=None)
        assert body["expires_in"] == "60"
        assert 7_200 < int(body["expires_on"]) - time.time() <= 7_260

    def test_the_exchange_token_of_a_federated_credential(self, azure: World) -> None:
        user = identities(azure)["expenses-identity"]
        token = imds(azure, "api://AzureADTokenExchange", client_id=user["client_id"]).json()["access_token"]
        claims = verified(azure, token, "fb60f99c-7a34-4190-8149-302f77469936")
        assert (claims["iss"], claims["sub"]) == (f"{LOGIN}/{azure.tenant.id}/v2.0", user["object_id"])

    def test_the_log_names_the_flow_and_hides_the_header(self, azure: World, api: App) -> None:
        app_service(azure, api.uri)
        with azure.tenant.control() as control:
            exchange = control.get("/log").json()["exchanges"][-1]
        assert (exchange["flow"], exchange["status"]) == ("managed_identity", 200)
        assert ["access_token", "‹access_token›"] in exchange["received"]
        assert header_of(azure) not in str(exchange)


class TestWhichIdentity:
    @pytest.mark.parametrize("name", ["workshop-server", "expenses-identity", "reports-identity"])
    @pytest.mark.parametrize(
        ("ask", "parameter", "kind"),
        [
            (app_service, "client_id", "client_id"),
            (app_service, "object_id", "object_id"),
            (app_service, "principal_id", "object_id"),
            (app_service, "mi_res_id", "resource_id"),
            (imds, "client_id", "client_id"),
            (imds, "object_id", "object_id"),
            (imds, "msi_res_id", "resource_id"),
            (imds, "mi_res_id", "resource_id"),
        ],
    )
    def test_goes_by_any_of_its_ids(
        self, azure: World, api: App, ask: Any, parameter: str, kind: str, name: str
    ) -> None:
        wanted = identities(azure)[name]
        assert ask(azure, api.uri, **{parameter: wanted[kind]}).json()["client_id"] == wanted["client_id"]

    @pytest.mark.parametrize("ask", [app_service, imds])
    @pytest.mark.parametrize("assigned", ["both", "system"])
    def test_without_an_id_the_system_assigned_one(self, azure: World, api: App, ask: Any, assigned: str) -> None:
        wanted = identities(azure)["workshop-server"]
        assert not wanted["user_assigned"]
        assert ask(azure, api.uri, assigned).json()["client_id"] == wanted["client_id"]

    def test_they_are_service_principals_without_a_registration(self, azure: World) -> None:
        for name, identity in identities(azure).items():
            found = azure.graph("GET", f"/servicePrincipals/{identity['object_id']}").json()
            assert (found["displayName"], found["servicePrincipalType"]) == (name, "ManagedIdentity")
            assert found["alternativeNames"] == [f"isExplicit={identity['user_assigned']}", identity["resource_id"]]
            assert azure.graph("GET", f"/applications(appId='{identity['client_id']}')").status_code == 404
            assert is_guid(identity["client_id"])

    def test_each_directory_has_its_own(self, azure: World, world: World) -> None:
        mine, others = identities(azure), identities(world)
        assert mine.keys() == others.keys()
        assert not {each["client_id"] for each in mine.values()} & {each["client_id"] for each in others.values()}
        other = others["expenses-identity"]["client_id"]
        assert imds(azure, GRAPH, client_id=other).json()["error_description"] == "Identity not found"

    def test_a_directory_made_before_there_were_any_gets_them(self, world: World) -> None:
        older = world.of("older")
        before = identities(older)
        older.tenant.sql(
            "DELETE FROM service_principals WHERE graph LIKE '%ManagedIdentity%' AND tenant_id = ?", older.tenant.id
        )
        assert identities(older) == {}
        assert imds(older, GRAPH).status_code == 200
        assert identities(older) == before


class TestRefusalsOfImds:
    def told(self, answer: httpx.Response) -> tuple[int, str, str]:
        body = answer.json()
        assert list(body) == ["error", "error_description"]
        return answer.status_code, body["error"], body["error_description"]

    @pytest.mark.parametrize("metadata", ["", "True", "false"])
    def test_no_metadata_header(self, azure: World, metadata: str) -> None:
        told = self.told(imds(azure, GRAPH, metadata=metadata))
        assert told == (400, "bad_request_102", "Required metadata header not specified")

    def test_a_variable_is_missing(self, azure: World) -> None:
        for name, answer in (
            ("resource", imds(azure, None)),
            ("api-version", imds(azure, GRAPH, api__version=None)),
        ):
            assert self.told(answer) == (400, "invalid_request", f"Required query variable '{name}' is missing")

    @pytest.mark.parametrize("parameter", ["client_id", "object_id", "msi_res_id"])
    def test_an_unknown_identity(self, azure: World, parameter: str) -> None:
        told = self.told(imds(azure, GRAPH, **{parameter: "22222222-2222-4333-8444-555555555555"}))
        assert told == (400, "invalid_request", "Identity not found")

    def test_an_identity_that_is_not_assigned_here(self, azure: World) -> None:
        user = identities(azure)["reports-identity"]["client_id"]
        assert self.told(imds(azure, GRAPH, "system", client_id=user))[2] == "Identity not found"
        assert self.told(imds(azure, GRAPH, "none"))[2] == "Identity not found"

    def test_several_to_choose_from(self, azure: World) -> None:
        status, error, text = self.told(imds(azure, GRAPH, "user"))
        assert (status, error) == (400, "invalid_request")
        which = "please specify the clientId / resourceId of the identity in the token request"
        assert text == f"Multiple user assigned identities exist, {which}"

    def test_an_unknown_resource(self, azure: World) -> None:
        answer = imds(azure, "https://vault.azure.net")
        body = answer.json()
        assert (answer.status_code, body["error"], body["error_codes"]) == (400, "invalid_resource", [500011])
        text = "AADSTS500011: The resource principal named https://vault.azure.net was not found in the tenant named "
        assert body["error_description"].startswith(text)

    @pytest.mark.parametrize("path", ["/nowhere/both", "/{tenant}/some"])
    def test_an_unknown_host(self, azure: World, path: str) -> None:
        path = path.replace("{tenant}", azure.tenant.id)
        answer = get(azure, f"{path}/metadata/identity/oauth2/token", {"Metadata": "true"}, resource=GRAPH)
        assert answer.status_code == 400
        assert "both | system | user | none" in answer.json()["error_description"]


class TestRefusalsOfAppService:
    def told(self, answer: httpx.Response) -> tuple[int, str]:
        body = answer.json()
        assert list(body) == ["statusCode", "message", "correlationId"]
        assert body["statusCode"] == answer.status_code
        assert body["correlationId"] == answer.headers["x-correlation-id"]
        return answer.status_code, body["message"]

    @pytest.mark.parametrize("header", ["", "wrong", "x" * 32])
    def test_a_wrong_header(self, azure: World, header: str) -> None:
        status, message = self.told(app_service(azure, GRAPH, header=header))
        assert status == 401
        assert header_of(azure) not in message

    def test_another_version(self, azure: World) -> None:
        assert self.told(app_service(azure, GRAPH, api__version="2017-09-01"))[0] == 400

    def test_no_resource(self, azure: World) -> None:
        assert self.told(app_service(azure, None))[0] == 400

    def test_an_unknown_identity(self, azure: World) -> None:
        told = self.told(app_service(azure, GRAPH, client_id="22222222-2222-4333-8444-555555555555"))
        assert told == (
            400,
            "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.",
        )

    @pytest.mark.parametrize("assigned", ["user", "none"])
    def test_no_system_assigned_identity(self, azure: World, assigned: str) -> None:
        told = self.told(app_service(azure, GRAPH, assigned))
        assert told == (400, "Unable to load the proper Managed Identity.")

    def test_an_unknown_resource(self, azure: World) -> None:
        told = self.told(app_service(azure, "https://vault.azure.net"))
        assert told == (500, "An unexpected error occured while fetching the AAD Token.")
        with azure.tenant.control() as control:
            reason = control.get("/log").json()["exchanges"][-1]["reason"]
        assert reason.startswith("AADSTS500011: ")


class TestNothingForAWebPage:
    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "http://127.0.0.1"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "same-origin"},
            {"Host": "evil.example"},
            {"Host": "169.254.169.254"},
            {"Host": "127.0.0.1"},
            {"X-Forwarded-For": "10.0.0.1"},
        ],
    )
    @pytest.mark.parametrize("path", ["/msi/token", "/metadata/identity/oauth2/token", "/nothing"])
    def test_refused(self, azure: World, path: str, headers: dict[str, str]) -> None:
        given = {"Metadata": "true", "X-IDENTITY-HEADER": header_of(azure), **headers}
        answer = get(azure, f"/{azure.tenant.id}/both{path}", given, resource=GRAPH, api__version=IMDS_VERSION)
        assert answer.status_code == 403
        assert "access_token" not in answer.text

    def test_the_control_doors_secret_is_another(self, azure: World) -> None:
        assert header_of(azure) != azure.tenant.secret
        assert app_service(azure, GRAPH, header=azure.tenant.secret).status_code == 401


def test_faults_strike_here_too(azure: World, api: App) -> None:
    made = azure.teach("POST", "/faults", kind="throttle", at="managed_identity", times=2)
    assert [ask(azure, api.uri).status_code for ask in (imds, app_service, imds)] == [429, 429, 200]
    azure.teach("DELETE", f"/faults/{made['id']}")
