"""What the token endpoint answers when all is well: each grant, each way a client proves itself, each claim."""

from __future__ import annotations

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import httpx
import jwt
import pytest

from .browser import upn
from .process import GRAPH, LOGIN
from .world import GRAPH_APP, App, World, scope_entry

USER_READ = f"{GRAPH}/User.Read"
COMMON = {"aud", "iss", "iat", "nbf", "exp", "aio", "oid", "rh", "sub", "tid", "uti", "ver", "xms_ftd"}
OF_A_USER = COMMON | {"name", "scp"}
V1 = OF_A_USER | {
    *("appid", "appidacr", "acr", "amr", "upn", "unique_name", "given_name", "family_name", "ipaddr"),
}


@pytest.fixture(scope="module")
def keys(world: World) -> jwt.PyJWKSet:
    """The tenant's keys, as any client gets them."""
    return jwt.PyJWKSet.from_dict(world.http.get(f"{LOGIN}/{world.tenant.id}/discovery/v2.0/keys").json())


def verified(keys: jwt.PyJWKSet, token: str, audience: str) -> dict[str, Any]:
    """Return the claims of a token whose signature, audience and times hold."""
    key = keys[jwt.get_unverified_header(token)["kid"]]
    return dict(jwt.decode(token, key.key, algorithms=["RS256"], audience=audience))


def claims(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def ok(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


class TestTheAnswer:
    def test_default_is_named_behind_what_it_stands_for(self, world: World, app: App) -> None:
        """As recorded in https://github.com/Azure/azure-cli/issues/32931."""
        world.tokens(app)
        sign_in = world.tokens(app, scope=f"offline_access {app.uri}/.default")
        assert sign_in["scope"] == f"{app.scope} {app.uri}/.default"
        again = ok(world.refresh(app, sign_in["refresh_token"], scope=f"{app.uri}/.default"))
        assert again["scope"] == sign_in["scope"]
        assert claims(again["access_token"])["scp"] == "access"

    def test_members_and_their_kinds(self, world: World, app: App) -> None:
        answer = ok(world.redeem(app, world.code(app), client_info="1"))
        assert list(answer) == [
            *("token_type", "scope", "expires_in", "ext_expires_in", "access_token"),
            *("refresh_token", "id_token", "client_info"),
        ]
        assert answer["token_type"] == "Bearer"
        assert answer["scope"] == app.scope
        assert type(answer["expires_in"]) is type(answer["ext_expires_in"]) is int
        assert 3_600 <= answer["expires_in"] <= 5_400

    @pytest.mark.parametrize(
        ("asked", "absent"),
        [
            ("openid {scope}", {"refresh_token", "client_info"}),
            ("offline_access {scope}", {"id_token", "client_info"}),
            ("{scope}", {"id_token", "refresh_token", "client_info"}),
        ],
    )
    def test_what_was_not_asked_for_is_absent(self, world: World, app: App, asked: str, absent: set[str]) -> None:
        members = {"token_type", "scope", "expires_in", "ext_expires_in", "access_token"}
        answer = world.tokens(app, scope=asked.format(scope=app.scope))
        assert set(answer) == members | {"refresh_token", "id_token", "client_info"} - absent
        assert None not in answer.values()

    def test_a_scope_at_redemption_chooses_the_resource_and_leaves_the_openid_scopes(self, world: World) -> None:
        app = world.register()
        code = world.code(app, scope=f"openid offline_access {app.scope} {USER_READ}")
        answer = ok(world.redeem(app, code, scope=app.scope))
        assert claims(answer["access_token"])["aud"] == app.client_id
        assert {"id_token", "refresh_token"} <= set(answer)  # [MEM]

    def test_nobody_keeps_it(self, world: World, app: App) -> None:
        headers = world.redeem(app, world.code(app)).headers
        assert headers["cache-control"] == "no-store, no-cache"
        assert headers["pragma"] == "no-cache"
        assert headers["content-type"].startswith("application/json")
        assert headers["x-ms-request-id"]

    def test_client_info_names_user_and_tenant(self, world: World, app: App) -> None:
        answer = ok(world.redeem(app, world.code(app), client_info="1"))
        info = json.loads(base64.urlsafe_b64decode(answer["client_info"] + "=="))
        assert info == {"uid": claims(answer["id_token"])["oid"], "utid": world.tenant.id}

    def test_the_lifetime_varies(self, world: World, app: App) -> None:
        refresh_token = world.tokens(app)["refresh_token"]
        assert len({ok(world.refresh(app, refresh_token))["expires_in"] for _ in range(6)}) > 1


class TestClientCredentials:
    def test_the_answer_has_no_scope(self, world: World, app: App) -> None:
        answer = ok(world.client_credentials(app))
        assert list(answer) == ["token_type", "expires_in", "ext_expires_in", "access_token"]
        assert (answer["expires_in"], answer["ext_expires_in"]) == (3_599, 3_599)

    def test_the_claims_are_those_of_a_captured_token(self, world: World, app: App, keys: jwt.PyJWKSet) -> None:
        found = verified(keys, ok(world.client_credentials(app))["access_token"], app.client_id)
        assert set(found) == COMMON | {"azp", "azpacr"}  # and so no idtyp, no scp
        assert found["sub"] == found["oid"] == app.principal_id
        assert (found["azp"], found["azpacr"], found["ver"]) == (app.client_id, "1", "2.0")

    def test_a_v1_resource(self, world: World, keys: jwt.PyJWKSet) -> None:
        app = world.register(version=1)
        found = verified(keys, ok(world.client_credentials(app))["access_token"], app.uri)
        assert set(found) == COMMON | {"appid", "appidacr"}
        assert found["iss"] == f"https://sts.windows.net/{world.tenant.id}/"

    def test_app_roles(self, world: World) -> None:
        role = "11111111-aaaa-4aaa-8aaa-111111111111"
        entry = {"id": role, "value": "Tasks.Run", "displayName": "Run", "description": "Run tasks"}
        api = world.register("API", appRoles=[entry | {"allowedMemberTypes": ["Application"]}])
        client = world.register("Client")
        before = ok(world.client_credentials(client, f"{api.uri}/.default"))
        assert "roles" not in claims(before["access_token"])
        assignment = {"principalId": client.principal_id, "resourceId": api.principal_id, "appRoleId": role}
        world.made(f"/servicePrincipals/{client.principal_id}/appRoleAssignments", assignment)
        after = ok(world.client_credentials(client, f"{api.uri}/.default"))
        assert claims(after["access_token"])["roles"] == ["Tasks.Run"]

    @pytest.mark.parametrize("resource", [GRAPH, f"{GRAPH}/", GRAPH_APP])
    def test_a_resource_goes_by_uri_or_id(self, world: World, app: App, resource: str) -> None:
        token = ok(world.client_credentials(app, f"{resource}/.default"))["access_token"]
        assert claims(token)["aud"] == resource
        assert world.graph("GET", "/me", token).status_code == 400  # an application is nobody, but it is let in


class TestClientAuthentication:
    def basic(self, name: str, secret: str) -> dict[str, str]:
        return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode("latin-1")).decode()}

    def test_basic(self, world: World, app: App) -> None:
        for encoded in (app.secret, quote(app.secret, safe="")):
            headers = self.basic(app.client_id, encoded)
            answer = world.client_credentials(app, headers=headers, client_id=None, client_secret=None)
            token = ok(answer)["access_token"]
            assert claims(token)["azpacr"] == "1"

    def test_a_wrong_secret_by_basic(self, world: World, app: App) -> None:
        headers = self.basic(app.client_id, "wrong")
        answer = world.client_credentials(app, headers=headers, client_id=None, client_secret=None)
        assert (answer.status_code, answer.json()["error_codes"]) == (401, [7000215])

    def test_the_secret_of_another_application(self, world: World, app: App) -> None:
        answer = world.client_credentials(app, client_secret=world.register().secret)
        assert answer.json()["error_codes"] == [7000215]

    def test_each_of_several_secrets(self, world: World) -> None:
        app = world.register()
        second = world.made(f"/applications/{app.object_id}/addPassword", {"passwordCredential": {"displayName": "2"}})
        for secret in (app.secret, second["secretText"]):
            assert world.client_credentials(app, client_secret=secret).status_code == 200

    def test_a_public_client_has_none(self, world: World, keys: jwt.PyJWKSet) -> None:
        app = world.register(platform="publicClient", redirects=["http://localhost"])
        answer = world.tokens(app)
        assert verified(keys, answer["access_token"], app.client_id)["azpacr"] == "0"
        assert "access_token" in ok(world.refresh(app, answer["refresh_token"]))

    def test_a_single_page_application(self, world: World) -> None:
        app = world.register(platform="spa", redirects=["https://page.example/"])
        origin = {"Origin": "https://page.example"}
        code = world.code(app, code_challenge="x" * 43)
        answer = ok(world.redeem(app, code, code_verifier="x" * 43, headers=origin))
        assert "access_token" in ok(world.refresh(app, answer["refresh_token"], headers=origin))
        assert world.refresh(app, answer["refresh_token"]).json()["error_codes"] == [9002327]


def test_of_many_who_redeem_a_code_at_once_one_gets_the_tokens(world: World, app: App) -> None:
    code = world.code(app)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: world.redeem(app, code), range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7
    assert {tuple(answer.json()["error_codes"]) for answer in answers if answer.status_code == 400} == {(54005,)}


class TestRefresh:
    def test_a_new_one_each_time_and_the_old_one_stays_valid(self, world: World, app: App) -> None:
        first = world.tokens(app)["refresh_token"]
        second = ok(world.refresh(app, first))["refresh_token"]
        third = ok(world.refresh(app, first))["refresh_token"]
        assert len({first, second, third}) == 3
        for token in (second, third, first):
            assert "access_token" in ok(world.refresh(app, token))

    def test_the_same_user_and_session(self, world: World, app: App) -> None:
        answer = world.tokens(app, "sam")
        again = ok(world.refresh(app, answer["refresh_token"]))
        before, after = claims(answer["id_token"]), claims(again["id_token"])
        for name in ("oid", "sub", "sid", "preferred_username"):
            assert before[name] == after[name]
        assert claims(again["access_token"])["scp"] == "access"

    def test_another_resource_that_was_consented_to(self, world: World) -> None:
        app = world.register()
        world.tokens(app, scope=f"openid {USER_READ}")
        refresh_token = world.tokens(app)["refresh_token"]
        answer = ok(world.refresh(app, refresh_token, scope=USER_READ))
        assert claims(answer["access_token"])["aud"] == GRAPH
        assert USER_READ in answer["scope"].split()

    def test_without_a_scope_the_first_resource(self, world: World) -> None:
        app = world.register()
        refresh_token = world.tokens(app, scope=f"offline_access {USER_READ}")["refresh_token"]
        assert claims(ok(world.refresh(app, refresh_token, scope=None))["access_token"])["aud"] == GRAPH


class TestResource:
    """The rows of the ``resource`` parameter (RFC 8707) at the token endpoint."""

    @pytest.mark.parametrize("resource", ["https://mcp.example.com/mcp", f"{GRAPH}/v1.0", "nonsense"])
    def test_one_that_does_not_own_the_scopes(self, world: World, app: App, resource: str) -> None:
        refresh_token = world.tokens(app)["refresh_token"]
        for answer in (
            world.redeem(app, world.code(app), resource=resource),
            world.refresh(app, refresh_token, resource=resource),
            world.client_credentials(app, resource=resource),
        ):
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_target")
            assert answer.json()["error_codes"] == [9010010]

    def test_the_identifier_uri_that_owns_them(self, world: World, app: App) -> None:
        code = world.code(app, resource=app.uri)
        assert "access_token" in ok(world.redeem(app, code, resource=app.uri, scope=app.scope))


class TestClaims:
    def test_a_v2_access_token(self, world: World, app: App, keys: jwt.PyJWKSet) -> None:
        token = world.tokens(app, "robin")["access_token"]
        assert list(jwt.get_unverified_header(token)) == ["typ", "alg", "kid"]
        found = verified(keys, token, app.client_id)
        assert set(found) == OF_A_USER | {"azp", "azpacr", "preferred_username"}
        assert found["iss"] == f"{LOGIN}/{world.tenant.id}/v2.0"
        assert (found["tid"], found["ver"], found["scp"]) == (world.tenant.id, "2.0", "access")
        assert (found["azp"], found["azpacr"]) == (app.client_id, "1")
        assert (found["name"], found["preferred_username"]) == ("Robin Marsh", upn("robin"))
        assert list(found) == sorted(found)

    def test_a_v1_access_token(self, world: World, keys: jwt.PyJWKSet) -> None:
        app = world.register(version=1)
        token = world.tokens(app, "robin")["access_token"]
        header = jwt.get_unverified_header(token)
        assert list(header) == ["typ", "alg", "x5t", "kid"]
        assert header["x5t"] == header["kid"]
        found = verified(keys, token, app.uri)
        assert set(found) == V1
        assert found["iss"] == f"https://sts.windows.net/{world.tenant.id}/"
        assert (found["appid"], found["appidacr"], found["ver"]) == (app.client_id, "1", "1.0")
        assert found["upn"] == found["unique_name"] == upn("robin")
        assert (found["given_name"], found["family_name"]) == ("Robin", "Marsh")

    @pytest.mark.parametrize("version", [1, None])
    def test_an_unset_version_is_1(self, world: World, version: int | None) -> None:
        app = world.register()
        world.change(app, api={"requestedAccessTokenVersion": version})
        assert claims(ok(world.client_credentials(app))["access_token"])["ver"] == "1.0"

    def test_a_v1_audience_is_what_the_client_wrote_and_a_v2_one_the_id(self, world: World) -> None:
        one, two = world.register(version=1), world.register(version=2)
        for app, by_uri in ((one, one.uri), (two, two.client_id)):
            for prefix, audience in ((app.uri, by_uri), (app.client_id, app.client_id)):
                token = ok(world.client_credentials(app, f"{prefix}/.default"))["access_token"]
                assert claims(token)["aud"] == audience

    def test_times(self, world: World, app: App) -> None:
        answer = world.tokens(app)
        found = claims(answer["access_token"])
        assert found["nbf"] == found["iat"]
        assert time.time() - 360 < found["iat"] < time.time() - 240
        assert found["exp"] - found["iat"] == answer["expires_in"] + 300
        assert all(type(found[name]) is int for name in ("iat", "nbf", "exp"))

    def test_sub_is_pairwise_and_oid_is_not(self, world: World) -> None:
        one, two = world.register(), world.register()
        first, again, second = (claims(world.tokens(app)["access_token"]) for app in (one, one, two))
        assert first["oid"] == second["oid"]
        assert first["sub"] == again["sub"] != second["sub"]
        assert claims(world.tokens(one)["id_token"])["sub"] == first["sub"]

    def test_an_administrator_has_their_role(self, world: World, app: App) -> None:
        found = claims(world.tokens(app, "avery")["access_token"])
        assert found["wids"] == ["62e90394-69f5-4237-9190-012177145e10"]
        assert "wids" not in claims(world.tokens(app, "kim")["access_token"])

    def test_all_that_is_granted_of_the_resource_is_in_scp(self, world: World) -> None:
        app = world.register(scopes=[scope_entry("other")])
        world.tokens(app, scope=f"openid {app.scope} {app.uri}/other")
        answer = world.tokens(app, scope=f"openid {app.scope}")
        assert claims(answer["access_token"])["scp"].split() == ["access", "other"]
        assert answer["scope"].split() == [app.scope, f"{app.uri}/other"]

    def test_a_scope_in_other_letters_is_the_same(self, world: World, app: App) -> None:
        answer = world.tokens(app, scope=f"openid {app.uri}/ACCESS")
        assert claims(answer["access_token"])["scp"] == "access"

    def test_an_id_token(self, world: World, app: App, keys: jwt.PyJWKSet) -> None:
        answer = world.tokens(app, "kim", scope=f"openid profile email {app.scope}", nonce="n")
        token = answer["id_token"]
        assert list(jwt.get_unverified_header(token)) == ["typ", "alg", "kid"]
        found = verified(keys, token, app.client_id)
        assert set(found) == {
            *("aud", "iss", "iat", "nbf", "exp", "oid", "rh", "sid", "sub", "tid", "uti", "ver"),
            *("name", "preferred_username", "email", "nonce"),
        }
        assert (found["iss"], found["ver"]) == (f"{LOGIN}/{world.tenant.id}/v2.0", "2.0")
        assert (found["email"], found["preferred_username"]) == ("kim@fabrikam.example", upn("kim"))

    def test_an_id_token_says_no_more_than_was_asked(self, world: World, app: App) -> None:
        found = claims(world.tokens(app, scope=f"openid {app.scope}")["id_token"])
        assert not {"name", "preferred_username", "email", "nonce"} & set(found)

    def test_sid_is_the_session_state_of_the_answer(self, world: World, app: App) -> None:
        answer = world.browser().sign_in(app.asks())
        tokens = ok(world.redeem(app, answer["code"]))
        assert claims(tokens["id_token"])["sid"] == answer["session_state"]

    def test_the_issuer_follows_the_cloud_and_the_direct_listener(self, world: World, app: App) -> None:
        us = "https://login.microsoftonline.us"
        assert claims(ok(world.client_credentials(app, host=us))["access_token"])["iss"].startswith(us + "/")
        alias = ok(world.client_credentials(app, host="https://login.windows.net"))
        assert claims(alias["access_token"])["iss"].startswith(LOGIN + "/")
        form = {"grant_type": "client_credentials", "client_id": app.client_id, "client_secret": app.secret}
        with world.tenant.direct() as http:
            answer = http.post(
                f"/{world.tenant.id}/oauth2/v2.0/token", data=form | {"scope": f"{app.client_id}/.default"}
            )
        expected = f"{world.tenant.said['https']}/{world.tenant.id}/v2.0"
        assert claims(ok(answer)["access_token"])["iss"] == expected


class TestGraphsToken:
    def test_nobody_but_graph_can_verify_it(self, world: World, keys: jwt.PyJWKSet) -> None:
        app = world.register()
        token = world.tokens(app, scope=f"openid {USER_READ}")["access_token"]
        header = jwt.get_unverified_header(token)
        assert list(header) == ["typ", "alg", "nonce", "x5t", "kid"]
        with pytest.raises(jwt.InvalidSignatureError):
            verified(keys, token, GRAPH)
        assert world.graph("GET", "/me", token).status_code == 200

    def test_it_has_the_form_of_version_1(self, world: World) -> None:
        app = world.register("Reader")
        found = claims(world.tokens(app, scope=f"openid profile {USER_READ}")["access_token"])
        assert set(found) == V1 | {"app_displayname", "idtyp"}
        assert (found["ver"], found["app_displayname"], found["idtyp"]) == ("1.0", "Reader", "user")
        assert set(found["scp"].split()) == {"User.Read", "openid", "profile"}

    def test_openid_scopes_alone_are_graphs(self, world: World) -> None:
        answer = world.tokens(world.register(), scope="openid profile")
        assert claims(answer["access_token"])["aud"] in (GRAPH, GRAPH_APP)
        assert set(claims(answer["access_token"])["scp"].split()) == {"openid", "profile"}
