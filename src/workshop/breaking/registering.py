"""Faults of the registration and the directory: redirect URIs, consent, assignment, ids."""

from __future__ import annotations

import uuid

from workshop.breaking.fault import InjectedFault, Mend
from workshop.breaking.scene import GRAPH_SCOPE, Scene
from workshop.breaking.stage import CALLBACK, CLI_CALLBACK, redirects, wording
from workshop.core.well_known import AZURE_CLI, GRAPH_APP_ID
from workshop.playground.directory_tenant import GRAPH

DAY = 86_400


def redirect_unregistered(scene: Scene) -> Mend:
    """Register another path than the server's callback."""
    scene.stage.change(scene.app, web=redirects("http://localhost:8000/callback"))
    return lambda: scene.stage.change(scene.app, web=redirects(CALLBACK))


def redirect_http(scene: Scene) -> Mend:
    """Send the redirect URI of a server that takes itself for an http one."""
    scene.stage.change(scene.app, web=redirects(CALLBACK, "https://expenses.example/auth/callback"))
    scene.sign_in["redirect_uri"] = "http://expenses.example/auth/callback"
    return lambda: scene.sign_in.update(redirect_uri="https://expenses.example/auth/callback")


def consent_gone(scene: Scene) -> Mend:
    """Act on behalf of a user who never consented to Graph's scope."""
    scene.on_behalf_of = scene.on_behalf_of or {}
    scene.stage.directory.withdraw_consent(scene.app.client_id)
    return lambda: scene.stage.directory.give_consent(scene.app.client_id, GRAPH_APP_ID, GRAPH_SCOPE.rpartition("/")[2])


def idle_refresh(scene: Scene) -> Mend:
    """Come back after 91 days."""
    scene.refresh = scene.refresh or {}
    scene.between = lambda: scene.closing.append(scene.stage.directory.clock(91 * DAY).undo)

    def mend() -> None:
        scene.stage.directory.clock(0)
        scene.between = lambda: None

    return mend


def cli_not_preauthorized(scene: Scene) -> Mend:
    """Ask the Azure CLI for a token for the app."""
    scene.before = lambda: _silently(scene, scene.app.scope)
    known = {"appId": AZURE_CLI, "delegatedPermissionIds": [scene.app.scope_id]}
    return lambda: scene.stage.change(scene.app, api={"preAuthorizedApplications": [known]})


def microsofts_app(scene: Scene) -> Mend:
    """Ask for a scope that Microsoft's own client may not have of Microsoft's own API."""
    scene.before = lambda: _silently(scene, f"{GRAPH}/Mail.Read")

    def with_an_app_of_your_own() -> None:
        scene.before = None
        scene.sign_in["scope"] = f"openid {GRAPH}/Mail.Read"
        scene.redeem["scope"] = f"{GRAPH}/Mail.Read"

    return with_an_app_of_your_own


def _silently(scene: Scene, scope: str) -> str:
    """Ask as the Azure CLI does once somebody is signed in, and return the refusal."""
    landed = scene.stage.sign_in(scene.stage.cli_asks(f"offline_access {GRAPH}/.default"))
    form = {"client_id": AZURE_CLI, "redirect_uri": CLI_CALLBACK}
    first = scene.stage.token({"grant_type": "authorization_code", "code": landed.code, **form})
    refresh = {"grant_type": "refresh_token", "refresh_token": str(first.get("refresh_token")), "scope": scope}
    again = scene.stage.token(refresh | form)
    return "" if "access_token" in again else wording(again)


def without_principal(scene: Scene) -> Mend:
    """Ask for an API that is registered elsewhere: it has no service principal here."""
    other = str(uuid.uuid4())
    scene.sign_in["scope"] = f"openid api://{other}/access"
    return lambda: scene.sign_in.update(scope=f"openid offline_access {scene.app.scope}")


def wrong_client(scene: Scene) -> Mend:
    """Use a client id of another tenant."""
    scene.sign_in["client_id"] = str(uuid.uuid4())
    return lambda: scene.sign_in.update(client_id=scene.app.client_id)


def not_assigned(scene: Scene) -> Mend:
    """Demand assignment of a user who has none."""
    scene.stage.change_principal(scene.app, appRoleAssignmentRequired=True)

    def assign() -> None:
        body = {
            "principalId": scene.stage.user_id(scene.account),
            "resourceId": scene.app.principal_id,
            "appRoleId": "00000000-0000-0000-0000-000000000000",
        }
        scene.stage.graph("POST", f"/servicePrincipals/{scene.app.principal_id}/appRoleAssignedTo", body)
        # Assignment switches a user's own consent off: the administrator gives it.
        scene.stage.directory.give_consent(scene.app.client_id, scene.app.client_id, "access")

    return assign


def disabled_user(scene: Scene) -> Mend:
    """Switch the user's account off."""
    change = scene.stage.directory.disable(scene.stage.account(scene.account))
    scene.closing.append(change.undo)
    return change.undo


FAULTS = (
    InjectedFault(
        "consent-missing", 11, 2, "directory", "on behalf of",
        "The server acts on behalf of a user who never consented to Graph's scope.", consent_gone,
    ),
    InjectedFault(
        "no-refresh-token", 13, 2, "clock", "refresh",
        "The client comes back after 91 days.", idle_refresh,
    ),
    InjectedFault(
        "redirect-uri-not-registered", 14, 1, "directory", "redirect",
        "Another path is registered than the server's /auth/callback.", redirect_unregistered,
    ),
    InjectedFault(
        "redirect-uri-http-behind-a-proxy", 19, 2, "server", "redirect",
        "TLS ends before the server, which sends its address with http://.", redirect_http,
        "the request of such a server is sent by hand; the server itself is broken in another fault",
    ),
    InjectedFault(
        "azure-cli-not-preauthorized", 25, 2, "directory", "az",
        "az account get-access-token asks for the app's scope; nobody pre-authorized the Azure CLI.",
        cli_not_preauthorized, "the Azure CLI's requests are sent by hand",
    ),
    InjectedFault(
        "microsofts-app-not-preauthorized", 25, 3, "directory", "az",
        "The Azure CLI is asked for a scope of Graph that Microsoft did not give it.",
        microsofts_app, "the Azure CLI's requests are sent by hand",
    ),
    InjectedFault(
        "resource-not-in-the-tenant", 25, 1, "client", "scope",
        "The scope names an app that is not in this tenant.", without_principal,
    ),
    InjectedFault(
        "client-not-in-the-tenant", 25, 1, "client", "client id",
        "The client id is one of another tenant.", wrong_client,
    ),
    InjectedFault(
        "user-not-assigned", 25, 1, "directory", "assignment",
        "The app demands assignment, and the user has none.", not_assigned,
    ),
    InjectedFault(
        "user-disabled", 0, 1, "directory", "account",
        "The user's account is switched off.", disabled_user,
    ),
)  # fmt: skip
