"""`workshop serve`: run one of the workshop's servers."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING

from workshop import practice, registration, signin
from workshop.commands.origins import origins
from workshop.core.ports import ANOTHER_PROGRAM, Notes
from workshop.core.settings import Settings, load
from workshop.errors import WorkshopError

if TYPE_CHECKING:
    from fastmcp import FastMCP

PORT = 8000
# The servers that know their users, with the registration behind each.
REGISTRATIONS = {
    "both-doors": registration.ON_BEHALF_OF,
    "on-behalf-of": registration.ON_BEHALF_OF,
    "preauthorized": registration.PREAUTHORIZED,
    "proxy": registration.PROXY,
    "whoami": registration.PROXY,
}
STRAIGHT = (
    "Clients reach it at {uri}, its Application ID URI: they sign in straight to Entra.\n"
    "What ends TLS for that name has to lead to this port."
)
BY_SCOPE = (
    "Its Application ID URI is {uri}, not its address: it is for clients that bring a token, or ask Entra by scope\n"
    "alone. FastMCP's client and VS Code send the address too, and Entra refuses them (AADSTS9010010). For them:\n"
    "`workshop register preauthorized --at https://...`, where the host is below a verified domain of the tenant;\n"
    "anywhere else, and on this machine, `workshop serve proxy`."
)
APPROVERS_GROUP = "ENTRA_PROXY_APPROVERS_GROUP_ID"
SERVERS = ("both-doors", "on-behalf-of", "preauthorized", "proxy", "unprotected", "whoami")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `workshop serve`."""
    summary = "run one of the workshop's servers until Ctrl-C"
    parser = subparsers.add_parser("serve", help=summary, description=summary)
    parser.add_argument("server", choices=SERVERS, help="which one")
    parser.add_argument("--port", type=int, default=PORT, metavar="N", help=f"the port (default: {PORT})")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Make ready what the server needs, and serve on this machine only."""
    from workshop.servers.environment import SettingsError
    from workshop.servers.serve import PortHeld, bound

    settings = load()
    notes = Notes(settings.state)
    try:
        with bound(port=args.port) as listener:
            port = listener.getsockname()[1]
            notes.keep(port, args.server)
            try:
                _serve(args.server, settings, listener)
            finally:
                notes.drop(port)
    except PortHeld as error:
        raise WorkshopError(_held(args.server, args.port, notes)) from error
    except SettingsError as error:
        raise WorkshopError(str(error)) from error
    return 0


def _serve(name: str, settings: Settings, listener: socket) -> None:
    where = "your own tenant"
    if settings.mode == "practice":
        running = practice.enter(settings, f"serve-{name}-{os.getpid()}")
        signin.install(running=running)  # registers the app, if there is none yet
        where = "the PRACTICE tenant"
    if name in REGISTRATIONS:
        if settings.mode == "practice":
            registration.ready(settings, REGISTRATIONS[name])
        does = "takes tokens of" if name == "preauthorized" else "signs users in with"
        print(f"It {does} {where}.", *origins(load(project=settings.project), settings), sep="\n", flush=True)
    if name == "preauthorized":
        print(_who_can_sign_in(_told_in(settings)), flush=True)
    from workshop.servers.serve import run as serve

    def announce(address: str) -> None:
        print(f"The server {name} is at {address}/mcp. Ctrl-C ends it.", flush=True)

    serve(builder(name, settings), listener, announce)


def _held(name: str, port: int, notes: Notes) -> str:
    """Say who has the port, and the two ways out."""
    from workshop.background.sockets import is_free

    free = next((other for other in range(port + 1, port + 100) if is_free(other)), port + 1)
    another = f"Take another: `workshop serve {name} --port {free}`."
    holder = notes.holder(port)
    if holder is None:
        return f"Port {port} is held by {ANOTHER_PROGRAM}. {another}"
    end = "end that one with Ctrl-C"
    if holder.lesson:
        end = f'run `background.stop("{holder.server}")` in that notebook, or choose Kernel > Shut Down Kernel there'
    return f"Port {port} is held by {holder}. {another} Or {end}."


def builder(name: str, settings: Settings) -> Callable[[str], FastMCP]:
    """Return what makes the server of this name, for the address it will have."""
    from workshop.servers import proxy, unprotected, whoami
    from workshop.servers.settings import load as told

    folder = _told_in(settings)
    if name in ("both-doors", "on-behalf-of"):
        return _acting(name, settings, folder)
    return {
        "preauthorized": lambda local: _preauthorized(local, folder),
        "proxy": lambda local: proxy.build(local, told(folder=folder)),
        "unprotected": unprotected.build,
        "whoami": lambda local: whoami.build(local, told(folder=folder)),
    }[name]


def _told_in(settings: Settings) -> Path:
    """Return where .env is looked for: in practice mode where none is, for an own tenant's values must not count."""
    return settings.state if settings.mode == "practice" else settings.project


def _preauthorized(local: str, folder: Path) -> FastMCP:
    """Build the server whose clients bring Entra's own tokens: its Application ID URI may be its address."""
    from workshop.servers import preauthorized, preauthorized_settings

    told = preauthorized_settings.load(folder=folder)
    return preauthorized.build(told.public_address or local, told)


def _who_can_sign_in(folder: Path) -> str:
    """Say which clients can sign in straight to Entra, as the Application ID URI is."""
    from workshop.servers.preauthorized_settings import load as told_of

    told = told_of(folder=folder)
    return (STRAIGHT if told.public_address else BY_SCOPE).format(uri=told.identifier_uri or f"api://{told.client_id}")


def _acting(name: str, settings: Settings, folder: Path) -> Callable[[str], FastMCP]:
    """Return what builds a server that acts on behalf of users."""
    from workshop.servers import both_doors, on_behalf_of
    from workshop.servers.settings import load as told

    build = both_doors.build if name == "both-doors" else on_behalf_of.build
    environ = registration.as_proxy(load(project=settings.project))
    if settings.mode == "practice":
        environ.setdefault(APPROVERS_GROUP, registration.Desk(settings).group_id("Expense approvers"))
    return lambda local: build(local, told(environ, folder))
