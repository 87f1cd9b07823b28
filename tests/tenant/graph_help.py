"""What the tests of Microsoft Graph share: tokens with few permissions, and errors checked in full."""

from __future__ import annotations

import re
import uuid
from typing import Any

import httpx

from .process import GRAPH
from .world import CLI, GRAPH_APP, App, World

UNKNOWN = "11111111-2222-4333-8444-555555555555"
DENIED = (403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation\\.")
EVENTUAL = {"ConsistencyLevel": "eventual"}


def refused(answer: httpx.Response, status: int, code: str, message: str) -> None:
    """Check an error's form and content; the message is a regular expression."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert list(body) == ["error"]
    assert list(body["error"]) == ["code", "message", "innerError"]
    inner = body["error"]["innerError"]
    assert list(inner) == ["date", "request-id", "client-request-id"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", inner["date"])
    assert inner["request-id"] == answer.headers["request-id"]
    assert inner["client-request-id"] == answer.headers["client-request-id"]
    assert body["error"]["code"] == code
    assert re.fullmatch(message, body["error"]["message"]), body["error"]["message"]


def user_token(world: World, *scopes: str, name: str = "robin", **register: Any) -> str:
    """Return someone's token for Graph with just these scopes, which an administrator granted."""
    app = world.register("Reader", **register)
    grant = {"clientId": app.principal_id, "consentType": "AllPrincipals", "resourceId": world.principal_of(GRAPH_APP)}
    world.made("/oauth2PermissionGrants", grant | {"scope": " ".join(scopes)})
    return str(world.tokens(app, name, scope=" ".join(f"{GRAPH}/{scope}" for scope in scopes))["access_token"])


def app_token(world: World, *roles: str, app: App | None = None) -> str:
    """Return an application's own token for Graph with just these roles."""
    holder = app or world.register("Daemon")
    graph = world.principal_of(GRAPH_APP)
    known = world.graph("GET", f"/servicePrincipals/{graph}?$select=appRoles").json()["appRoles"]
    for role in roles:
        (role_id,) = (entry["id"] for entry in known if entry["value"] == role)
        assignment = {"principalId": holder.principal_id, "resourceId": graph, "appRoleId": role_id}
        world.made(f"/servicePrincipals/{holder.principal_id}/appRoleAssignments", assignment)
    return str(world.client_credentials(holder, f"{GRAPH}/.default").json()["access_token"])


def values(answer: httpx.Response, member: str = "displayName") -> list[Any]:
    """Return one property of every item of a list."""
    assert answer.status_code == 200, answer.text
    return [item[member] for item in answer.json()["value"]]


def token_in(world: World, directory: str, name: str = "avery") -> str:
    """Return someone's Azure CLI token for Graph in another directory."""
    tenant_id = world.directory(directory)
    account = f"{name}@{directory}.onmicrosoft.com"
    answer = world.browser().sign_in(CLI.asks(scope=f"{GRAPH}/.default"), account, tenant=tenant_id)
    return str(world.redeem(CLI, answer["code"], tenant=tenant_id).json()["access_token"])


def fresh(prefix: str = "n") -> str:
    """Return a name that nothing has yet."""
    return f"{prefix}-{uuid.uuid4()}"
