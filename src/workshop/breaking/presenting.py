"""Faults of the token that a server is shown, and the server that refuses it."""

from __future__ import annotations

from collections.abc import Callable

import httpx
from fastmcp import FastMCP
from fastmcp.server.auth import RemoteAuthProvider
from fastmcp.server.auth.providers.jwt import JWTVerifier
from pydantic import AnyHttpUrl

from workshop.background import BackgroundServer
from workshop.breaking.connecting import run, through
from workshop.breaking.fault import InjectedFault, Mend
from workshop.breaking.scene import GRAPH_SCOPE, Scene
from workshop.breaking.stage import LOGIN
from workshop.servers import preauthorized
from workshop.servers.preauthorized_settings import PreauthorizedSettings

HOUR = 3_600


def version_1(scene: Scene) -> Mend:
    """Leave requestedAccessTokenVersion unset."""
    scene.stage.change(scene.app, api={"requestedAccessTokenVersion": None})
    _present(scene, _checked(scene))
    return lambda: scene.stage.change(scene.app, api={"requestedAccessTokenVersion": 2})


def for_graph(scene: Scene) -> Mend:
    """Sign in for a scope of Graph, and show its token to the server. The user looks at the token."""
    before = dict(scene.sign_in), dict(scene.redeem)
    scene.sign_in["scope"] = f"openid {GRAPH_SCOPE}"
    scene.redeem["scope"] = GRAPH_SCOPE
    _present(scene, _checked(scene), shows_token=True)

    def mend() -> None:
        scene.sign_in, scene.redeem = before

    return mend


def long_name(scene: Scene) -> Mend:
    """Require the scope by its long name."""
    _present(scene, _plain(scene, scene.app.scope))
    return lambda: _present(scene, _plain(scene, "access"))


def another_tenant(scene: Scene) -> Mend:
    """Let the server expect the tokens of another tenant."""
    other = "00000000-1111-2222-3333-444444444444"
    _present(scene, _plain(scene, "access", issuer=f"{LOGIN}/{other}/v2.0"))
    return lambda: _present(scene, _checked(scene))


def old_token(scene: Scene) -> Mend:
    """Show a token of two hours ago: the directory backdates what it issues."""
    change = scene.stage.directory.backdate(2 * HOUR)
    scene.closing.append(change.undo)
    _present(scene, _checked(scene))
    return change.undo


def scope_missing(scene: Scene) -> Mend:
    """Require a scope that the client did not ask for."""
    _present(scene, _plain(scene, "approve"))
    return lambda: _present(scene, _plain(scene, "access"))


def _checked(scene: Scene) -> Callable[[str], FastMCP]:
    settings = PreauthorizedSettings(scene.app.client_id, scene.stage.tenant_id, required_scopes=("access",))
    return lambda url: preauthorized.build(url, settings)


def _plain(scene: Scene, scope: str, issuer: str = "") -> Callable[[str], FastMCP]:
    """Return a server with FastMCP's general verifier, which takes the scopes as they are given."""
    tenant = f"{LOGIN}/{scene.stage.tenant_id}"

    def build(base_url: str) -> FastMCP:
        verifier = JWTVerifier(
            jwks_uri=f"{tenant}/discovery/v2.0/keys", issuer=issuer or f"{tenant}/v2.0",
            audience=scene.app.client_id, required_scopes=[scope],
        )  # fmt: skip
        servers = [AnyHttpUrl(f"{tenant}/v2.0")]
        return FastMCP("plain", auth=RemoteAuthProvider(verifier, authorization_servers=servers, base_url=base_url))

    return build


def _present(scene: Scene, build: Callable[[str], FastMCP], *, shows_token: bool = False) -> None:
    server = run(scene, build)
    scene.present = lambda token: refusal(server, token, shows_token=shows_token)


def refusal(server: BackgroundServer, token: str, *, shows_token: bool = False) -> str:
    """Show a token to a server and return what can be seen of its refusal: the answer, and the server's log.

    Args:
        shows_token: whether the user looks at the token and not at the log.
    """
    server.log.clear()
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json, text/event-stream"}
    with through(None) as http:
        answer: httpx.Response = http.post(server.url, json={"jsonrpc": "2.0", "id": 1, "method": "x"}, headers=headers)
    if answer.status_code not in (401, 403):
        return ""
    if shows_token:
        return token
    challenge = answer.headers.get("www-authenticate", "")
    reasons = "\n".join(line.text for line in server.log.lines)
    return f"HTTP/1.1 {answer.status_code}\nwww-authenticate: {challenge}\n\n{reasons}"


FAULTS = (
    InjectedFault(
        "token-version-1", 6, 1, "directory", "token version",
        "requestedAccessTokenVersion of the app is not set.", version_1,
    ),
    InjectedFault(
        "required-scope-by-its-long-name", 7, 2, "server", "token",
        "required_scopes has api://<client id>/access.", long_name,
        "AzureJWTVerifier takes the prefix away, so FastMCP's general JWTVerifier stands here",
    ),
    InjectedFault(
        "graphs-token", 8, 2, "client", "scope and redeem scope and token",
        "The client signed in for User.Read of Graph and shows that token.", for_graph,
        "AzureProvider asks rightly, so a hand-written client asks here",
    ),
    InjectedFault(
        "required-scope-missing", 7, 1, "server", "token",
        "The server requires a scope that the client never asks for.", scope_missing,
        "FastMCP's challenge names the scope; a hand-written client does not listen",
    ),
    InjectedFault(
        "token-from-another-issuer", 0, 2, "server", "token",
        "The server is set to another tenant.", another_tenant,
    ),
    InjectedFault("token-expired", 0, 1, "clock", "token", "The client shows a token of two hours ago.", old_token),
)  # fmt: skip
