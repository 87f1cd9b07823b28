"""The endpoints of version 1.0, where a client lands that was told an issuer without ``/v2.0``.

Sources: https://learn.microsoft.com/azure/active-directory/azuread-dev/v1-protocols-oauth-code; captured documents, the
last ones with ``device_authorization_endpoint``; microsoft/vscode#322126 and #262602 (how clients come there).
"""

from __future__ import annotations

from typing import Any

import httpx
import jwt
import pytest
from mcp.client.auth.exceptions import OAuthFlowError
from mcp.client.auth.utils import (
    build_oauth_authorization_server_metadata_discovery_urls,
    validate_metadata_issuer,
)
from mcp.shared.auth import OAuthMetadata

from .browser import answer_of, page_of
from .process import GRAPH, LOGIN, Tenant
from .tokens import claims, ok
from .visits import refused
from .world import GRAPH_APP, App, World, host_of, scope_entry

DOCUMENT = "/.well-known/openid-configuration"
USER_READ = "e1fe6dd8-ba31-4d61-89e7-88639da4683d"
PLACES = [("", ""), ("common", "{tenantid}"), ("organizations", "{tenantid}")]


@pytest.fixture(scope="module")
def client(world: World) -> App:
    """A client whose registration lists its own scope and Graph's User.Read, as version 1.0 wants it."""
    own = scope_entry("use")
    app = world.register("Of the first version", scopes=[own])
    world.change(
        app,
        requiredResourceAccess=[
            {"resourceAppId": app.client_id, "resourceAccess": [{"id": own["id"], "type": "Scope"}]},
            {"resourceAppId": GRAPH_APP, "resourceAccess": [{"id": USER_READ, "type": "Scope"}]},
        ],
    )
    return app


def document(world: World, tenant: str = "") -> dict[str, Any]:
    answer = world.http.get(f"{LOGIN}/{tenant or world.tenant.id}{DOCUMENT}")
    assert answer.status_code == 200
    return dict(answer.json())


def code(world: World, app: App, name: str = "robin", **changes: str | None) -> str:
    """Sign someone in at the authorization endpoint that the metadata names, and return the code."""
    browser = world.browser()
    asked = app.asks(**({"scope": None, "resource": GRAPH} | changes))
    response = browser.http.get(document(world)["authorization_endpoint"], params=asked)
    response = browser.press(page_of(response), "account", f"{name}@{world.domain}")
    if not response.is_redirect:
        response = browser.press(page_of(response), "decision", "accept")
    return str(answer_of(response)["code"])


def redeem(world: World, app: App, **changes: str | None) -> httpx.Response:
    plain = {"client_id": app.client_id, "client_secret": app.secret, "redirect_uri": app.redirect_uri}
    form = {"grant_type": "authorization_code"} | plain | changes
    data = {name: value for name, value in form.items() if value is not None}
    return world.http.post(document(world)["token_endpoint"], data=data)


class TestTheMetadata:
    @pytest.mark.parametrize(("segment", "named"), PLACES)
    def test_it_is_that_of_version_1(self, world: World, segment: str, named: str) -> None:
        tenant = segment or world.tenant.id
        base, found = f"{LOGIN}/{tenant}", document(world, segment)
        assert list(found) == [
            *("token_endpoint", "token_endpoint_auth_methods_supported", "jwks_uri", "response_modes_supported"),
            *("subject_types_supported", "id_token_signing_alg_values_supported", "response_types_supported"),
            *("scopes_supported", "issuer", "microsoft_multi_refresh_token", "authorization_endpoint"),
            *("device_authorization_endpoint", "http_logout_supported", "frontchannel_logout_supported"),
            *("end_session_endpoint", "claims_supported", "check_session_iframe", "userinfo_endpoint"),
            *("kerberos_endpoint", "tenant_region_scope", "cloud_instance_name", "cloud_graph_host_name"),
            *("msgraph_host", "rbac_url"),
        ]
        assert found["issuer"] == f"https://sts.windows.net/{named or tenant}/"
        assert found["authorization_endpoint"] == f"{base}/oauth2/authorize"
        assert found["token_endpoint"] == f"{base}/oauth2/token"
        assert found["end_session_endpoint"] == f"{base}/oauth2/logout"
        assert found["jwks_uri"] == f"{LOGIN}/common/discovery/keys"
        assert found["scopes_supported"] == ["openid"]

    def test_its_keys_name_no_issuer(self, world: World) -> None:
        of_version_2 = world.http.get(f"{LOGIN}/{world.tenant.id}/discovery/v2.0/keys").json()["keys"]
        for where in (f"{LOGIN}/{world.tenant.id}/discovery/keys", document(world)["jwks_uri"]):
            keys = world.http.get(where).json()["keys"]
            assert {key["kid"] for key in of_version_2} <= {key["kid"] for key in keys}
            assert {frozenset(key) for key in keys} == {frozenset(("kty", "use", "kid", "x5t", "n", "e", "x5c"))}

    def test_of_nobody(self, world: World) -> None:
        for path in (DOCUMENT, "/discovery/keys"):
            answer = world.http.get(f"{LOGIN}/nobody.onmicrosoft.com{path}")
            assert (answer.status_code, answer.json()["error_codes"]) == (400, [90002])

    def test_the_direct_listener_goes_by_its_own_name(self, tenant: Tenant) -> None:
        host = host_of(tenant.said["https"])
        with tenant.direct() as http:
            found = http.get(f"https://{host}/{tenant.id}{DOCUMENT}").json()
        assert found["issuer"] == f"https://{host}/{tenant.id}/"
        assert {host_of(found[name]) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")} == {host}


class TestSigningIn:
    def test_the_answer_is_of_version_1(self, world: World, client: App) -> None:
        answer = ok(redeem(world, client, code=code(world, client), resource=GRAPH))
        assert list(answer) == [
            *("token_type", "scope", "expires_in", "ext_expires_in", "expires_on", "not_before", "resource"),
            *("access_token", "refresh_token", "id_token"),
        ]
        assert {type(value) for value in answer.values()} == {str}
        token = claims(answer["access_token"])
        assert (answer["resource"], answer["scope"]) == (GRAPH, "openid User.Read")
        assert (answer["expires_on"], answer["not_before"]) == (str(token["exp"]), str(token["nbf"]))
        assert 3_600 <= int(answer["expires_in"]) <= 5_400
        assert world.graph("GET", "/me", answer["access_token"]).status_code == 200

    def test_the_id_token_is_that_issuers(self, world: World, client: App) -> None:
        answer = ok(redeem(world, client, code=code(world, client, nonce="n-1")))
        found = document(world)
        key = jwt.PyJWKSet.from_dict(world.http.get(found["jwks_uri"]).json())
        kid = jwt.get_unverified_header(answer["id_token"])["kid"]
        told = jwt.decode(
            answer["id_token"], key[kid].key, ["RS256"], audience=client.client_id, issuer=found["issuer"]
        )
        assert (told["ver"], told["nonce"], told["tid"]) == ("1.0", "n-1", world.tenant.id)
        assert told["upn"] == told["unique_name"] == f"robin@{world.domain}"
        assert "preferred_username" not in told
        assert jwt.get_unverified_header(answer["id_token"])["x5t"] == kid

    def test_the_resource_chooses_the_version_of_its_token_all_the_same(self, world: World, client: App) -> None:
        answer = ok(redeem(world, client, code=code(world, client, resource=client.uri)))
        token = claims(answer["access_token"])
        assert (answer["resource"], answer["scope"]) == (client.uri, "use")
        assert (token["ver"], token["aud"], token["scp"]) == ("2.0", client.client_id, "use")

    def test_scopes_of_a_resource_are_not_looked_at(self, world: World, client: App) -> None:
        """As Visual Studio Code came there, with scope and resource: microsoft/vscode#322126."""
        asked = {"scope": f"openid {client.uri}/manage", "resource": client.uri}
        answer = ok(redeem(world, client, code=code(world, client, **asked), scope=asked["scope"]))
        assert answer["scope"] == "use"

    @pytest.mark.parametrize("resource", ["https://mcp.example.com/mcp", "api://nobody", "nonsense"])
    def test_a_server_that_is_no_resource(self, world: World, client: App, resource: str) -> None:
        asked = client.asks(scope=None, resource=resource)
        response = world.browser().http.get(document(world)["authorization_endpoint"], params=asked)
        if response.is_redirect:
            assert refused(answer_of(response)) == ("invalid_resource", "AADSTS500011")
        else:
            assert page_of(response).error.startswith(f"AADSTS500011: The resource principal named {resource} was not")

    def test_refreshed_for_another_resource(self, world: World, client: App) -> None:
        world.grant(client, "User.Read")
        first = ok(redeem(world, client, code=code(world, client, resource=client.uri)))
        again = ok(
            redeem(
                world, client, grant_type="refresh_token", refresh_token=first["refresh_token"], resource=f"{GRAPH}/"
            )
        )
        assert again["resource"] == claims(again["access_token"])["aud"] == f"{GRAPH}/"
        assert "User.Read" in again["scope"].split()

    def test_a_client_for_itself(self, world: World, client: App) -> None:
        answer = ok(redeem(world, client, grant_type="client_credentials", resource=client.uri, redirect_uri=None))
        assert list(answer) == [
            *("token_type", "expires_in", "ext_expires_in", "expires_on", "not_before", "resource", "access_token"),
        ]
        assert (answer["expires_in"], answer["resource"]) == ("3599", client.uri)

    def test_a_password_gets_no_further_than_at_version_2(self, world: World, client: App) -> None:
        form = {"username": f"robin@{world.domain}", "password": "x", "resource": GRAPH}
        told = redeem(world, client, grant_type="password", **form).json()
        assert (told["error"], told["error_codes"]) == ("invalid_grant", [50076])

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({"client_secret": "wrong"}, 401, 7000215),
            ({"resource": None}, 400, 900144),
            ({"resource": "x"}, 400, 500011),
        ],
    )
    def test_what_is_refused(
        self, world: World, client: App, changes: dict[str, str | None], status: int, code: int
    ) -> None:
        asked: dict[str, str | None] = {"grant_type": "client_credentials", "resource": client.uri}
        answer = redeem(world, client, **(asked | changes))
        assert (answer.status_code, answer.json()["error_codes"]) == (status, [code])
        assert answer.headers["cache-control"] == "no-store, no-cache"

    def test_by_get(self, world: World) -> None:
        assert page_of(world.http.get(document(world)["token_endpoint"])).error.startswith("AADSTS900561: ")

    def test_signing_out(self, world: World) -> None:
        assert page_of(world.http.get(document(world)["end_session_endpoint"])).kind == "signed-out"


def test_the_mcp_sdks_client_finds_it_where_the_issuer_lacks_its_version_and_refuses_it(world: World) -> None:
    """As with ``authorization_servers`` that ends in the tenant's id: microsoft/vscode#322126."""
    issuer = f"{LOGIN}/{world.tenant.id}"
    answers = [world.http.get(url) for url in build_oauth_authorization_server_metadata_discovery_urls(issuer, issuer)]
    assert [answer.status_code for answer in answers] == [404, 404, 200]
    metadata = OAuthMetadata.model_validate_json(answers[-1].content)
    assert str(metadata.token_endpoint) == f"{issuer}/oauth2/token"
    with pytest.raises(OAuthFlowError, match="issuer"):
        validate_metadata_issuer(metadata, issuer)
