"""Faults of what a client asks Entra for: scopes, and the resource parameter."""

from __future__ import annotations

from workshop.breaking.fault import InjectedFault, Mend
from workshop.breaking.scene import GRAPH_SCOPE, Scene

CAREFUL = "AzureProvider asks rightly, so a hand-written client asks here"


def address(scene: Scene) -> str:
    """Return the server's address: its host is one of the directory's own, which an identifier URI must have."""
    return f"https://expenses.{scene.stage.domain}/{scene.app.client_id}/mcp"


def resource_unregistered(scene: Scene) -> Mend:
    """Send the server's address as resource, which the app does not have as identifier URI."""
    scene.sign_in["resource"] = address(scene)
    return lambda: _register_address(scene)


def asks_entra_directly(scene: Scene) -> Mend:
    """Ask Entra itself, with a bare scope and a resource."""
    scene.sign_in |= {"scope": "openid offline_access User.Read", "resource": address(scene)}
    return lambda: scene.sign_in.update(scope=_full(scene), resource=None)


def bare_scope(scene: Scene) -> Mend:
    """Ask for the scope without its app's name."""
    scene.sign_in["scope"] = "openid offline_access mcp.read"
    return lambda: scene.sign_in.update(scope=_full(scene))


def slash(scene: Scene) -> Mend:
    """Send the registered address with a slash at its end."""
    _register_address(scene)
    scene.sign_in["resource"] = f"{address(scene)}/"
    return lambda: scene.sign_in.update(resource=address(scene))


def resource_refused(scene: Scene) -> Mend:
    """Send a resource to an Entra that takes none."""
    _register_address(scene)
    scene.sign_in["resource"] = address(scene)
    change = scene.stage.directory.set(resource_parameter="refused")
    scene.closing.append(change.undo)
    return lambda: scene.sign_in.update(resource=None)


def two_resources(scene: Scene) -> Mend:
    """Ask for one token with the scopes of two resources."""
    scene.sign_in["scope"] = f"{_full(scene)} {GRAPH_SCOPE}"
    scene.redeem["scope"] = f"{scene.app.scope} {GRAPH_SCOPE}"
    return lambda: scene.redeem.update(scope=scene.app.scope)


def no_scope_at_redemption(scene: Scene) -> Mend:
    """Redeem the code without a scope, after a sign-in for two resources."""
    scene.sign_in["scope"] = f"{_full(scene)} {GRAPH_SCOPE}"
    scene.redeem["scope"] = None
    return lambda: scene.redeem.update(scope=scene.app.scope)


def openid_prefixed(scene: Scene) -> Mend:
    """Give openid the app's prefix."""
    scene.sign_in["scope"] = f"{scene.app.uri}/openid {scene.app.scope}"
    return lambda: scene.sign_in.update(scope=_full(scene))


def no_offline_access(scene: Scene) -> Mend:
    """Sign in without offline_access, and come back after an hour."""
    scene.sign_in["scope"] = f"openid {scene.app.scope}"
    scene.refresh = scene.refresh or {}
    return lambda: scene.sign_in.update(scope=_full(scene))


def token_for_itself(scene: Scene) -> Mend:
    """Refresh without a scope where client and resource are the same app, named api://."""
    scene.refresh = {"scope": None}
    return lambda: setattr(scene, "refresh", {"scope": f"{scene.app.client_id}/.default"})


def _full(scene: Scene) -> str:
    return f"openid profile offline_access {scene.app.scope}"


def _register_address(scene: Scene) -> None:
    scene.stage.change(scene.app, identifierUris=[scene.app.uri, address(scene)])


FAULTS = (
    InjectedFault(
        "resource-not-an-identifier-uri", 1, 2, "directory", "resource",
        "The client sends the server's address as resource; the app has only its api:// name.",
        resource_unregistered, CAREFUL,
    ),
    InjectedFault(
        "client-asks-entra-directly", 2, 3, "client", "scope and resource",
        "The client was given Entra's addresses and asks there, with a bare scope.",
        asks_entra_directly, CAREFUL,
    ),
    InjectedFault(
        "scope-without-its-resource", 3, 1, "client", "scope",
        "The client asks for mcp.read and not for api://<client id>/mcp.read.", bare_scope, CAREFUL,
    ),
    InjectedFault(
        "resource-with-a-slash", 4, 3, "client", "resource",
        "The address is an identifier URI, but the client puts a slash behind it.",
        slash, "current SDKs add no slash",
    ),
    InjectedFault(
        "resource-not-supported", 5, 1, "directory", "resource",
        "Entra takes no resource parameter, as before October 2025.", resource_refused, CAREFUL,
    ),
    InjectedFault(
        "two-resources-in-one-request", 9, 2, "client", "redeem scope",
        "The token request names the API's scope and one of Graph's.", two_resources, CAREFUL,
    ),
    InjectedFault(
        "no-scope-at-redemption", 10, 2, "client", "redeem scope",
        "The token request that redeems the code has no scope.", no_scope_at_redemption, CAREFUL,
    ),
    InjectedFault(
        "token-for-itself", 12, 3, "client", "refresh",
        "The client is the API's own app and refreshes without a scope.", token_for_itself, CAREFUL,
    ),
    InjectedFault(
        "no-refresh-token", 13, 2, "client", "scope",
        "The client does not ask for offline_access; an hour later there is nothing to refresh with.",
        no_offline_access, "AzureProvider adds offline_access by itself",
    ),
    InjectedFault(
        "openid-scope-prefixed", 21, 2, "client", "scope",
        "The client asks for api://<client id>/openid.", openid_prefixed, CAREFUL,
    ),
)  # fmt: skip
