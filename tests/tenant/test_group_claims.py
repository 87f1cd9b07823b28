"""Groups, roles and directory roles in tokens.

Source: https://learn.microsoft.com/entra/identity-platform/optional-claims#configure-groups-optional-claims,
https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference#groups-overage-claim and
https://learn.microsoft.com/entra/identity-platform/howto-add-app-roles-in-apps
"""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from .browser import upn
from .process import GRAPH, Tenant
from .test_claims import ADMINISTRATOR, GUEST, MEMBER
from .tokens import claims
from .world import App, World

AUDITOR = "22222222-bbbb-4bbb-8bbb-222222222222"
ROLE = {
    "id": AUDITOR,
    "value": "Auditor",
    "displayName": "Auditor",
    "description": "May look at everything",
    "allowedMemberTypes": ["User"],
}


def access(world: World, app: App, name: str = "robin") -> dict[str, Any]:
    return claims(world.tokens(app, name)["access_token"])


def identity(world: World, app: App, name: str = "robin") -> dict[str, Any]:
    return claims(world.tokens(app, name)["id_token"])


def add_group(world: World, name: str, *, security: bool = True, member: str = "sam") -> str:
    """Make a group with one member."""
    group_id = str(uuid.uuid4())
    graph = {"id": group_id, "displayName": name, "securityEnabled": security, "groupTypes": [], "mailEnabled": False}
    world.tenant.sql("INSERT INTO groups VALUES (?, ?, ?)", group_id, world.tenant.id, json.dumps(graph))
    world.tenant.sql("INSERT INTO members VALUES (?, ?, ?)", world.tenant.id, group_id, world.user_id(member))
    return group_id


@pytest.fixture(scope="module")
def world(tenant: Tenant) -> World:
    """A directory of its own, for other tests put people of the default one into more groups."""
    return World(tenant).of("groupclaims")


@pytest.fixture(scope="module")
def app(world: World) -> App:
    """An application that no test changes."""
    return world.register()


class TestGroups:
    def test_none_unless_the_registration_wants_them(self, world: World, app: App) -> None:
        assert "groups" not in access(world, app)
        assert "groups" not in identity(world, app)

    def test_security_groups_and_those_they_are_in(self, world: World) -> None:
        """Robin is in Finance, and Finance is in Expense approvers."""
        app = world.register(groupMembershipClaims="SecurityGroup")
        both = {world.group_id("Finance"), world.group_id("Expense approvers")}
        assert set(access(world, app)["groups"]) == set(identity(world, app)["groups"]) == both
        assert access(world, app, "sam")["groups"] == [world.group_id("Engineering")]
        assert "groups" not in access(world, app, "kim")

    @pytest.mark.parametrize("version", [1, 2])
    def test_in_both_versions(self, world: World, version: int) -> None:
        app = world.register(groupMembershipClaims="SecurityGroup", version=version)
        assert len(access(world, app)["groups"]) == 2

    def test_only_all_has_those_that_are_no_security_groups(self, world: World) -> None:
        other = world.of("mailgroups")
        list_ = add_group(other, "Newsletter", security=False)
        wanted = {"All": True, "SecurityGroup": False}
        for kind, there in wanted.items():
            app = other.register(groupMembershipClaims=kind)
            assert (list_ in access(other, app, upn("sam", other.domain))["groups"]) is there

    def test_groups_assigned_to_the_application_count_for_direct_members(self, world: World) -> None:
        app = world.register(groupMembershipClaims="ApplicationGroup")
        assert "groups" not in access(world, app)
        world.assign(app, world.group_id("Expense approvers"))
        assert "groups" not in access(world, app)  # Robin is in it only by Finance
        world.assign(app, world.group_id("Finance"))
        assert access(world, app)["groups"] == [world.group_id("Finance")]

    def test_the_resource_decides_for_its_token_and_the_client_for_its_own(self, world: World) -> None:
        api, client = world.register("API", groupMembershipClaims="SecurityGroup"), world.register("Client")
        answer = world.tokens(client, scope=f"openid {api.scope}")
        assert "groups" in claims(answer["access_token"])
        assert "groups" not in claims(answer["id_token"])

    def test_as_names_where_only_assigned_groups_count(self, world: World) -> None:
        """Source: ``cloud_displayname``, "only use this for groups assigned to the application"."""
        wants = {"accessToken": [{"name": "groups", "additionalProperties": ["cloud_displayname"]}]}
        app = world.register(groupMembershipClaims="ApplicationGroup", optionalClaims=wants)
        world.assign(app, world.group_id("Finance"))
        assert access(world, app)["groups"] == ["Finance"]
        assert identity(world, app)["groups"] == [world.group_id("Finance")]
        world.change(app, groupMembershipClaims="SecurityGroup")
        assert world.group_id("Finance") in access(world, app)["groups"]

    def test_as_roles_in_place_of_the_roles(self, world: World) -> None:
        """Source: with ``emit_as_roles`` "any configured application roles […] aren't in the role claim"."""
        wants = {"accessToken": [{"name": "groups", "additionalProperties": ["emit_as_roles"]}]}
        app = world.register(groupMembershipClaims="SecurityGroup", optionalClaims=wants, appRoles=[ROLE])
        world.assign(app, world.user_id("sam"), AUDITOR)
        found = access(world, app, "sam")
        assert (found["roles"], "groups" in found) == ([world.group_id("Engineering")], False)
        assert identity(world, app, "sam")["roles"] == ["Auditor"]

    def test_graphs_tokens_never_have_them(self, world: World) -> None:
        app = world.register(groupMembershipClaims="All")
        found = claims(world.tokens(app, scope=f"openid {GRAPH}/User.Read")["access_token"])
        assert "groups" not in found

    @pytest.mark.parametrize("wrong", ["Everything", "SecurityGroup;All", 7, ["All"]])
    def test_graph_takes_no_other_word(self, world: World, wrong: Any) -> None:
        app = world.register()
        answer = world.graph("PATCH", f"/applications/{app.object_id}", json={"groupMembershipClaims": wrong})
        assert answer.status_code == 400


class TestOverage:
    def test_more_than_200_are_not_in_the_token_but_where_they_can_be_read(self, world: World) -> None:
        many = world.of("manygroups")
        app = many.register(groupMembershipClaims="SecurityGroup")
        sam = upn("sam", many.domain)
        for number in range(199):
            add_group(many, f"Group {number}", member=sam)
        assert len(access(many, app, sam)["groups"]) == 200
        add_group(many, "One too many", member=sam)
        found = access(many, app, sam)
        assert "groups" not in found
        assert found["_claim_names"] == {"groups": "src1"}
        endpoint = f"https://graph.windows.net/{many.tenant.id}/users/{many.user_id(sam)}/getMemberObjects"
        assert found["_claim_sources"] == {"src1": {"endpoint": endpoint}}
        assert identity(many, app, sam)["_claim_names"] == {"groups": "src1"}


class TestDirectoryRoles:
    @pytest.mark.parametrize("kind", ["All", "DirectoryRole", "SecurityGroup, DirectoryRole"])
    def test_of_those_who_have_one(self, world: World, kind: str) -> None:
        """Source: access-token-claims-reference, wids: "Setting the claim to All or DirectoryRole is required"."""
        app = world.register(groupMembershipClaims=kind)
        assert access(world, app, "avery")["wids"] == identity(world, app, "avery")["wids"] == [ADMINISTRATOR, MEMBER]
        assert access(world, app, "kim")["wids"] == [GUEST]

    @pytest.mark.parametrize("kind", [None, "None", "SecurityGroup", "ApplicationGroup"])
    def test_not_otherwise(self, world: World, kind: str | None) -> None:
        assert "wids" not in access(world, world.register(groupMembershipClaims=kind), "avery")


class TestRoles:
    def test_of_a_user_and_of_a_group_at_first_hand(self, world: World) -> None:
        app = world.register(appRoles=[ROLE])
        assert "roles" not in access(world, app)
        world.assign(app, world.user_id("sam"), AUDITOR)
        assert access(world, app, "sam")["roles"] == identity(world, app, "sam")["roles"] == ["Auditor"]
        world.assign(app, world.group_id("Expense approvers"), AUDITOR)
        assert "roles" not in access(world, app)  # Robin is in it only by Finance
        world.assign(app, world.group_id("Finance"), AUDITOR)
        assert access(world, app)["roles"] == ["Auditor"]

    def test_those_of_the_resource_and_those_of_the_client(self, world: World) -> None:
        api, client = world.register("API", appRoles=[ROLE]), world.register("Client")
        world.assign(api, world.user_id("robin"), AUDITOR)
        answer = world.tokens(client, scope=f"openid {api.scope}")
        assert claims(answer["access_token"])["roles"] == ["Auditor"]
        assert "roles" not in claims(answer["id_token"])

    def test_none_for_default_access_and_for_a_role_that_is_switched_off(self, world: World) -> None:
        app = world.register()
        world.assign(app, world.user_id("robin"))
        world.change(app, appRoles=[ROLE])
        assert "roles" not in access(world, app)
        world.assign(app, world.user_id("sam"), AUDITOR)
        world.change(app, appRoles=[{**ROLE, "isEnabled": False}])
        assert "roles" not in access(world, app, "sam")
