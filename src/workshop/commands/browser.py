"""`workshop browser`: what another program of this machine opens where a person's browser would sign in.

`workshop tenant env` names it in the variable BROWSER, which Python's `webbrowser` reads; so the Azure CLI, for
one, signs in to the practice tenant without a browser that could only reach the real Entra.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from practice_tenant import found
from practice_tenant.errors import TenantNotRunning
from workshop import signin
from workshop.core.settings import load


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `workshop browser`."""
    summary = "sign in to the practice tenant where another program opens a browser"
    parser = subparsers.add_parser("browser", help=summary, description=summary)
    parser.add_argument("url", help="the page that the program opens")
    parser.add_argument("--as", dest="account", metavar="ACCOUNT", default=signin.MEMBER, help="who signs in")
    parser.add_argument("--state", type=Path, metavar="DIR", help="the tenant's folder (default: that of this project)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Sign in, and say on stderr how it went.

    Raises:
        TenantNotRunning: there is no practice tenant to sign in to.
    """
    state = args.state.resolve() if args.state else load().state
    running = found(state)
    if running is None:
        raise TenantNotRunning(state)
    agent = signin.UserAgent(args.account, proxy=running.proxy, ca=running.ca)
    agent.open(args.url)
    ended = agent.wait(seconds=600)
    agent.close()
    print(f"workshop browser: {ended or 'no answer within a minute'}", file=sys.stderr)
    return 0 if ended is not None and ended.outcome == "signed in" else 1
