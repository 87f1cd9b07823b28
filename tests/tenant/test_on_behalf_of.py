"""On behalf of: the same user for the next service, and what consent and policies say to it."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import jwt
import pytest

from .credentials import with_header
from .process import GRAPH
from .refused_on_behalf_of import NO_APPLICATION, access_token, altered, resigned
from .tokens import claims, ok
from .world import App, World, scope_entry

USER_READ = f"{GRAPH}/User.Read"


@pytest.fixture(scope="module")
def service(world: World) -> App:
    """A service that may read its users' profiles."""
    app = world.register("Service")
    world.grant(app, "User.Read")
    return app


def refusal(answer: Any) -> dict[str, Any]:
    assert answer.status_code in (400, 401), answer.text
    assert "access_token" not in answer.json()
    return dict(answer.json())


class TestTheToken:
    def test_is_for_the_next_service_and_the_same_user(self, world: World, service: App) -> None:
        first = access_token(world, service, "sam")
        second = ok(world.on_behalf_of(service, first, USER_READ))
        assert list(second) == ["token_type", "scope", "expires_in", "ext_expires_in", "access_token"]
        before, after = claims(first), claims(second["access_token"])
        assert before["oid"] == after["oid"]
        assert (after["aud"], after["appid"], after["appidacr"]) == (GRAPH, service.client_id, "1")
        assert "User.Read" in after["scp"].split()
        me = world.graph("GET", "/me", second["access_token"]).json()
        assert me["userPrincipalName"] == "sam@contoso.onmicrosoft.com"

    @pytest.mark.parametrize("version", [1, 2])
    def test_either_version_is_taken(self, world: World, version: int) -> None:
        app = world.register("Service", version=version)
        world.grant(app, "User.Read")
        token = access_token(world, app)
        assert claims(token)["ver"] == f"{version}.0"
        assert "access_token" in ok(world.on_behalf_of(app, token, USER_READ))

    def test_refresh_token_and_id_token_come_when_asked_for(self, world: World, service: App) -> None:
        token = access_token(world, service)
        answer = ok(world.on_behalf_of(service, token, f"openid profile offline_access {USER_READ}", client_info="1"))
        assert {"refresh_token", "id_token", "client_info"} <= set(answer)
        assert claims(answer["id_token"])["aud"] == service.client_id
        again = ok(world.refresh(service, answer["refresh_token"], scope=USER_READ))
        assert claims(again["access_token"])["oid"] == claims(token)["oid"]
        assert world.refresh(service, answer["refresh_token"], scope=USER_READ, client_secret=None).status_code == 401

    def test_a_chain(self, world: World) -> None:
        """One service calls the next, and that one Microsoft Graph."""
        front, middle = world.register("Front"), world.register("Middle")
        world.grant(front, "access", middle.client_id)
        world.grant(middle, "User.Read")
        token = access_token(world, front, "kim")
        second = ok(world.on_behalf_of(front, token, middle.scope))["access_token"]
        assert (claims(second)["aud"], claims(second)["azp"]) == (middle.client_id, front.client_id)
        third = ok(world.on_behalf_of(middle, second, USER_READ))["access_token"]
        assert claims(third)["oid"] == claims(token)["oid"]
        assert world.on_behalf_of(front, second, USER_READ).json()["error_codes"] == [500131]

    def test_default_stands_for_all_that_is_granted(self, world: World) -> None:
        world.grant(app := world.register("Reader"), "User.Read Mail.Read")
        answer = ok(world.on_behalf_of(app, access_token(world, app, scope=app.scope), f"{GRAPH}/.default"))
        assert set(claims(answer["access_token"])["scp"].split()) == {"User.Read", "Mail.Read"}

    def test_the_tenant_may_be_left_open(self, world: World) -> None:
        app = world.register("Service", signInAudience="AzureADMultipleOrgs")
        world.grant(app, "User.Read")
        token = access_token(world, app)
        for tenant in ("common", "organizations"):
            assert "access_token" in ok(world.on_behalf_of(app, token, USER_READ, tenant=tenant))

    def test_basic(self, world: World, service: App) -> None:
        encoded = base64.b64encode(f"{service.client_id}:{service.secret}".encode()).decode()
        answer = world.on_behalf_of(
            service, access_token(world, service), USER_READ,
            client_id=None, client_secret=None, headers={"Authorization": f"Basic {encoded}"},
        )  # fmt: skip
        assert "access_token" in ok(answer)

    @pytest.mark.parametrize(
        ("resource", "code"), [(GRAPH, 0), (f"{GRAPH}/", 0), ("https://mcp.example.com/mcp", 9010010)]
    )
    def test_the_resource_parameter(self, world: World, service: App, resource: str, code: int) -> None:
        answer = world.on_behalf_of(service, access_token(world, service), USER_READ, resource=resource)
        assert answer.json().get("error_codes", [0]) == [code]


class TestConsent:
    def test_a_refusal_asks_for_interaction(self, world: World, service: App) -> None:
        told = refusal(world.on_behalf_of(service, access_token(world, service), f"{GRAPH}/Mail.Read"))
        assert (told["error"], told["suberror"], told["error_codes"]) == ("invalid_grant", "consent_required", [65001])

    def test_one_of_two_is_not_enough(self, world: World, service: App) -> None:
        both = f"{USER_READ} {GRAPH}/Mail.Read"
        assert refusal(world.on_behalf_of(service, access_token(world, service), both))["error_codes"] == [65001]

    def test_what_the_person_granted_is_theirs_alone(self, world: World) -> None:
        app = world.register("Service")
        robin = access_token(world, app, "robin")
        assert world.on_behalf_of(app, robin, USER_READ).status_code == 400
        world.tokens(app, "robin", scope=f"openid {USER_READ}")
        assert world.on_behalf_of(app, robin, USER_READ).status_code == 200
        sam = access_token(world, app, "sam")
        assert refusal(world.on_behalf_of(app, sam, USER_READ))["error_codes"] == [65001]

    def test_a_service_that_the_next_one_preauthorized_needs_none(self, world: World) -> None:
        front, files = world.register("Front"), world.register("Files", scopes=[entry := scope_entry("read")])
        listed = {"appId": front.client_id, "delegatedPermissionIds": [entry["id"]]}
        world.change(files, api={"preAuthorizedApplications": [listed]})
        token = access_token(world, front)
        assert claims(ok(world.on_behalf_of(front, token, f"{files.uri}/read"))["access_token"])["scp"] == "read"
        assert refusal(world.on_behalf_of(front, token, files.scope))["error_codes"] == [65001]


class TestConditionalAccess:
    @pytest.fixture
    def guarded(self, world: World) -> tuple[App, App, str]:
        """Return a service, one that it calls and that a policy guards, and the policy's id."""
        front, files = world.register("Front"), world.register("Files")
        world.grant(front, "access", files.client_id)
        return front, files, world.policy(files.client_id)

    def test_the_challenge_names_the_policy(self, world: World, guarded: tuple[App, App, str]) -> None:
        front, files, policy_id = guarded
        told = refusal(world.on_behalf_of(front, access_token(world, front), files.scope))
        assert (told["error"], told["suberror"], told["error_codes"]) == ("invalid_grant", "basic_action", [50076])
        assert f"to access '{files.client_id}'." in told["error_description"]
        wanted = {"access_token": {"capolids": {"essential": True, "values": [policy_id]}}}
        assert json.loads(told["claims"]) == wanted

    def test_a_resource_without_a_policy_is_not_guarded(self, world: World, guarded: tuple[App, App, str]) -> None:
        front, _, _ = guarded
        world.grant(front, "User.Read")
        assert world.on_behalf_of(front, access_token(world, front), USER_READ).status_code == 200

    def test_a_sign_in_that_brought_it_goes_through(self, world: World, guarded: tuple[App, App, str]) -> None:
        front, files, _ = guarded
        code = world.code(front)
        strengthen(world, code)
        first = ok(world.redeem(front, code))
        for token in (first, ok(world.refresh(front, first["refresh_token"]))):
            assert world.on_behalf_of(front, token["access_token"], files.scope).status_code == 200

    @pytest.mark.parametrize("change", [{"state": "disabled"}, {"state": "enabledForReportingButNotEnforced"}])
    def test_a_policy_that_is_not_on(self, world: World, guarded: tuple[App, App, str], change: dict[str, str]) -> None:
        front, files, policy_id = guarded
        world.tenant.sql("UPDATE policies SET graph = json_patch(graph, ?) WHERE id = ?", json.dumps(change), policy_id)
        assert world.on_behalf_of(front, access_token(world, front), files.scope).status_code == 200

    def test_a_policy_for_others(self, world: World, guarded: tuple[App, App, str]) -> None:
        front, files, policy_id = guarded
        token = access_token(world, front)
        users = {"conditions": {"users": {"includeUsers": ["All"], "excludeUsers": [claims(token)["oid"]]}}}
        world.tenant.sql("UPDATE policies SET graph = json_patch(graph, ?) WHERE id = ?", json.dumps(users), policy_id)
        assert world.on_behalf_of(front, token, files.scope).status_code == 200
        sam = access_token(world, front, "sam")
        assert refusal(world.on_behalf_of(front, sam, files.scope))["error_codes"] == [50076]

    def test_a_client_may_ask_for_more_than_the_resource_demands(
        self, world: World, guarded: tuple[App, App, str]
    ) -> None:
        """A challenge is handed down the chain: the first client refreshes with it, and must sign in again."""
        front, files, _ = guarded
        first = world.tokens(front)
        told = refusal(world.on_behalf_of(front, first["access_token"], files.scope))
        answer = world.refresh(front, first["refresh_token"], claims=told["claims"])
        assert refusal(answer)["error_codes"] == [50076]
        assert world.refresh(front, first["refresh_token"]).status_code == 200

    @pytest.mark.parametrize(
        "given", ["{", "[]", "null", '{"access_token":[]}', '{"access_token":{"capolids":7}}', "x"]
    )
    def test_a_challenge_that_is_none(self, world: World, service: App, given: str) -> None:
        answer = world.on_behalf_of(service, access_token(world, service), USER_READ, claims=given)
        assert refusal(answer)["error_codes"] == [9002313]


class TestForged:
    @pytest.mark.parametrize("algorithm", ["none", "HS256", "PS256", "ES256", ""])
    def test_another_algorithm(self, world: World, service: App, algorithm: str) -> None:
        token = access_token(world, service)
        kid = jwt.get_unverified_header(token)["kid"]
        for signature in ("", token.rpartition(".")[2]):
            forged = with_header(token, {"alg": algorithm, "kid": kid, "typ": "JWT"}, signature)
            told = refusal(world.on_behalf_of(service, forged, USER_READ))
            assert told["error_codes"] == [5002738]

    def test_another_key_or_other_claims(self, world: World, service: App) -> None:
        token = access_token(world, service)
        for forged in (resigned(token), altered(token, oid=NO_APPLICATION), resigned(token, kid="../../key")):
            assert refusal(world.on_behalf_of(service, forged, USER_READ))["error_codes"] == [50013]

    def test_garbage(self, world: World, service: App) -> None:
        good = access_token(world, service)
        for garbage in ("x", "a.b", "a.b.c", "..", good[:-30], good + ".x", f" {good}x", "e30.e30.", "\x00.\x00.\x00"):
            answer = world.on_behalf_of(service, garbage, USER_READ)
            assert refusal(answer)["error_codes"] in ([50027], [5002738], [50013])


def strengthen(world: World, code: str) -> None:
    """Let the sign-in behind a code have brought a second factor, for which there is no page yet."""
    digest = hashlib.sha256(code.encode()).digest()
    world.tenant.sql(
        """UPDATE authorization_codes SET sign_in = json_set(sign_in, '$.amr', json('["pwd","mfa"]'))"""
        " WHERE digest = ?",
        digest,
    )
