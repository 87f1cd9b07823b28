"""`run|env|status|stop|reset|log|admin|browser`: run the practice tenant, look into it, and be led to it."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import webbrowser
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from practice_tenant.client.control import Exchange, Log, Running, found
from practice_tenant.client.environment import MEMBER, Environment
from practice_tenant.client.process import command
from practice_tenant.client.shells import SHELLS, lines
from practice_tenant.commands import directory
from practice_tenant.errors import TenantNotRunning, TenantRefused
from practice_tenant.private import place_of

# Windows can't interrupt a wait for the network; a short one lets Ctrl-C through.
FOLLOW_SECONDS = 1 if sys.platform == "win32" else 30


def add_actions(
    parser: argparse.ArgumentParser,
    folder: Callable[[], Path],
    which: str,
    others: Mapping[str, Callable[[argparse.Namespace], int]] | None = None,
) -> None:
    """Add all that can be done to a tenant.

    Args:
        folder: returns the state folder of the tenant that is meant where none is named.
        which: that tenant, in words.
        others: what is done in place of an action's own function.
    """
    actions = parser.add_subparsers(metavar="ACTION", required=True)

    def action(name: str, function: Callable[[argparse.Namespace], int], summary: str, **more: Any) -> Any:
        added = actions.add_parser(name, help=summary, description=summary, **more)
        _add_state(added, folder, which)
        added.set_defaults(run=(others or {}).get(name, function))
        return added

    running = action("run", run, "run it in the foreground until Ctrl-C")
    running.add_argument("--port", type=int, metavar="N", help="port of the proxy (default: the last one)")
    shown = action("env", env, "print the variables that lead another program to it")
    shown.add_argument("--shell", choices=sorted(SHELLS), default="powershell" if os.name == "nt" else "sh")
    shown.add_argument("--as", dest="account", metavar="ACCOUNT", default=MEMBER, help="who signs in there")
    shown.add_argument(
        "--managed-identity",
        nargs="?",
        const="app_service",
        choices=("app_service", "imds"),
        help="as if the program ran on Azure: App Service (default) or a virtual machine",
    )
    shown.add_argument("--directory", metavar="ID", default="", help="whose managed identity (default: the first)")
    action("status", status, "say whether it runs, where, and who uses it")
    action("stop", stop, "end it, whoever uses it")
    fresh = action("reset", reset, "put its directories back to the seed")
    fresh.add_argument("--directory", metavar="ID", help="only this one: tenant id, name or domain")
    logged = action("log", log, "print its recorded exchanges, secrets masked")
    logged.add_argument("--follow", action="store_true", help="go on with new ones until Ctrl-C")
    logged.add_argument("--json", action="store_true", help="one JSON object per line")
    directory.add_actions(action, running_of)
    center = action("admin", admin, "open the practice admin center in your browser")
    center.add_argument("--as", dest="account", metavar="ACCOUNT", default="", help="who (default: an administrator)")
    center.add_argument("--tenant", metavar="ID", default="", help="tenant id, name or domain (default: the first)")
    center.add_argument("--no-browser", action="store_true", help="only print the address")
    _add_page(action("browser", sign_in, "sign in to it where another program opens a browser"))


def add_browser(parser: argparse.ArgumentParser, folder: Callable[[], Path], which: str) -> None:
    """Make a parser that of `browser`; see `add_actions`."""
    _add_state(parser, folder, which)
    _add_page(parser)
    parser.set_defaults(run=sign_in)


def _add_page(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", help="the page that the program opens")
    parser.add_argument("--as", dest="account", metavar="ACCOUNT", default=MEMBER, help="who signs in")


def _add_state(parser: argparse.ArgumentParser, folder: Callable[[], Path], which: str) -> None:
    parser.add_argument("--state", type=Path, metavar="DIR", help=f"the tenant's folder (default: {which})")
    parser.set_defaults(folder=folder)


def run(args: argparse.Namespace) -> int:
    """Become the practice tenant."""
    options = [] if args.port is None else ["--port", str(args.port)]
    line = command(state_of(args), *options)
    if sys.platform != "win32":
        sys.stdout.flush()
        os.execv(line[0], line)
    process = subprocess.Popen(line)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # the tenant got it too and ends
            continue


def env(args: argparse.Namespace) -> int:
    """Print the variables of a running tenant, as lines for a shell."""
    running = running_of(args)
    variables = running.environment(environ=os.environ)
    others = running.node_variables() | running.browser_variable(args.account)
    variables = replace(variables, set=variables.set | others)
    if args.managed_identity:
        host = running.managed_identity_environment(args.directory, args.managed_identity)
        removed = [name for name in (*variables.remove, *host.remove) if name not in host.set]
        variables = Environment(variables.set | host.set, tuple(dict.fromkeys(removed)))
    print("\n".join(lines(variables, args.shell)))
    return 0


def status(args: argparse.Namespace) -> int:
    """Print what the tenant says of itself, or "not running"."""
    running = found(state_of(args))
    if running is None:
        print("not running")
        return 1
    said = running.status()
    rows = [
        ("process", f"{running.pid}, up {_duration(said['uptime_seconds'])}"),
        ("proxy", running.proxy),
        ("for browsers", f"{running.browser_proxy} (programs of this account only, no password)"),
        ("https", f"{running.https} (programs of this account only)"),
        ("certificate", str(running.ca)),
        ("state", str(running.state)),
        *(("directory", f"{each['tenant_id']}  {each['name']}") for each in said["directories"]),
        ("in use by", ", ".join(said["leases"]) or "nobody"),
        ("requests", str(said["requests"])),
    ]
    print("PRACTICE tenant, on this machine only")
    print("\n".join(f"  {name:<12} {value}" for name, value in rows))
    return 0


def stop(args: argparse.Namespace) -> int:
    """End the tenant."""
    running = found(state_of(args))
    if running is None:
        print("not running")
        return 0
    users = running.status()["leases"]
    running.stop()
    print(f"The practice tenant (process {running.pid}) has ended.")
    if users:
        print(f"It was in use by: {', '.join(users)}. Running the start cell again starts it again.")
    return 0


def reset(args: argparse.Namespace) -> int:
    """Put the directories back to their seed."""
    running = running_of(args)
    if args.directory:
        running.directory(args.directory).reset()
        print(f"The directory {args.directory} is back to its seed and to Entra's settings.")
        return 0
    running.reset()
    print("The directory is back to its seed: what was registered, granted or changed since is gone.")
    print("The signing key, the certificate and the ports are the same as before.")
    return 0


def log(args: argparse.Namespace) -> int:
    """Print the recorded exchanges, and with --follow the coming ones."""
    running = running_of(args)
    after = 0
    try:
        while True:
            part = running.log(after, FOLLOW_SECONDS if args.follow else 0)
            for exchange in part.exchanges:
                print(json.dumps(exchange) if args.json else _line(exchange), flush=True)
            if not args.follow:
                return 0
            after = _next(after, part)
    except KeyboardInterrupt:
        return 0
    except (TenantNotRunning, TenantRefused):
        if found(running.state):
            raise
        print("The practice tenant has ended.", file=sys.stderr)
        return 0


def admin(args: argparse.Namespace) -> int:
    """Print a link to the practice admin center, and open it."""
    url = running_of(args).admin_center(args.account, args.tenant)
    print(url)
    print("It works once, within ten minutes.", file=sys.stderr)
    if not args.no_browser and url.startswith("http"):
        webbrowser.open(url)
    return 0


def sign_in(args: argparse.Namespace) -> int:
    """Sign in where another program opens a browser, and say on stderr how it went."""
    from practice_tenant.client.browser import PracticeBrowser

    tenant = running_of(args)
    browser = PracticeBrowser(args.account, proxy=tenant.doors.proxy, ca=tenant.ca)
    ended = browser.sign_in(args.url)
    browser.close()
    print(f"practice browser: {ended}", file=sys.stderr)
    return 0 if ended.outcome == "signed in" else 1


def _next(after: int, part: Log) -> int:
    # A tenant that was started again counts from one again.
    return 0 if part.last < after else max([after, *(each["seq"] for each in part.exchanges)])


def state_of(args: argparse.Namespace) -> Path:
    """Return the state folder that is meant."""
    if args.state is None:
        return Path(args.folder())
    return place_of(args.state)


def running_of(args: argparse.Namespace) -> Running:
    """Return the tenant that is meant.

    Raises:
        TenantNotRunning: it does not run.
    """
    state = state_of(args)
    running = found(state)
    if running is None:
        raise TenantNotRunning(state)
    return running


def _line(exchange: Exchange) -> str:
    at = datetime.fromtimestamp(exchange["at"]).astimezone()
    parts = [
        f"{at:%H:%M:%S}",
        exchange["holder"] or "-",
        exchange["method"],
        exchange["host"] + exchange["path"],
        str(exchange["status"]),
        exchange["flow"] or "-",
        exchange["reason"],
    ]
    # A request may carry anything; a terminal must not obey it.
    return "".join(character if character.isprintable() else "?" for character in "  ".join(parts).rstrip())


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
