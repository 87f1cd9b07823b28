"""People, groups, and who is in which group: what is told to whom."""

from __future__ import annotations

from typing import Any

import pytest

from .browser import KIM, upn
from .graph_help import DENIED, EVENTUAL, UNKNOWN, app_token, fresh, refused, token_in, user_token, values
from .process import GRAPH
from .world import World, is_guid

GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"


@pytest.fixture(scope="module")
def robin(world: World) -> str:
    """Robin's token with the permission to read groups."""
    return user_token(world, "User.Read", "GroupMember.Read.All")


@pytest.fixture(scope="module")
def only_user_read(world: World) -> str:
    """Robin's token with the one permission that every client has."""
    return user_token(world, "User.Read")


class TestMemberOf:
    def test_direct_and_through_other_groups(self, world: World, robin: str) -> None:
        assert values(world.graph("GET", "/me/memberOf", robin)) == ["Finance"]
        assert values(world.graph("GET", "/me/transitiveMemberOf", robin)) == ["Finance", "Expense approvers"]

    def test_each_says_what_it_is(self, world: World) -> None:
        body = world.graph("GET", "/me/memberOf").json()
        assert body["@odata.context"] == f"{GRAPH}/v1.0/$metadata#directoryObjects"
        assert [item["@odata.type"] for item in body["value"]] == [
            "#microsoft.graph.group", "#microsoft.graph.directoryRole",
        ]  # fmt: skip
        role = body["value"][1]
        assert (role["displayName"], role["roleTemplateId"]) == ("Global Administrator", GLOBAL_ADMINISTRATOR)
        assert is_guid(role["id"])
        assert role["id"] != GLOBAL_ADMINISTRATOR

    @pytest.mark.parametrize("cast", ["microsoft.graph.group", "graph.group", "Microsoft.Graph.Group"])
    def test_a_cast(self, world: World, cast: str) -> None:
        body = world.graph("GET", f"/me/memberOf/{cast}").json()
        assert body["@odata.context"] == f"{GRAPH}/v1.0/$metadata#groups"
        assert [group["displayName"] for group in body["value"]] == ["Engineering"]
        assert "@odata.type" not in body["value"][0]
        assert values(world.graph("GET", "/me/memberOf/microsoft.graph.directoryRole")) == ["Global Administrator"]

    def test_a_cast_to_nothing(self, world: World) -> None:
        answer = world.graph("GET", "/me/memberOf/microsoft.graph.nonsense")
        refused(answer, 400, "BadRequest", "Resource not found for the segment 'microsoft\\.graph\\.nonsense'\\.")

    def test_a_filter_needs_the_header_and_the_count(self, world: World, robin: str) -> None:
        """Source: https://github.com/microsoftgraph/microsoft-graph-docs/issues/12152"""
        path = "/me/transitiveMemberOf/microsoft.graph.group"
        asked = {"$filter": f"id eq '{world.group_id('Expense approvers')}'", "$count": "true"}
        message = "The specified filter to the reference property query is currently not supported\\."
        refused(world.graph("GET", path, robin, params=asked), 400, "Request_UnsupportedQuery", message)
        half = {"$filter": asked["$filter"]}
        answer = world.graph("GET", path, robin, params=half, headers=EVENTUAL)
        refused(answer, 400, "Request_UnsupportedQuery", message)
        answer = world.graph("GET", path, robin, params=asked, headers=EVENTUAL)
        assert (values(answer), answer.json()["@odata.count"]) == (["Expense approvers"], 1)
        other = {"$filter": f"id eq '{world.group_id('Engineering')}'", "$count": "true"}
        answer = world.graph("GET", path, robin, params=other, headers=EVENTUAL)
        assert (values(answer), answer.json()["@odata.count"]) == ([], 0)

    def test_counted(self, world: World, robin: str) -> None:
        path = "/me/transitiveMemberOf/microsoft.graph.group/$count"
        assert world.graph("GET", path, robin, headers=EVENTUAL).text == "2"
        refused(world.graph("GET", path, robin), 400, "Request_BadRequest", "\\$count is not currently supported\\.")
        assert world.graph("GET", "/me/memberOf/$count", headers=EVENTUAL).text == "2"

    def test_with_user_read_alone_one_sees_that_there_are_some(self, world: World, only_user_read: str) -> None:
        """Source: https://learn.microsoft.com/graph/permissions-overview (limited information)"""
        (group,) = world.graph("GET", "/me/memberOf", only_user_read).json()["value"]
        assert (group.pop("@odata.type"), group.pop("id")) == ("#microsoft.graph.group", world.group_id("Finance"))
        assert set(group.values()) == {None}
        assert {"displayName", "securityEnabled"} <= set(group)

    def test_others_groups_need_more(self, world: World, only_user_read: str, robin: str) -> None:
        path = f"/users/{upn('sam')}/memberOf"
        refused(world.graph("GET", path, only_user_read), *DENIED)
        assert values(world.graph("GET", path, robin)) == ["Engineering"]

    def test_a_groups_groups(self, world: World) -> None:
        finance = world.group_id("Finance")
        assert values(world.graph("GET", f"/groups/{finance}/memberOf")) == ["Expense approvers"]
        assert values(world.graph("GET", f"/groups/{world.group_id('Expense approvers')}/memberOf")) == []

    def test_an_application_reads_them_with_a_role(self, world: World) -> None:
        token = app_token(world, "GroupMember.Read.All")
        assert values(world.graph("GET", f"/users/{upn('robin')}/memberOf", token)) == ["Finance"]
        refused(world.graph("GET", "/me/memberOf", token), 400, "BadRequest", "/me request is only valid .+")

    def test_of_nobody(self, world: World, robin: str) -> None:
        refused(world.graph("GET", f"/users/{UNKNOWN}/memberOf", robin), 404, "Request_ResourceNotFound", ".+")


class TestMemberGroups:
    def test_those_of_some(self, world: World, robin: str) -> None:
        ids = [world.group_id(name) for name in ("Engineering", "Expense approvers", "Finance")]
        answer = world.graph("POST", "/me/checkMemberGroups", robin, json={"groupIds": ids})
        assert answer.json() == {
            "@odata.context": f"{GRAPH}/v1.0/$metadata#Collection(Edm.String)", "value": ids[1:],
        }  # fmt: skip

    @pytest.mark.parametrize("address", ["me", "users/{id}", "directoryObjects/{id}"])
    def test_all_of_them(self, world: World, robin: str, address: str) -> None:
        path = "/" + address.format(id=world.user_id("robin"))
        body = {"securityEnabledOnly": False}
        answer = world.graph("POST", f"{path}/getMemberGroups", robin, json=body)
        assert answer.json()["value"] == [world.group_id("Finance"), world.group_id("Expense approvers")]

    def test_groups_and_roles(self, world: World) -> None:
        answer = world.graph("POST", "/me/getMemberObjects", json={"securityEnabledOnly": False}).json()["value"]
        roles = world.graph("GET", "/me/memberOf/microsoft.graph.directoryRole").json()["value"]
        assert answer == [world.group_id("Engineering"), roles[0]["id"]]

    @pytest.mark.parametrize(
        ("action", "body"),
        [
            ("checkMemberGroups", {}),
            ("checkMemberGroups", {"groupIds": "x"}),
            ("checkMemberGroups", {"groupIds": ["x"]}),
            ("checkMemberGroups", {"groupIds": [1]}),
            ("checkMemberGroups", {"groupIds": []}),
            ("checkMemberGroups", {"groupIds": [UNKNOWN] * 21}),
            ("getMemberGroups", {}),
            ("getMemberGroups", {"securityEnabledOnly": "yes"}),
            ("getMemberObjects", {}),
        ],
    )
    def test_wrong_bodies(self, world: World, robin: str, action: str, body: Any) -> None:
        refused(world.graph("POST", f"/me/{action}", robin, json=body), 400, "Request_BadRequest", ".+")


class TestPeople:
    def test_a_guest_does_not_list_the_directory(self, world: World) -> None:
        """Source: https://learn.microsoft.com/entra/fundamentals/users-default-permissions; [MEM] that it is a 403."""
        token = user_token(world, "User.Read.All", "Group.Read.All", name=KIM)
        for path in ("/users", "/groups", "/users/$count"):
            refused(world.graph("GET", path, token, headers=EVENTUAL), *DENIED)
        assert world.graph("GET", f"/users/{upn('robin')}", token).status_code == 200

    def test_the_whole_organization(self, world: World) -> None:
        (listed,) = world.graph("GET", "/organization").json()["value"]
        one = world.graph("GET", f"/organization/{world.tenant.id}").json()
        assert {name: one[name] for name in listed} == listed
        assert (one["tenantType"], one["verifiedDomains"][0]["name"]) == ("AAD", world.domain)
        refused(world.graph("GET", f"/organization/{UNKNOWN}"), 404, "Request_ResourceNotFound", ".+")

    def test_a_user_is_made_changed_and_deleted(self, world: World) -> None:
        name = fresh("jo")
        body: dict[str, Any] = {
            "displayName": "Jo Park", "mailNickname": name, "userPrincipalName": f"{name}@{world.domain}",
            "accountEnabled": True, "passwordProfile": {"password": "not kept"}, "jobTitle": "Auditor",
        }  # fmt: skip
        made = world.made("/users", body)
        assert (made["displayName"], made["jobTitle"]) == ("Jo Park", "Auditor")
        assert "not kept" not in str(world.graph("GET", f"/users/{made['id']}?$select=*").json())
        assert ("not kept",) not in world.tenant.sql("SELECT graph LIKE '%not kept%' FROM users")
        world.browser().sign_in(world.register().asks(), body["userPrincipalName"])
        path = f"/users/{made['id']}"
        assert world.graph("PATCH", path, json={"jobTitle": None, "accountEnabled": False}).status_code == 204
        changed = world.graph("GET", f"{path}?$select=jobTitle,accountEnabled,displayName").json()
        assert (changed["jobTitle"], changed["accountEnabled"], changed["displayName"]) == (None, False, "Jo Park")
        refused(
            world.graph("POST", "/users", json=body), 400, "Request_BadRequest",
            "Another object with the same value for property userPrincipalName already exists\\.",
        )  # fmt: skip
        assert world.graph("DELETE", path).status_code == 204
        refused(world.graph("GET", path), 404, "Request_ResourceNotFound", ".+")

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"displayName": None}, "A value is required for property 'displayName' of resource 'User'\\."),
            ({"passwordProfile": None}, "A value is required for property 'passwordProfile' of resource 'User'\\."),
            ({"userPrincipalName": "jo@elsewhere.example"}, "The domain portion of the userPrincipalName property .+"),
            ({"userPrincipalName": "jo"}, "The domain portion of the userPrincipalName property .+"),
            ({"accountEnabled": "yes"}, "Invalid value specified for property 'accountEnabled' of resource 'User'\\."),
            ({"jobTitle": 1}, "Invalid value specified for property 'jobTitle' of resource 'User'\\."),
            ({"businessPhones": ["1", "2"]}, "Invalid value specified for property 'businessPhones' .+"),
            ({"nonsense": 1}, "Invalid property 'nonsense'\\."),
        ],
    )
    def test_one_that_is_wrong(self, world: World, changes: dict[str, Any], message: str) -> None:
        name = fresh("jo")
        body: dict[str, Any] = {
            "displayName": "Jo",
            "mailNickname": "jo",
            "userPrincipalName": f"{name}@{world.domain}",
        }
        body |= {"accountEnabled": True, "passwordProfile": {"password": "x"}} | changes
        refused(world.graph("POST", "/users", json=body), 400, "Request_BadRequest", message)

    def test_only_administrators_make_people(self, world: World) -> None:
        token = world.graph_token("robin")
        for method, path in (("POST", "/users"), ("PATCH", "/me"), ("DELETE", f"/users/{upn('sam')}")):
            refused(world.graph(method, path, token, json={"displayName": "x"}), *DENIED)


class TestGroups:
    def test_its_life(self, world: World) -> None:
        body = {"displayName": fresh("Team"), "mailNickname": "team", "mailEnabled": False, "securityEnabled": True}
        made = world.made("/groups", body)
        path = f"/groups/{made['id']}"
        assert world.graph("GET", path).json()["displayName"] == body["displayName"]
        assert made["securityIdentifier"].startswith("S-1-12-1-")
        sam = world.user_id("sam")
        reference = {"@odata.id": f"{GRAPH}/v1.0/directoryObjects/{sam}"}
        assert world.graph("POST", f"{path}/members/$ref", json=reference).status_code == 204
        refused(
            world.graph("POST", f"{path}/members/$ref", json=reference), 400, "Request_BadRequest",
            "One or more added object references already exist for the following modified properties: 'members'\\.",
        )  # fmt: skip
        assert values(world.graph("GET", f"{path}/members"), "id") == [sam]
        assert body["displayName"] in values(world.graph("GET", f"/users/{sam}/memberOf"))
        assert world.graph("DELETE", f"{path}/members/{sam}/$ref").status_code == 204
        refused(world.graph("DELETE", f"{path}/members/{sam}/$ref"), 404, "Request_ResourceNotFound", ".+")
        assert world.graph("PATCH", path, json={"description": "changed"}).status_code == 204
        assert world.graph("GET", path).json()["description"] == "changed"
        assert world.graph("DELETE", path).status_code == 204
        refused(world.graph("GET", path), 404, "Request_ResourceNotFound", ".+")

    def test_members_of_several_kinds(self, world: World) -> None:
        approvers = f"/groups/{world.group_id('Expense approvers')}"
        (group,) = world.graph("GET", f"{approvers}/members").json()["value"]
        assert (group["@odata.type"], group["displayName"]) == ("#microsoft.graph.group", "Finance")
        people = values(world.graph("GET", f"{approvers}/transitiveMembers/microsoft.graph.user"))
        assert sorted(people) == ["Lee Novak", "Robin Marsh"]
        assert values(world.graph("GET", f"{approvers}/members/microsoft.graph.user")) == []
        assert world.graph("GET", f"{approvers}/members/$count", headers=EVENTUAL).text == "1"

    def test_groups_in_a_ring_are_no_trouble(self, world: World) -> None:
        body = {"mailNickname": "ring", "mailEnabled": False, "securityEnabled": True}
        one, two = (world.made("/groups", body | {"displayName": fresh("Ring")})["id"] for _ in range(2))
        for group, member in ((one, two), (two, one), (one, world.user_id("sam"))):
            reference = {"@odata.id": f"{GRAPH}/v1.0/directoryObjects/{member}"}
            assert world.graph("POST", f"/groups/{group}/members/$ref", json=reference).status_code == 204
        found = values(world.graph("GET", f"/users/{upn('sam')}/transitiveMemberOf"), "id")
        assert {one, two} <= set(found)
        assert len(found) == len(set(found))

    def test_people_in_it_are_told_to_those_who_may_read_people(self, world: World) -> None:
        token = user_token(world, "GroupMember.Read.All")
        people = world.graph("GET", f"/groups/{world.group_id('Finance')}/members", token).json()["value"]
        assert [person["id"] for person in people] == [world.user_id("robin"), world.user_id("lee")]
        assert {person["displayName"] for person in people} == {None}

    def test_members_make_groups_and_owners_change_them(self, world: World) -> None:
        robin, sam = world.graph_token("robin"), world.graph_token("sam")
        body = {"displayName": fresh("Mine"), "mailNickname": "mine", "mailEnabled": False, "securityEnabled": True}
        made = world.graph("POST", "/groups", robin, json=body)
        assert made.status_code == 201
        path = f"/groups/{made.json()['id']}"
        assert values(world.graph("GET", f"{path}/owners", robin)) == ["Robin Marsh"]
        refused(world.graph("PATCH", path, sam, json={"description": "x"}), *DENIED)
        assert world.graph("PATCH", path, robin, json={"description": "x"}).status_code == 204
        assert world.graph("DELETE", path, robin).status_code == 204

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({"displayName": ""}, 400, "Request_BadRequest"),
            ({"securityEnabled": "yes"}, 400, "Request_BadRequest"),
            ({"nonsense": 1}, 400, "Request_BadRequest"),
            ({"description": "x" * 257}, 400, "Request_BadRequest"),
            ({"mailEnabled": True}, 501, "notImplemented"),
            ({"groupTypes": ["Unified"]}, 501, "notImplemented"),
        ],
    )
    def test_one_that_is_wrong(self, world: World, changes: dict[str, Any], status: int, code: str) -> None:
        body = {"displayName": "G", "mailNickname": "g", "mailEnabled": False, "securityEnabled": True} | changes
        refused(world.graph("POST", "/groups", json=body), status, code, ".+")

    def test_who_can_not_be_a_member(self, world: World) -> None:
        path = f"/groups/{world.group_id('Engineering')}"
        app = world.register()
        for member in (world.group_id("Engineering"), app.object_id):
            answer = world.graph("POST", f"{path}/members/$ref", json={"@odata.id": f"x/{member}"})
            refused(answer, 400, "Request_BadRequest", "The member that is being added is not valid .+")
        wrong: list[Any] = [{}, {"@odata.id": 1}, {"@odata.id": ""}, []]
        for body in wrong:
            answer = world.graph("POST", f"{path}/members/$ref", json=body)
            refused(answer, 400, "BadRequest", "Unable to read JSON request payload\\. .+")
        answer = world.graph("POST", f"{path}/members/$ref", json={"@odata.id": f"x/{UNKNOWN}"})
        refused(answer, 404, "Request_ResourceNotFound", ".+")


class TestObjects:
    def test_several_at_once(self, world: World) -> None:
        """Source: azure-cli 2.91, _get_object_stubs"""
        robin, finance = world.user_id("robin"), world.group_id("Finance")
        app = world.register()
        body = {
            "ids": [robin, finance, app.principal_id, app.object_id, UNKNOWN],
            "types": ["user", "servicePrincipal"],
        }
        answer = world.graph("POST", "/directoryObjects/getByIds", json=body).json()["value"]
        assert [(item["@odata.type"], item["id"]) for item in answer] == [
            ("#microsoft.graph.user", robin), ("#microsoft.graph.servicePrincipal", app.principal_id),
        ]  # fmt: skip
        everything = world.graph("POST", "/directoryObjects/getByIds", json={"ids": body["ids"]}).json()["value"]
        assert len(everything) == 4

    def test_one(self, world: World) -> None:
        finance = world.graph("GET", f"/directoryObjects/{world.group_id('Finance')}").json()
        assert (finance["@odata.type"], finance["displayName"]) == ("#microsoft.graph.group", "Finance")
        refused(world.graph("GET", f"/directoryObjects/{UNKNOWN}"), 404, "Request_ResourceNotFound", ".+")

    @pytest.mark.parametrize("body", [{}, {"ids": "x"}, {"ids": [1]}, {"ids": [], "types": 1}, {"ids": ["x"] * 1_001}])
    def test_wrong_bodies(self, world: World, body: Any) -> None:
        answer = world.graph("POST", "/directoryObjects/getByIds", json=body)
        refused(answer, 400, "Request_BadRequest", "Invalid value specified for parameter .+")


def test_another_directory_has_other_people(world: World) -> None:
    token = token_in(world, "people")
    assert world.group_id("Finance") not in values(world.graph("GET", "/groups", token), "id")
    refused(world.graph("GET", f"/groups/{world.group_id('Finance')}", token), 404, "Request_ResourceNotFound", ".+")
    body = {"ids": [world.user_id("robin")]}
    assert world.graph("POST", "/directoryObjects/getByIds", token, json=body).json()["value"] == []
