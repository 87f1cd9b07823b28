"""The portal's button Grant admin consent, as the Azure CLI presses it.

Source: azure-cli's ``role/custom.py``; Azure/azure-cli#16422 (the refusal). The 404's and the 400's texts, the form of
a 401 and the 204 are from memory. [MEM]
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from .graph_help import UNKNOWN, values
from .process import GRAPH
from .world import CLI, GRAPH_APP, App, World

HOST = "https://main.iam.ad.ext.azure.com"
PORTAL = "74658136-14ec-4630-ad9b-26e160ff0fc6"
USER_READ = "e1fe6dd8-ba31-4d61-89e7-88639da4683d"
MAIL_READ = "570282fd-fa5c-430d-a7fd-fc8dc98a9dca"
USER_READ_ALL = "df021288-bdef-4463-88db-98f22de89214"


def token(world: World, name: str = "avery", scope: str = f"{PORTAL}/.default") -> str:
    return str(world.tokens(CLI, name, scope=scope)["access_token"])


def press(world: World, app_id: str, bearer: str, query: str = "?onBehalfOfAll=true") -> httpx.Response:
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    return world.http.post(f"{HOST}/api/RegisteredApplications/{app_id}/Consent{query}", headers=headers)


def asking(world: World, **access: str) -> App:
    """Return an application whose registration lists permissions of Microsoft Graph, each with its kind."""
    app = world.register("Asks for much")
    list_access(world, app, [{"id": id_, "type": kind} for id_, kind in access.items()])
    return app


def list_access(world: World, app: App, access: list[dict[str, Any]]) -> None:
    world.change(app, requiredResourceAccess=[{"resourceAppId": GRAPH_APP, "resourceAccess": access}])


def held(world: World, app: App) -> tuple[list[str], list[str]]:
    """Return the scopes granted for everyone, and the roles."""
    asked = {"$filter": f"clientId eq '{app.principal_id}' and consentType eq 'AllPrincipals'"}
    scopes = values(world.graph("GET", "/oauth2PermissionGrants", params=asked), "scope")
    path = f"/servicePrincipals/{app.principal_id}/appRoleAssignments"
    return scopes, values(world.graph("GET", path), "appRoleId")


def test_what_the_registration_lists_is_granted(world: World) -> None:
    app = asking(world, **{USER_READ: "Scope", MAIL_READ: "Scope", USER_READ_ALL: "Role"})
    answer = press(world, app.client_id, token(world))
    assert (answer.status_code, answer.content) == (204, b"")
    (scopes,), roles = held(world, app)
    assert sorted(scopes.split()) == ["Mail.Read", "User.Read"]
    assert roles == [USER_READ_ALL]


def test_what_was_granted_before_is_revoked_but_not_users_own_consent(world: World) -> None:
    app = asking(world, **{USER_READ: "Scope", USER_READ_ALL: "Role"})
    assert press(world, app.client_id, token(world)).status_code == 204
    robin = world.graph("GET", f"/users/robin@{world.domain}").json()["id"]
    own = {"clientId": app.principal_id, "consentType": "Principal", "principalId": robin}
    world.made("/oauth2PermissionGrants", own | {"resourceId": world.principal_of(GRAPH_APP), "scope": "Mail.Send"})
    list_access(world, app, [{"id": MAIL_READ, "type": "Scope"}])
    assert press(world, app.client_id, token(world)).status_code == 204
    assert held(world, app) == (["Mail.Read"], [])
    asked = {"$filter": f"clientId eq '{app.principal_id}' and principalId eq '{robin}'"}
    assert values(world.graph("GET", "/oauth2PermissionGrants", params=asked), "scope") == ["Mail.Send"]


def refused(answer: httpx.Response, status: int, message: str) -> None:
    assert answer.status_code == status
    assert answer.json() == {
        "ClassName": "Microsoft.Portal.Framework.Exceptions.ClientException",
        "Message": message,
    }


def test_only_an_administrator_presses_it(world: World) -> None:
    app = asking(world, **{USER_READ: "Scope"})
    denied = (
        "Graph call failed with httpCode=Forbidden, errorCode=Authorization_RequestDenied, "
        "errorMessage=This operation can only be performed by an administrator."
    )
    refused(press(world, app.client_id, token(world, "robin")), 403, denied)
    itself = world.client_credentials(app, f"{PORTAL}/.default").json()["access_token"]
    refused(press(world, app.client_id, itself), 403, denied)
    assert held(world, app) == ([], [])


@pytest.mark.parametrize("given", ["", "a.b.c", "graph"])
def test_who_is_not_let_in(world: World, given: str) -> None:
    bearer = token(world, scope=f"{GRAPH}/.default") if given == "graph" else given
    assert press(world, UNKNOWN, bearer).status_code == 401


def test_an_application_that_is_not_here(world: World) -> None:
    for app_id in (UNKNOWN, CLI.client_id, "x"):
        answer = press(world, app_id, token(world))
        refused(
            answer,
            404,
            "Graph call failed with httpCode=NotFound, errorCode=Request_ResourceNotFound, errorMessage=Resource "
            f"'{app_id}' does not exist or one of its queried reference-property objects are not present.",
        )


def test_a_listed_resource_that_is_not_in_the_directory(world: World) -> None:
    app = world.register("Asks of nobody")
    wanted = [{"resourceAppId": UNKNOWN, "resourceAccess": [{"id": USER_READ, "type": "Scope"}]}]
    world.change(app, requiredResourceAccess=wanted)
    answer = press(world, app.client_id, token(world))
    assert answer.status_code == 400
    assert "errorCode=Request_BadRequest" in answer.json()["Message"]


def test_what_is_not_here_says_so(world: World) -> None:
    app = asking(world)
    assert press(world, app.client_id, token(world), "").status_code == 501
    answer = world.http.get(f"{HOST}/api/Permissions")
    assert answer.status_code == 501
    assert answer.json()["Message"] == "The PRACTICE tenant has no GET /api/Permissions here."


def test_an_id_that_nobody_publishes_fails_it_as_a_whole(world: World) -> None:
    app = asking(world, **{USER_READ: "Scope", "5b567255-7703-4780-807c-7be8301ae99b": "Scope"})
    answer = press(world, app.client_id, token(world))
    assert answer.status_code == 400
    assert "5b567255-7703-4780-807c-7be8301ae99b (Scope)" in answer.json()["Message"]
    assert held(world, app) == ([], [])
