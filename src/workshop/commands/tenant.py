"""`workshop tenant`: run the practice tenant, look into it, and be its teacher."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import webbrowser
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from practice_tenant import Environment, Exchange, Log, Running, found
from practice_tenant.client.process import command
from practice_tenant.client.shells import SHELLS, lines
from practice_tenant.errors import TenantNotRunning, TenantRefused
from workshop.commands import tenant_directory
from workshop.core.private_files import make_private_folder
from workshop.core.settings import load
from workshop.signin.agent import MEMBER

# Windows can't interrupt a wait for the network; a short one lets Ctrl-C through.
FOLLOW_SECONDS = 1 if sys.platform == "win32" else 30


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `workshop tenant` and what it can do."""
    summary = "run the practice tenant and look into it"
    parser = subparsers.add_parser("tenant", help=summary, description=summary)
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--state", type=Path, metavar="DIR", help="the tenant's folder (default: that of this project)")

    def action(name: str, function: Any, summary: str, **more: Any) -> argparse.ArgumentParser:
        added = actions.add_parser(name, help=summary, description=summary, parents=[common], **more)
        added.set_defaults(run=function)
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
    tenant_directory.add_actions(action, _running)
    center = action("admin", admin, "open the practice admin center in your browser")
    center.add_argument("--as", dest="account", metavar="ACCOUNT", default="", help="who (default: an administrator)")
    center.add_argument("--tenant", metavar="ID", default="", help="tenant id, name or domain (default: the first)")
    center.add_argument("--no-browser", action="store_true", help="only print the address")


def run(args: argparse.Namespace) -> int:
    """Become the practice tenant."""
    options = [] if args.port is None else ["--port", str(args.port)]
    line = command(make_private_folder(_state(args)), *options)
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
    running = _running(args)
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
    running = found(_state(args))
    if running is None:
        print("not running")
        return 1
    said = running.status()
    rows = [
        ("process", f"{running.pid}, up {_duration(said['uptime_seconds'])}"),
        ("proxy", running.proxy),
        ("https", running.https),
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
    running = found(_state(args))
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
    """Put the directory back to its seed, and forget the values of an app that is gone with it."""
    running = _running(args)
    if args.directory:
        running.directory(args.directory).reset()
        print(f"The directory {args.directory} is back to its seed and to Entra's settings.")
        return 0
    running.reset()
    values = running.state / "practice.env"
    print("The directory is back to its seed: what was registered, granted or changed since is gone.")
    if values.exists():
        values.unlink()
        print("The values in practice.env named an app that is gone, so this file is gone too.")
    print("The signing key, the certificate and the ports are the same as before.")
    return 0


def log(args: argparse.Namespace) -> int:
    """Print the recorded exchanges, and with --follow the coming ones."""
    running = _running(args)
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
    url = _running(args).admin_center(args.account, args.tenant)
    print(url)
    print("It works once, within ten minutes.", file=sys.stderr)
    if not args.no_browser and url.startswith("http"):
        webbrowser.open(url)
    return 0


def _next(after: int, part: Log) -> int:
    # A tenant that was started again counts from one again.
    return 0 if part.last < after else max([after, *(each["seq"] for each in part.exchanges)])


def _state(args: argparse.Namespace) -> Path:
    state: Path | None = args.state
    return load().state if state is None else state.expanduser().resolve()


def _running(args: argparse.Namespace) -> Running:
    state = _state(args)
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
