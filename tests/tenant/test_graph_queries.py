"""The query options of OData: what they choose, in which order and how much at once, and what they refuse.

The refusals' texts are recorded ones, from the pages named beside them; [MEM] marks those that are not.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .browser import DOMAIN, KIM, upn
from .graph_help import EVENTUAL, UNKNOWN, fresh, refused, token_in, values
from .process import GRAPH
from .test_hostile import harmless, hostile
from .world import App, World

EVERYBODY = ["Avery Lang", "Robin Marsh", "Sam Okafor", "Kim Duarte", "Lee Novak"]
UNSUPPORTED = "Unsupported or invalid query filter clause specified for property '{}' of resource '{}'\\."
INCOMPATIBLE = (
    "Invalid filter clause: A binary operator with incompatible types was detected\\. Found operand types "
    "'Edm\\.{}' and 'Edm\\.{}' for operator kind 'Equal'\\."
)
HEADER_MISSING = (
    "Operator '{}' is not supported because the 'ConsistencyLevel:eventual' header is missing\\. "
    "Refer to https://aka\\.ms/graph-docs/advanced-queries for more information"
)


@pytest.fixture(scope="module")
def token(world: World) -> str:
    """The administrator of a directory in which nobody else changes anything."""
    return token_in(world, "queries")


@pytest.fixture(scope="module")
def named(world: World) -> dict[str, App]:
    """Three applications whose names nobody else's begin with."""
    prefix = fresh("Query")
    return {end: world.register(f"{prefix} {end}") for end in ("Alpha", "Beta", "Beta two")}


def name_of(named: dict[str, App], world: World, end: str) -> str:
    return str(world.graph("GET", f"/applications/{named[end].object_id}").json()["displayName"])


class TestFilter:
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("displayName eq 'Robin Marsh'", ["Robin Marsh"]),
            ("displayName eq 'ROBIN marsh'", ["Robin Marsh"]),
            ("DisplayName eq 'Robin Marsh'", ["Robin Marsh"]),
            ("displayName eq 'O''Brien'", []),
            ("startswith(displayName,'r')", ["Robin Marsh"]),
            ("startsWith(displayName, 'R')", ["Robin Marsh"]),
            ("startswith(displayName,'r') or startswith(displayName,'s')", ["Robin Marsh", "Sam Okafor"]),
            ("accountEnabled eq false", ["Lee Novak"]),
            ("accountEnabled eq true and userType eq 'Guest'", ["Kim Duarte"]),
            ("userType eq 'guest' or (accountEnabled eq false and department eq 'Finance')",
             ["Kim Duarte", "Lee Novak"]),
            ("displayName in ('Robin Marsh', 'Sam Okafor', 'Nobody')", ["Robin Marsh", "Sam Okafor"]),
            (f"userPrincipalName eq '{KIM}'".replace(DOMAIN, "queries.onmicrosoft.com"), ["Kim Duarte"]),
            ("mail eq null", []),
            ("officeLocation eq null", ["Kim Duarte"]),
            ("displayName ge 'Robin' and displayName lt 'S'", ["Robin Marsh"]),
            (f"id eq '{UNKNOWN}'", []),
            (f"id in ('{UNKNOWN}')", []),
        ],
    )  # fmt: skip
    def test_of_people(self, world: World, token: str, text: str, found: list[str]) -> None:
        assert values(world.graph("GET", "/users", token, params={"$filter": text})) == found

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("displayName ne 'Robin Marsh'", [name for name in EVERYBODY if name != "Robin Marsh"]),
            ("not startswith(displayName,'r')", [name for name in EVERYBODY if name != "Robin Marsh"]),
            ("endsWith(userPrincipalName,'#EXT#@queries.onmicrosoft.com')", ["Kim Duarte"]),
            ("businessPhones/$count eq 0", EVERYBODY),
            ("not(not(accountEnabled eq false))", ["Lee Novak"]),
        ],
    )
    def test_advanced(self, world: World, token: str, text: str, found: list[str]) -> None:
        asked = {"$filter": text, "$count": "true"}
        answer = world.graph("GET", "/users", token, params=asked, headers=EVENTUAL)
        assert values(answer) == found
        assert answer.json()["@odata.count"] == len(found)

    def test_what_the_azure_cli_asks(self, world: World, named: dict[str, App]) -> None:
        """Source: azure-cli 2.91, command_modules/role/custom.py"""
        alpha, name = named["Alpha"], name_of(named, world, "Alpha")
        prefix = name.removesuffix(" Alpha")

        def ask(path: str, text: str) -> list[str]:
            return values(world.graph("GET", path, params={"$filter": text}), "appId")

        assert ask("/applications", f"appId eq '{alpha.client_id}'") == [alpha.client_id]
        assert ask("/applications", f"appId eq '{alpha.object_id}'") == []
        everyone = [app.client_id for app in named.values()]
        assert ask("/applications", f"startswith(displayName,'{prefix}')") == everyone
        assert ask("/applications", f"identifierUris/any(s:s eq '{alpha.uri}')") == [alpha.client_id]
        for name_or_id in (alpha.client_id, alpha.uri):
            assert ask("/servicePrincipals", f"servicePrincipalNames/any(c:c eq '{name_or_id}')") == [alpha.client_id]
        assert ask("/servicePrincipals", f"displayName eq '{name}'") == [alpha.client_id]
        both = f"appId eq '{alpha.client_id}' and startswith(displayName,'{prefix}')"
        assert ask("/applications", both) == [alpha.client_id]
        groups = {"$filter": "displayName eq 'Finance' and mailNickname eq 'x'"}
        assert values(world.graph("GET", "/groups", params=groups)) == []

    def test_entries_that_are_objects(self, world: World, named: dict[str, App]) -> None:
        text = "api/requestedAccessTokenVersion eq 2"
        found = values(world.graph("GET", "/applications", params={"$filter": text, "$top": "999"}), "appId")
        assert {app.client_id for app in named.values()} <= set(found)
        secret = {"$filter": "passwordCredentials/any(c:c/displayName eq 'nothing')"}
        assert values(world.graph("GET", "/applications", params=secret)) == []

    @pytest.mark.parametrize(
        ("text", "code", "message"),
        [
            # https://learn.microsoft.com/answers and issues quote each of these as it stands here
            ("nonsense eq 'x'", "BadRequest",
             "Invalid filter clause: Could not find a property named 'nonsense' on type 'microsoft\\.graph\\.user'\\."),
            ("displayName is 'x'", "BadRequest",
             "Invalid filter clause: Syntax error at position 12 in 'displayName is 'x''\\."),
            ("displayName eq", "BadRequest", "Invalid filter clause: Syntax error at position 14 in .+"),
            ("displayName eq 'x", "BadRequest", "Invalid filter clause: Syntax error at position 14 .+"),
            ("(displayName eq 'x'", "BadRequest", "Invalid filter clause: Syntax error .+"),
            ("displayName eq 'x' displayName", "BadRequest", "Invalid filter clause: Syntax error at position 19 .+"),
            ("", "BadRequest", "Invalid filter clause: Syntax error at position 0 in ''\\."),
            ("and", "BadRequest", "Invalid filter clause: Could not find a property named 'and' .+"),
            ("accountEnabled eq 'true'", "BadRequest",
             INCOMPATIBLE.format("Boolean", "String")),
            ("displayName eq true", "BadRequest", INCOMPATIBLE.format("String", "Boolean")),
            ("displayName eq 1", "BadRequest", INCOMPATIBLE.format("String", "Int32")),
            ("startswith(displayName,1)", "BadRequest", "Invalid filter clause: No function signature .+"),
            ("userPrincipalName eq ''", "Request_UnsupportedQuery", UNSUPPORTED.format("userPrincipalName", "User")),
            ("businessPhones eq 'x'", "Request_UnsupportedQuery", UNSUPPORTED.format("businessPhones", "User")),
            ("contains(displayName,'x')", "Request_UnsupportedQuery", UNSUPPORTED.format("displayName", "User")),
            ("imAddresses/all(p:p eq '1')", "Request_UnsupportedQuery", UNSUPPORTED.format("imAddresses", "User")),
            ("displayName ne 'x'", "Request_UnsupportedQuery", "Filter operator 'NotEqualsMatch' is not supported\\."),
            ("endsWith(displayName,'x')", "Request_UnsupportedQuery", HEADER_MISSING.format("endsWith")),
            ("not startswith(displayName,'x')", "Request_UnsupportedQuery", HEADER_MISSING.format("not")),  # [MEM]
            ("businessPhones/$count eq 0", "Request_UnsupportedQuery", HEADER_MISSING.format("\\$count")),  # [MEM]
            ("(" * 60 + "accountEnabled eq true" + ")" * 60, "BadRequest", "Invalid filter clause: Recursion depth .+"),
            ("not " * 60 + "accountEnabled eq true", "Request_UnsupportedQuery", HEADER_MISSING.format("not")),
        ],
    )  # fmt: skip
    def test_one_that_is_refused(self, world: World, token: str, text: str, code: str, message: str) -> None:
        refused(world.graph("GET", "/users", token, params={"$filter": text}), 400, code, message)

    def test_an_empty_name_of_a_service_principal(self, world: World) -> None:
        """What ``az ad sp show --id ""`` brings."""
        asked = {"$filter": "servicePrincipalNames/any(c:c eq '')"}
        message = UNSUPPORTED.format("servicePrincipalNames", "ServicePrincipal")
        refused(world.graph("GET", "/servicePrincipals", params=asked), 400, "Request_UnsupportedQuery", message)

    def test_half_of_an_advanced_query_is_none(self, world: World, token: str) -> None:
        for headers, more in ((EVENTUAL, {}), ({}, {"$count": "true"})):
            asked = {"$filter": "displayName ne 'x'"} | more
            answer = world.graph("GET", "/users", token, params=asked, headers=headers)
            refused(answer, 400, "Request_UnsupportedQuery", ".+")

    def test_many_clauses_are_no_trouble(self, world: World, token: str) -> None:
        text = " or ".join(["accountEnabled eq false"] * 120)
        assert values(world.graph("GET", "/users", token, params={"$filter": text})) == ["Lee Novak"]
        text = "not " * 45 + "accountEnabled eq true"
        asked = {"$filter": text, "$count": "true"}
        assert values(world.graph("GET", "/users", token, params=asked, headers=EVENTUAL)) == ["Lee Novak"]


WORDS = [
    *("displayName", "accountEnabled", "businessPhones", "identifierUris", "api", "id", "nonsense", "$count"),
    *("eq", "ne", "in", "and", "or", "not", "any", "all", "startswith", "endswith", "contains", "true", "null"),
    *("'x'", "''", "'", "1", "-1", "1.5", "9" * 30, UNKNOWN, "2026-01-01", "2026-01-01T00:00:00Z", "(", ")", ",", "/"),
    *(":", "c:c", "any(c:c eq 'x')", "any(c:c/d eq 'x')", "any()", "\x00", "é", "displayName eq 'x'", " "),
]


class TestGarbage:
    @hostile
    @given(
        path=st.sampled_from(["/users", "/applications", "/servicePrincipals", "/groups", "/me/memberOf"]),
        option=st.sampled_from(["$filter", "$orderby", "$select", "$search", "$top", "$skiptoken", "$count", "$skip"]),
        words=st.lists(st.sampled_from(WORDS), max_size=12),
        glue=st.sampled_from([" ", "", ","]),
        eventual=st.booleans(),
    )
    def test_never_is_a_fault(
        self, world: World, path: str, option: str, words: list[str], glue: str, eventual: bool
    ) -> None:
        asked = {option: glue.join(words), "$count": "true"} if eventual else {option: glue.join(words)}
        answer = world.graph("GET", path, params=asked, headers=EVENTUAL if eventual else {})
        harmless(answer.status_code, answer.content)
        assert answer.status_code in (200, 400, 501)


class TestSelect:
    def test_names_stand_in_the_context(self, world: World) -> None:
        """Source: https://learn.microsoft.com/graph/api/application-get, example 2"""
        app = world.register()
        body = world.graph("GET", f"/applications(appId='{app.client_id}')?$select=id,AppId,displayName").json()
        assert body["@odata.context"] == f"{GRAPH}/v1.0/$metadata#applications(id,appId,displayName)/$entity"
        assert list(body) == ["@odata.context", "id", "appId", "displayName"]
        body = world.graph("GET", "/users?$select=id&$top=1").json()
        assert body["@odata.context"] == f"{GRAPH}/v1.0/$metadata#users(id)"

    def test_an_unknown_property(self, world: World) -> None:
        message = (
            "Parsing OData Select and Expand failed: Could not find a property named 'nonsense' on type "
            "'microsoft\\.graph\\.user'\\."
        )
        refused(world.graph("GET", "/me?$select=nonsense"), 400, "BadRequest", message)

    def test_what_is_not_set_is_null(self, world: World) -> None:
        body = world.graph("GET", "/me?$select=employeeId,otherMails,usageLocation").json()
        assert (body["employeeId"], body["otherMails"], body["usageLocation"]) == (None, [], None)

    def test_without_it_people_are_told_in_short(self, world: World) -> None:
        assert "department" not in world.graph("GET", "/users?$top=1").json()["value"][0]


class TestPages:
    def test_through_all_of_them(self, world: World, token: str) -> None:
        found, url, pages = [], "/users?$top=2&$select=displayName", 0
        while url:
            body = world.graph("GET", url, token).json()
            assert len(body["value"]) <= 2
            found += [user["displayName"] for user in body["value"]]
            url = body.get("@odata.nextLink", "").removeprefix(f"{GRAPH}/v1.0")
            pages += 1
        assert (found, pages) == (EVERYBODY, 3)

    def test_a_link_keeps_what_was_asked(self, world: World, token: str) -> None:
        asked = {"$filter": "accountEnabled eq true", "$top": "1", "$count": "true"}
        body = world.graph("GET", "/users", token, params=asked, headers=EVENTUAL).json()
        assert list(body) == ["@odata.context", "@odata.count", "@odata.nextLink", "value"]
        assert body["@odata.count"] == 4
        parts = urlsplit(body["@odata.nextLink"])
        assert (parts.netloc, parts.path) == ("graph.microsoft.com", "/v1.0/users")
        query = dict(parse_qsl(parts.query))
        assert query.pop("$skiptoken")
        assert query == asked

    def test_a_hundred_at_once_unless_asked_otherwise(self, world: World) -> None:
        token = token_in(world, "many")
        for number in range(101):
            body = {"displayName": f"App {number}"}
            assert world.graph("POST", "/applications", token, json=body).status_code == 201
        body = world.graph("GET", "/applications", token).json()
        assert len(body["value"]) == 100
        rest = world.graph("GET", body["@odata.nextLink"].removeprefix(f"{GRAPH}/v1.0"), token).json()
        assert [app["displayName"] for app in rest["value"]] == ["App 100"]
        assert "@odata.nextLink" not in rest
        assert len(world.graph("GET", "/applications?$top=999", token).json()["value"]) == 101

    @pytest.mark.parametrize(
        ("query", "code", "message"),
        [
            ("$top=0", "Request_UnsupportedQuery",
             "Invalid page size specified: '0'\\. Must be between 1 and 999 inclusive\\."),
            ("$top=1000", "Request_UnsupportedQuery", "Invalid page size specified: '1000'\\. Must be between 1 .+"),
            ("$top=-1", "Request_UnsupportedQuery", "Invalid page size specified: '-1'\\. .+"),
            ("$top=x", "BadRequest", "Invalid value 'x' for \\$top query option found\\. .+"),  # [MEM]
            ("$top=", "BadRequest", "Invalid value '' for \\$top query option found\\. .+"),
            ("$skip=1", "Request_BadRequest", "'\\$skip' is not supported by the service\\."),
            ("$skiptoken=nonsense", "Directory_ExpiredPageToken", "The specified page token value has expired .+"),
            ("$skiptoken=%C3%A9", "Directory_ExpiredPageToken", "The specified page token value has expired .+"),
            ("$nonsense=1", "Request_BadRequest", "Unrecognized query argument specified: '\\$nonsense'\\."),
            ("$orderby=nonsense", "BadRequest", "Invalid \\$orderby clause: Could not find a property named .+"),
            ("$orderby=jobTitle", "Request_UnsupportedQuery", "Sorting not supported for current query\\."),
            ("$orderby=displayName&$filter=accountEnabled eq true", "Request_UnsupportedQuery",
             "Sorting not supported for current query\\."),
            ("$search=\"displayName:x\"", "Request_UnsupportedQuery",
             "Request with \\$search query parameter only works through MSGraph with a special request header: .+"),
        ],
    )  # fmt: skip
    def test_what_is_refused(self, world: World, query: str, code: str, message: str) -> None:
        refused(world.graph("GET", f"/users?{query}"), 400, code, message)

    def test_other_parameters_are_nobodys_business(self, world: World) -> None:
        assert world.graph("GET", "/users?nonsense=1&$format=json").status_code == 200


class TestOrderAndSearch:
    def test_order(self, world: World, token: str) -> None:
        assert values(world.graph("GET", "/users?$orderby=displayName", token)) == sorted(EVERYBODY)
        down = world.graph("GET", "/users?$orderBy=displayName desc", token)
        assert values(down) == sorted(EVERYBODY, reverse=True)
        asked = {"$orderby": "displayName", "$filter": "accountEnabled eq true", "$count": "true"}
        answer = world.graph("GET", "/users", token, params=asked, headers=EVENTUAL)
        assert values(answer) == [name for name in sorted(EVERYBODY) if name != "Lee Novak"]

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ('"displayName:mar"', ["Robin Marsh"]),
            ('"displayName:arsh"', []),
            ('"displayName:robin" OR "displayName:sam"', ["Robin Marsh", "Sam Okafor"]),
            ('"displayName:robin" AND "givenName:sam"', []),
            ('"userPrincipalName:lee"', ["Lee Novak"]),
        ],
    )
    def test_search(self, world: World, token: str, text: str, found: list[str]) -> None:
        answer = world.graph("GET", "/users", token, params={"$search": text}, headers=EVENTUAL)
        assert values(answer) == found

    @pytest.mark.parametrize(
        ("text", "code", "message"),
        [
            # https://github.com/microsoftgraph/msgraph-sdk-javascript names the first
            ("displayName:room", "BadRequest", "Syntax error: character .+ is not valid at position .+"),
            ('"displayName:a" OR', "BadRequest", "Syntax error: .+"),
            ('"jobTitle:a"', "Request_UnsupportedQuery", ".+"),
        ],
    )
    def test_a_search_that_is_refused(self, world: World, text: str, code: str, message: str) -> None:
        refused(world.graph("GET", "/users", params={"$search": text}, headers=EVENTUAL), 400, code, message)


class TestCount:
    def test_as_a_segment(self, world: World, token: str) -> None:
        """Source: https://learn.microsoft.com/graph/aad-advanced-queries"""
        answer = world.graph("GET", "/users/$count", token, headers=EVENTUAL)
        assert (answer.text, answer.headers["content-type"]) == ("5", "text/plain")
        asked = {"$filter": "accountEnabled eq false"}
        assert world.graph("GET", "/users/$count", token, params=asked, headers=EVENTUAL).text == "1"
        refused(
            world.graph("GET", "/users/$count", token), 400, "Request_BadRequest",
            "\\$count is not currently supported\\.",
        )  # fmt: skip

    @pytest.mark.parametrize("path", ["/groups/$count", "/applications/$count", "/servicePrincipals/$count"])
    def test_of_other_collections(self, world: World, token: str, path: str) -> None:
        answer = world.graph("GET", path, token, headers=EVENTUAL)
        listed = world.graph("GET", path.removesuffix("/$count") + "?$top=999", token).json()["value"]
        assert answer.text == str(len(listed))

    def test_without_the_header_it_is_ignored(self, world: World, token: str) -> None:
        """Source: https://github.com/microsoftgraph/msgraph-sdk-javascript, its tests of /users"""
        assert "@odata.count" not in world.graph("GET", "/users?$count=true", token).json()

    def test_the_header_is_read_as_http_reads_it(self, world: World, token: str) -> None:
        answer = world.graph("GET", "/users?$count=true", token, headers={"consistencylevel": "Eventual"})
        assert answer.json()["@odata.count"] == 5


class TestNames:
    @pytest.mark.parametrize(
        "path", ["/Users/{}", "/USERS('{}')", "/users('{}')", "/directoryObjects/{}", "/DirectoryObjects/{}"]
    )
    def test_case_does_not_count_in_paths(self, world: World, path: str) -> None:
        robin = world.graph("GET", f"/users/{upn('robin')}").json()["id"]
        assert world.graph("GET", path.format(robin)).json()["displayName"] == "Robin Marsh"


def test_a_context_follows_the_host(world: World) -> None:
    with world.tenant.direct() as http:
        answer = http.get("/v1.0/users?$top=1", headers={"Authorization": f"Bearer {world.administrator}"})
    body: dict[str, Any] = answer.json()
    base = str(http.base_url).rstrip("/")
    assert body["@odata.context"].startswith(f"{base}/v1.0/")
    assert body["@odata.nextLink"].startswith(f"{base}/v1.0/users?")
