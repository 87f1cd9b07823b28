"""Walk to a server the way a client does, and say where which client stops."""

from __future__ import annotations

from contextlib import closing, suppress

import httpx

from workshop.diagnosis.findings import Diagnosed, Step
from workshop.diagnosis.reading import shown
from workshop.diagnosis.walk import authorization_server, client, door, resource
from workshop.diagnosis.walk.route import Route, Stopped, Tell
from workshop.diagnosis.web import Ask, BoundedCaller, Fence, Unclear, never, target_of

__all__ = ["Route", "caller_for", "gone", "not_called", "walk"]


def walk(
    url: str,
    *,
    http: httpx.Client | None = None,
    tell: Tell = print,
    register: bool = True,
    client_id: str = "",
    ask: Ask = never,
) -> Diagnosed:
    """Call the server without a token, read its metadata, register as a client does, and open the sign-in page.

    Nobody signs in. No token and no secret is sent. What the server says is not trusted: see `workshop.diagnosis.web`.

    Args:
        url: of the server, with its path.
        http: makes the calls, following no redirects; one that keeps to this machine's proxy settings if None.
        tell: is told each call before it is made.
        register: whether to register a client with the server, as every client does, where it offers that.
        client_id: with which to open Entra's sign-in page where the server has no proxy; VS Code's if empty.
        ask: is asked whether the walk may go on at another public host that the server names; Entra's are not asked
            about. No other host is called if nobody is there to be asked.
    """
    url = url.strip()
    try:
        caller = caller_for(url, http=http, ask=ask)
    except Unclear as unclear:
        return not_called(url, unclear)
    with closing(caller):
        return gone(caller, url, tell=tell, register=register, client_id=client_id).diagnosed


def caller_for(url: str, *, http: httpx.Client | None = None, ask: Ask = never) -> BoundedCaller:
    """Return what calls the server.

    Raises:
        Unclear: the address is none that can be called.
    """
    return BoundedCaller(Fence(target_of(url), ask), http)


def not_called(url: str, why: Unclear) -> Diagnosed:
    """Return what there is to say of such an address."""
    return Diagnosed(shown(url), steps=(Step("address", "", "not tried", f"{shown(url)} is not called: {why}"),))


def gone(caller: BoundedCaller, url: str, *, tell: Tell, register: bool = True, client_id: str = "") -> Route:
    """Walk with a caller that has been made, and return all that was gathered on the way."""
    route = Route(url, caller, tell)
    with suppress(Stopped):
        _go(route, register=register, client_id=client_id)
    return route


def _go(route: Route, *, register: bool, client_id: str) -> None:
    challenge = door.knock(route)
    if challenge is None:
        return
    door.try_slash(route)
    protected = resource.fetch(route, challenge)
    server = authorization_server.fetch(route, protected)
    if route.found("http-addresses-behind-tls"):
        return  # what follows would only repeat it
    authorization_server.judge_scopes(route, server, protected)
    if register:
        client.sign_up(route, server, protected)
    client.at_entra(route, server, protected, client_id)
