"""Faults on behalf of the user: which token is shown to Entra."""

from __future__ import annotations

from workshop.breaking.fault import InjectedFault, Mend
from workshop.breaking.scene import GRAPH_SCOPE, Scene
from workshop.breaking.stage import wording
from workshop.core.well_known import GRAPH_APP_ID

HOUR = 3_600
BY_HAND = "EntraOBOToken shows the right token, so a hand-written server shows another one"


def another_apps_token(scene: Scene) -> Mend:
    """Show a token that was issued for another API."""
    _may_read_profile(scene)
    other = scene.stage.register("Travel")
    scene.on_behalf_of = {"assertion": _token_for(scene, f"api://{other.client_id}/access")}
    return lambda: setattr(scene, "on_behalf_of", {})


def graphs_token(scene: Scene) -> Mend:
    """Show one of Microsoft Graph's tokens."""
    _may_read_profile(scene)
    scene.on_behalf_of = {"assertion": _token_for(scene, GRAPH_SCOPE)}
    return lambda: setattr(scene, "on_behalf_of", {})


def stale_token(scene: Scene) -> Mend:
    """Keep the user's token for two hours, and show it then."""
    _may_read_profile(scene)
    scene.on_behalf_of = scene.on_behalf_of or {}
    directory = scene.stage.directory
    scene.closing.append(lambda: directory.clock(0))
    scene.between = lambda: directory.clock(2 * HOUR)

    def at_once() -> None:
        directory.clock(0)
        scene.between = lambda: None

    return at_once


def app_only(scene: Scene) -> Mend:
    """Show the token of a caller that is no user."""
    _may_read_profile(scene)
    form = {"grant_type": "client_credentials", "client_id": scene.app.client_id, "client_secret": scene.app.secret}
    answer = scene.stage.token({**form, "scope": f"{scene.app.uri}/.default"})
    scene.on_behalf_of = {"assertion": str(answer.get("access_token", wording(answer)))}
    return lambda: setattr(scene, "on_behalf_of", {})


def second_factor(scene: Scene) -> Mend:
    """Let a policy demand a second factor for Microsoft Graph, which the user has not given."""
    _may_read_profile(scene)
    scene.on_behalf_of = scene.on_behalf_of or {}
    scene.closing.append(scene.stage.directory.conditional_access("mfa", GRAPH_APP_ID).undo)

    def sign_in_with_it() -> None:
        scene.sign_in["scope"] = f"openid offline_access {scene.app.scope} {GRAPH_SCOPE}"

    return sign_in_with_it


def _may_read_profile(scene: Scene) -> None:
    scene.stage.directory.give_consent(scene.app.client_id, GRAPH_APP_ID, GRAPH_SCOPE.rpartition("/")[2])


def _token_for(scene: Scene, scope: str) -> str:
    """Sign in for another resource and return its token."""
    other = Scene(scene.stage, scene.app, sign_in={"scope": f"openid {scope}"}, redeem={"scope": scope})
    landed = scene.stage.sign_in(other.asked())
    form = {"grant_type": "authorization_code", "client_id": scene.app.client_id, "client_secret": scene.app.secret}
    redeem = {"code": landed.code, "redirect_uri": other.asked()["redirect_uri"], "scope": scope}
    answer = scene.stage.token(form | redeem)
    return str(answer.get("access_token", ""))


FAULTS = (
    InjectedFault(
        "assertion-for-another-app", 22, 2, "server", "on behalf of",
        "The server shows a token of another API.", another_apps_token, BY_HAND,
    ),
    InjectedFault(
        "assertion-signature", 22, 2, "server", "on behalf of",
        "The server shows one of Graph's tokens.", graphs_token, BY_HAND,
    ),
    InjectedFault(
        "assertion-stale", 22, 2, "clock", "on behalf of",
        "The server shows a token of two hours ago.", stale_token, BY_HAND,
    ),
    InjectedFault(
        "assertion-without-a-user", 22, 3, "client", "on behalf of",
        "The caller signed in as an app, not as a user.", app_only, BY_HAND,
    ),
    InjectedFault(
        "claims-challenge", 22, 3, "directory", "on behalf of",
        "A policy demands a second factor for Microsoft Graph.", second_factor,
    ),
)  # fmt: skip
