"""`workshop token`: read a token from standard input, and verify it for one of the workshop's servers."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from workshop.commands.serve import REGISTRATIONS, builder
from workshop.core.settings import load
from workshop.errors import WorkshopError

MOST = 1_000_000
AS_ARGUMENT = "a token as an argument would stay in your shell's history and in the list of processes: pipe it in"
NO_INPUT = "pipe the token in, so that your shell's history never has it"
HOW = """\
The token comes on standard input:

  pbpaste | workshop token                 from the clipboard (macOS)
  wl-paste | workshop token                ... (Linux; with X11: xclip -o)
  Get-Clipboard | workshop token           ... (Windows, PowerShell)
  az account get-access-token --resource api://<client id> | workshop token

It is read, not verified, unless --for says for which server. The whole token is never shown.

exit code: 0 read (with --for: let in), 1 unreadable (with --for: turned away), 2 no token on standard input"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `workshop token`."""
    summary = "read a token from standard input"
    parser = subparsers.add_parser(
        "token", help=summary, description=summary, epilog=HOW, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("unwanted", nargs="*", help=argparse.SUPPRESS)
    parser.add_argument("--for", dest="server", choices=tuple(REGISTRATIONS), help="verify it as this server would")
    parser.add_argument("--port", type=int, default=8000, metavar="N", help="where that server runs (default: 8000)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    # `more`: an unknown option comes here too, and is not printed: it may be a token.
    parser.set_defaults(run=run, more=[])


def run(args: argparse.Namespace) -> int:
    """Read what comes on standard input."""
    if args.unwanted or args.more:
        print(f"workshop: {AS_ARGUMENT}. See `workshop token --help`.", file=sys.stderr)
        return 2
    if sys.stdin is None or sys.stdin.isatty():
        print(f"workshop: {NO_INPUT}. See `workshop token --help`.", file=sys.stderr)
        return 2
    given = sys.stdin.buffer.read(MOST + 1).decode("utf-8", "replace")
    from workshop import tokens

    reading = tokens.read(given)
    told: dict[str, Any] = reading.as_json()
    words, good = repr(reading), not reading.problem
    if args.server:
        verified = tokens.verify(given, _server(args.server, args.port))
        told["verified"] = verified.as_json()
        words, good = f"{words}\n\n{verified!r}", verified.let_in
    print(json.dumps(told, indent=2) if args.json else words)
    return 0 if good else 1


def _server(name: str, port: int) -> Any:
    """Return the server as its settings make it; its keys are fetched where this process is led to."""
    from workshop import practice
    from workshop.background import quiet_fastmcp
    from workshop.servers.environment import SettingsError

    settings = load()
    quiet_fastmcp()
    if settings.mode == "practice":
        practice.enter(settings)
    try:
        return builder(name, settings)(f"http://localhost:{port}")
    except SettingsError as error:
        raise WorkshopError(str(error)) from error
