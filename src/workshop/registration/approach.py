"""Which approach a registration is meant for, where nobody says, and what the server there needs of it."""

from __future__ import annotations

from dataclasses import replace

from workshop.errors import SettingMissing
from workshop.registration.declarations import (
    CALLBACK,
    DECLARED,
    LOCAL,
    PREAUTHORIZED,
    PROXY,
    Declaration,
    DeclaredScope,
)
from workshop.registration.keeper import Keeper
from workshop.registration.marks import PREFIX
from workshop.registration.seen import App, Snapshot

BASE_URL = "ENTRA_PROXY_BASE_URL"
DIRECT_BASE_URL = "ENTRA_PREAUTHORIZED_BASE_URL"
REDIRECT_PATH = "ENTRA_PROXY_REDIRECT_PATH"
REQUIRED_SCOPES = "ENTRA_PROXY_REQUIRED_SCOPES"
IDENTIFIER_URI = "ENTRA_PROXY_IDENTIFIER_URI"


def kept_client_id(keeper: Keeper, declaration: Declaration | None) -> str:
    """Return the client id that is kept for a declaration, or for any of them.

    Raises:
        SettingMissing: there is none.
    """
    wanted = [declaration] if declaration else list(DECLARED.values())
    for candidate in wanted:
        if client_id := keeper.get(candidate.names.client_id):
            return client_id
    hint = "Name the application (client) id, or register the app first."
    raise SettingMissing(" or ".join(candidate.names.client_id for candidate in wanted), (keeper.place,), hint)


def approach_of(snapshot: Snapshot, keeper: Keeper) -> Declaration:
    """Guess: by the workshop's tag, by the name under which the client id is kept, by what the app looks like."""
    app = snapshot.app
    if app is None:
        return PROXY
    return _tagged(app) or _kept(app, keeper) or (PREAUTHORIZED if _no_secret_no_address(app) else PROXY)


def as_served(declaration: Declaration, keeper: Keeper, base_url: str = "") -> Declaration:
    """Return what the server needs as it is set up: its address, path, scopes and URI may be other than declared.

    Args:
        base_url: where the server is reached; the kept one if empty.
    """
    if declaration.names != PROXY.names:
        there = base_url or (keeper.get(DIRECT_BASE_URL) if declaration.names == PREAUTHORIZED.names else "")
        declared = as_kept(declaration, keeper)
        return declared.at(there) if there else declared
    address = (base_url or keeper.get(BASE_URL) or LOCAL).rstrip("/")
    path = keeper.get(REDIRECT_PATH) or CALLBACK
    callback = tuple(address + path if uri == LOCAL + CALLBACK else uri for uri in declaration.web_redirect_uris)
    known = {scope.value: scope for scope in declaration.scopes}
    named = keeper.get(REQUIRED_SCOPES).split()
    scopes = tuple(known.get(name) or DeclaredScope(name, name, name) for name in named) or declaration.scopes
    uri = keeper.get(IDENTIFIER_URI) or declaration.identifier_uri
    return replace(declaration, web_redirect_uris=callback, scopes=scopes, identifier_uri=uri)


def as_kept(declaration: Declaration, keeper: Keeper) -> Declaration:
    """Return the same with the Application ID URI that the server takes, where one is kept."""
    name = declaration.names.identifier_uri
    uri = keeper.get(name) if name else ""
    return declaration.known_by(uri) if uri else declaration


def _tagged(app: App) -> Declaration | None:
    keys = [tag.rpartition(":")[2] for tag in app.tags if tag.startswith(PREFIX + ":")]
    return next(
        (
            declaration
            for key, declaration in DECLARED.items()
            if any(f"{tagged}-".startswith(f"{key}-") for tagged in keys)
        ),
        None,
    )


def _kept(app: App, keeper: Keeper) -> Declaration | None:
    fitting = (
        declaration
        for declaration in DECLARED.values()
        if keeper.get(declaration.names.client_id).lower() == app.client_id
    )
    return next(fitting, None)


def _no_secret_no_address(app: App) -> bool:
    return not (app.web or app.spa or app.public or app.secrets or app.certificates)
