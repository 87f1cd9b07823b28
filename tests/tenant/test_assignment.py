"""Who may use an application that demands assignment.

A group counts for its direct members, not for those of groups inside it. Source:
https://learn.microsoft.com/entra/identity-platform/howto-restrict-your-app-to-a-set-of-users
"""

from __future__ import annotations

import httpx

from .browser import KIM, answer_of, page_of
from .process import GRAPH
from .tokens import claims, ok
from .visits import after_picking, refused
from .world import App, World


def picked(world: World, app: App, name: str = "robin", **changes: str | None) -> httpx.Response:
    return after_picking(world.browser(), app, name, **changes)


def demanding(world: World) -> App:
    """Register an application that demands assignment and needs no consent, which an administrator gave."""
    app = world.register("Closed")
    world.tokens(app, "avery")
    world.grant(app, "access", app.client_id)
    world.grant(app, "openid profile offline_access")
    world.require_assignment(app)
    return app


def is_let_in(world: World, app: App, name: str) -> bool:
    answer = picked(world, app, name)
    if not answer.is_redirect:
        assert page_of(answer).error.startswith("AADSTS50105: ")
    return answer.is_redirect and "code" in answer_of(answer)


def test_those_who_are_assigned_themselves(world: World) -> None:
    app = demanding(world)
    world.assign(app, world.user_id("sam"))
    world.assign(app, world.user_id(KIM))
    assert {name: is_let_in(world, app, name) for name in ("avery", "robin", "sam", "kim")} == {
        "avery": False,
        "robin": False,
        "sam": True,
        "kim": True,
    }


def test_the_direct_members_of_a_group(world: World) -> None:
    app = demanding(world)
    world.assign(app, world.group_id("Expense approvers"))
    assert not is_let_in(world, app, "robin")  # is in Finance, which is in that group
    world.assign(app, world.group_id("Finance"))
    assert is_let_in(world, app, "robin")


def test_an_api_may_demand_it_too(world: World) -> None:
    api, client = demanding(world), world.register("Client")
    world.grant(client, "access", api.client_id)
    page = page_of(picked(world, client, scope=api.scope))
    assert f"configured the application Closed ('{api.client_id}') to block users" in page.error
    world.assign(api, world.user_id("robin"))
    assert "code" in answer_of(picked(world, client, scope=api.scope))


def test_users_can_not_consent_to_it(world: World) -> None:
    """Source: application-sign-in-unexpected-user-consent-error: "User assignment is required", 90094."""
    app = world.register("Closed")
    world.require_assignment(app)
    world.assign(app, world.user_id("robin"))
    page = page_of(picked(world, app))
    assert (page.h1, page.error.partition(":")[0]) == ("Need admin approval", "AADSTS90094")


def test_whoever_loses_it_gets_no_more_tokens(world: World) -> None:
    app = world.register()
    tokens = world.tokens(app)
    world.require_assignment(app)
    answer = world.refresh(app, tokens["refresh_token"])
    assert refused(answer.json()) == ("invalid_grant", "AADSTS50105")
    world.assign(app, world.user_id("robin"))
    assert "access_token" in ok(world.refresh(app, tokens["refresh_token"]))


def test_a_token_for_another_resource_of_an_app_that_demands_it(world: World) -> None:
    app = demanding(world)
    world.assign(app, world.user_id("robin"))
    code = answer_of(picked(world, app))["code"]
    refresh_token = ok(world.redeem(app, code))["refresh_token"]
    assert claims(ok(world.refresh(app, refresh_token, scope=f"{GRAPH}/openid"))["access_token"])["aud"] == GRAPH


def test_a_client_needs_an_app_role(world: World) -> None:
    role = {
        "id": "33333333-cccc-4ccc-8ccc-333333333333",
        "value": "Tasks.Run",
        "displayName": "Run",
        "description": "Run tasks",
        "allowedMemberTypes": ["Application"],
    }
    api, client = world.register("API", appRoles=[role]), world.register("Client")
    world.require_assignment(api)
    answer = world.client_credentials(client, f"{api.uri}/.default")
    assert refused(answer.json()) == ("invalid_grant", "AADSTS501051")
    world.assign(api, client.principal_id, str(role["id"]))
    token = ok(world.client_credentials(client, f"{api.uri}/.default"))["access_token"]
    assert claims(token)["roles"] == ["Tasks.Run"]
