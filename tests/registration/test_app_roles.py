"""App roles for apps that act for themselves: declared by name, planned, made, judged, given to an agent, and gone."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from typing import Any

import pytest

from workshop.errors import WorkshopError
from workshop.registration.app_roles import with_app_roles
from workshop.registration.declarations import PREAUTHORIZED, PROXY, DeclaredRole
from workshop.registration.handover import handover

from .office import Office
from .test_rules import line, mend, wrong

NAME = "Expenses.Count"
WITH_ROLE = with_app_roles(PREAUTHORIZED, [NAME])
SETTING = "ENTRA_PREAUTHORIZED_APP_ROLES"


def roles(office: Office) -> list[dict[str, Any]]:
    """Return the app roles as Graph has them."""
    return list(office.app(PREAUTHORIZED)["appRoles"])


def test_from_the_plan_to_an_agents_token_and_away(office: Office) -> None:
    planned = repr(office.desk.plan(WITH_ROLE))
    assert re.search(rf"\+ App role {NAME} +enabled, for Application, ", planned)
    office.desk.apply(WITH_ROLE)
    (role,) = roles(office)
    assert (role["value"], role["allowedMemberTypes"]) == (NAME, ["Application"])
    assert office.desk.plan(WITH_ROLE).changes == ()
    assert line(office.desk.verify("", WITH_ROLE), "app-roles").status == "right"

    assert agents_roles(office, role["id"]) == [NAME]
    # People can't hold it.
    api = office.principal(office.kept_id(PREAUTHORIZED))["id"]
    me = office.got("/me")["id"]
    refused = office.graph(
        "POST",
        f"/servicePrincipals/{api}/appRoleAssignedTo",
        {"principalId": me, "resourceId": api, "appRoleId": role["id"]},
    )
    assert refused.status_code == 400

    assert f"- App role {NAME}" in repr(office.desk.plan(PREAUTHORIZED))
    office.desk.apply(PREAUTHORIZED)
    assert roles(office) == []
    assert wrong(office.desk.verify()) == set()


def agents_roles(office: Office, role_id: str) -> list[str]:
    """Register an agent, give it the role, and return the roles in its own token."""
    api = office.principal(office.kept_id(PREAUTHORIZED))["id"]
    agent = office.done("POST", "/applications", {"displayName": "Agent"})
    principal = office.done("POST", "/servicePrincipals", {"appId": agent["appId"]})["id"]
    secret = office.done("POST", f"/applications/{agent['id']}/addPassword", {})["secretText"]
    given = {"principalId": principal, "resourceId": api, "appRoleId": role_id}
    office.done("POST", f"/servicePrincipals/{api}/appRoleAssignedTo", given)
    form = {
        "grant_type": "client_credentials",
        "client_id": agent["appId"],
        "client_secret": secret,
        "scope": f"api://{office.kept_id(PREAUTHORIZED)}/.default",
    }
    answer = office.http.post(f"https://login.microsoftonline.com/{office.tenant_id}/oauth2/v2.0/token", data=form)
    payload = answer.json()["access_token"].split(".")[1]
    return list(json.loads(base64.urlsafe_b64decode(payload + "=="))["roles"])


def test_a_role_that_only_the_server_names_is_missed(office: Office) -> None:
    """Else the server lets nobody in, and nothing says why."""
    office.desk.apply(PREAUTHORIZED)
    assert wrong(office.desk.verify()) == set()
    office.desk.keeper.keep({SETTING: f"{NAME} Expenses.Run"})
    found = line(office.desk.verify(), "app-roles")
    assert (found.status, found.found) == ("wrong", f"{NAME} is missing, Expenses.Run is missing")
    assert NAME in found.should
    mend(office, found.mend.python)
    assert wrong(office.desk.verify()) == set()
    assert [role["allowedMemberTypes"] for role in roles(office)] == [["Application"]] * 2


def test_a_role_for_people_alone_lets_no_app_in(office: Office) -> None:
    """Made by hand: the first choice of the portal's form is users and groups."""
    people = DeclaredRole(NAME, NAME, "For people.")
    office.desk.apply(replace(PREAUTHORIZED, app_roles=(people,)))
    office.desk.keeper.keep({SETTING: NAME})
    found = line(office.desk.verify(), "app-roles")
    assert (found.status, found.found) == ("wrong", f"{NAME} is not for applications")
    mend(office, found.mend.python)
    assert wrong(office.desk.verify()) == set()
    assert [role["allowedMemberTypes"] for role in roles(office)] == [["Application", "User"]]


def test_an_administrator_is_handed_it_too() -> None:
    text = handover(WITH_ROLE, number="1")
    assert f"| App role | {NAME} enabled, for Application" in text.letter
    assert f'"value": "{NAME}"' in text.script


@pytest.mark.parametrize(
    "name", ["", "two words", "a,b", ".Expenses", "Ausgaben.Zählen", "x" * 121, "a\n", "a\\b", 'a"b', "--plan\t"]
)
def test_a_name_that_entra_or_the_setting_would_not_take_is_refused(name: str) -> None:
    with pytest.raises(WorkshopError, match="can't be the value of an app role"):
        with_app_roles(PREAUTHORIZED, [name])


def test_names_are_declared_once() -> None:
    declared = with_app_roles(with_app_roles(PROXY, ["A", "B", "A"]), ["B", "C"]).app_roles
    assert [role.value for role in declared] == ["A", "B", "C"]
    # Of Microsoft Graph, and of Microsoft's samples (Azure-Samples/active-directory-dotnet-daemon#36).
    known = ["User.Read.All", "access_as_application", "AppRole.Read:all", "DaemonAppRole", "Task.Write"]
    assert [role.value for role in with_app_roles(PROXY, known).app_roles] == known
