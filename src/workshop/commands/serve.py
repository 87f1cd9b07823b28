"""`workshop serve`: run one of the workshop's servers."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from workshop import practice, registration, signin
from workshop.errors import WorkshopError
from workshop.settings import Settings, load

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
    settings = load()
    where = "your own tenant"
    if settings.mode == "practice":
        running = practice.enter(settings, f"serve-{args.server}-{os.getpid()}")
        signin.install(running=running)  # registers the app, if there is none yet
        where = "the PRACTICE tenant"
    if args.server in REGISTRATIONS:
        if settings.mode == "practice":
            registration.ready(settings, REGISTRATIONS[args.server])
        does = "takes tokens of" if args.server == "preauthorized" else "signs users in with"
        print(f"It {does} {where}.")
    from workshop.servers.environment import SettingsError
    from workshop.servers.serve import run as serve

    print(f"The server {args.server} is for http://localhost:{args.port}/mcp. Ctrl-C ends it.", flush=True)
    try:
        serve(builder(args.server, settings), port=args.port)
    except SettingsError as error:
        raise WorkshopError(str(error)) from error
    return 0


def builder(name: str, settings: Settings) -> Callable[[str], FastMCP]:
    """Return what makes the server of this name, for the address it will have."""
    from workshop.servers import preauthorized, preauthorized_settings, proxy, unprotected, whoami
    from workshop.servers.settings import load as told

    # In practice mode a .env with an own tenant's values must not count: it is looked for where there is none.
    folder = settings.state if settings.mode == "practice" else settings.project
    if name in ("both-doors", "on-behalf-of"):
        return _acting(name, settings, folder)
    return {
        "preauthorized": lambda local: preauthorized.build(local, preauthorized_settings.load(folder=folder)),
        "proxy": lambda local: proxy.build(local, told(folder=folder)),
        "unprotected": unprotected.build,
        "whoami": lambda local: whoami.build(local, told(folder=folder)),
    }[name]


def _acting(name: str, settings: Settings, folder: Path) -> Callable[[str], FastMCP]:
    """Return what builds a server that acts on behalf of users."""
    from workshop.servers import both_doors, on_behalf_of
    from workshop.servers.settings import load as told

    build = both_doors.build if name == "both-doors" else on_behalf_of.build
    environ = registration.as_proxy(load(project=settings.project))
    if settings.mode == "practice":
        environ.setdefault(APPROVERS_GROUP, registration.Desk(settings).group_id("Expense approvers"))
    return lambda local: build(local, told(environ, folder))
