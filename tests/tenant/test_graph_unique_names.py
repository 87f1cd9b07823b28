"""Applications by a unique name: made at most once, found by it, and the name kept for good."""

from __future__ import annotations

import itertools
from typing import Any

import httpx

from .graph_help import DENIED, refused, user_token
from .world import World

TAKEN = "Another object with the same value for property uniqueName already exists\\."
MISSING = "Resource '.*' does not exist or one of its queried reference-property objects are not present\\."

_numbers = itertools.count(1)


def name() -> str:
    """Return a name that no other test takes."""
    return f"unique-{next(_numbers)}"


def upsert(world: World, unique_name: str, body: Any, prefer: str = "create-if-missing") -> httpx.Response:
    headers = {"Prefer": prefer} if prefer else {}
    return world.graph("PATCH", f"/applications(uniqueName='{unique_name}')", json=body, headers=headers)


def test_it_is_made_once_and_then_changed(world: World) -> None:
    """As https://learn.microsoft.com/graph/api/application-upsert says: 201 with the object, then 204."""
    one = name()
    made = upsert(world, one, {"displayName": "First"})
    assert made.status_code == 201
    assert (made.json()["uniqueName"], made.json()["displayName"]) == (one, "First")
    again = upsert(world, one, {"displayName": "Second"})
    assert (again.status_code, again.content) == (204, b"")
    found = world.graph("GET", f"/applications(uniqueName='{one}')").json()
    assert (found["appId"], found["displayName"]) == (made.json()["appId"], "Second")


def test_without_the_preference_nothing_is_made(world: World) -> None:
    one = name()
    refused(upsert(world, one, {"displayName": "None"}, prefer=""), 404, "Request_ResourceNotFound", MISSING)
    refused(world.graph("GET", f"/applications(uniqueName='{one}')"), 404, "Request_ResourceNotFound", MISSING)


def test_a_name_is_taken_also_by_a_deleted_application(world: World) -> None:
    """As reported in https://github.com/microsoftgraph/msgraph-bicep-types/issues/137."""
    one = name()
    made = upsert(world, one, {"displayName": "First"}).json()
    refused(
        world.graph("POST", "/applications", json={"displayName": "Second", "uniqueName": one}),
        400, "Request_BadRequest", TAKEN,
    )  # fmt: skip
    assert world.graph("DELETE", f"/applications/{made['id']}").status_code == 204
    refused(upsert(world, one, {"displayName": "Third"}), 400, "Request_BadRequest", TAKEN)
    assert world.graph("DELETE", f"/directory/deletedItems/{made['id']}").status_code == 204
    assert upsert(world, one, {"displayName": "Fourth"}).status_code == 201


def test_the_same_rules_hold_as_for_every_application(world: World) -> None:
    one = name()
    assert upsert(world, one, {"signInAudience": "Everybody", "displayName": "x"}).status_code == 400
    assert upsert(world, one, {}).status_code == 400
    token = user_token(world, "User.Read")
    refused(world.graph("PATCH", f"/applications(uniqueName='{one}')", token, json={"displayName": "x"}), *DENIED)
    upsert(world, one, {"displayName": "Avery's"})
    theirs = world.graph_token("robin")
    answer = world.graph("PATCH", f"/applications(uniqueName='{one}')", theirs, json={"displayName": "Robin's"})
    refused(answer, *DENIED)


def test_one_that_was_just_made_is_not_shown_while_replicas_lag(world: World) -> None:
    slow, one = world.of("uniquenames"), name()
    slow.teach("PATCH", replication_delay=30)
    assert upsert(slow, one, {"displayName": "Slow"}).status_code == 201
    refused(slow.graph("GET", f"/applications(uniqueName='{one}')"), 404, "Request_ResourceNotFound", MISSING)
    # Whoever asks again does not get a second one.
    assert upsert(slow, one, {"displayName": "Slow"}).status_code == 204
