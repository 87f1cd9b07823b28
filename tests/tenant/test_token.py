"""What the token endpoint answers when all is well: each grant, each way a client proves itself, each claim."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from .process import GRAPH
from .tokens import claims, ok
from .world import GRAPH_APP, App, World

USER_READ = f"{GRAPH}/User.Read"


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

    def test_a_public_client_has_none(self, world: World) -> None:
        app = world.register(platform="publicClient", redirects=["http://localhost"])
        answer = world.tokens(app)
        assert claims(answer["access_token"])["azpacr"] == "0"
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
