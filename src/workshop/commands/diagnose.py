"""`workshop diagnose`: what is wrong, why, and how to mend it."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TextIO
from urllib.parse import urlsplit

from workshop import practice, signin
from workshop.core.settings import GUID, Settings, load
from workshop.diagnosis import Diagnosis, Expected, diagnose, is_address
from workshop.diagnosis.findings import Diagnosed
from workshop.diagnosis.reading import LONGEST
from workshop.diagnosis.report import FOUND, UNKNOWN
from workshop.diagnosis.safe import WHAT_IS_SENT, Site, examine
from workshop.diagnosis.token import token_in
from workshop.diagnosis.walk import caller_for, gone, not_called
from workshop.diagnosis.walk.route import LOOPBACK
from workshop.diagnosis.web import Ask, Unclear, never
from workshop.errors import TOLD, WorkshopError
from workshop.show.escaping import lines, one_line
from workshop.tokens.parts import Unreadable, parts

if TYPE_CHECKING:
    from workshop.commands.practice_user import PracticeUser
    from workshop.registration.report import Report

APPS = ("ENTRA_PROXY", "ENTRA_PREAUTHORIZED")
SUMMARY = "say what is wrong: an error, a token, a server's address, a log"
ASK_FOR_SAFETY = (
    "safe? not tried, and nothing was sent for it. With --safety-checks it is tried on a server of your own: Origin, "
    "Host, open redirect, registration, the consent page, error answers."
)
MORE = (
    "Exit code: 0 nothing is wrong, 1 something was found, 2 it could not be told. For an address the server is "
    "called as a client calls it, without any token; each call is named first, on standard error. It is not trusted: "
    "1 MB of an answer are read, for 20 seconds, and it leads to no private address from a public one. With "
    "--safety-checks more is sent: foreign Origin and Host headers, sign-ins that are to lead elsewhere, malformed "
    "requests, and up to six registrations of clients."
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `workshop diagnose`."""
    parser = subparsers.add_parser("diagnose", help=SUMMARY, description=SUMMARY, epilog=MORE)
    what = "a server's address, an AADSTS code or text; - reads an answer, a token or a log from standard input"
    parser.add_argument("what", metavar="URL|CODE|-", help=what)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--read-only", action="store_true", help="don't register a client with the server")
    parser.add_argument(
        "--other-hosts",
        action="store_true",
        help="go on at other public hosts that the server names (Entra's own are always called); without it a terminal "
        "asks, and a script does not go",
    )
    parser.add_argument(
        "--safety-checks",
        action="store_true",
        help="the server is yours: try on it what an attacker would, harmlessly; a terminal asks before",
    )
    parser.add_argument(
        "--client-id", default="", metavar="ID", help="of the server's app: its registration is verified as well"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Diagnose, print, and return the exit code."""
    try:
        return _run(args, load(malformed_too=True))
    except TOLD as error:
        print(f"workshop: {one_line(str(error))}", file=sys.stderr)
        return UNKNOWN


def _run(args: argparse.Namespace, settings: Settings) -> int:
    what = _end_of(sys.stdin) if args.what == "-" else args.what
    address = is_address(what)
    report = None
    if address:
        _lead(settings, what)
        said = Diagnosis(_walked(args, what.strip(), settings))
    elif args.safety_checks:
        raise WorkshopError("--safety-checks is for a server's address, with http:// or https:// before it.")
    else:
        said = diagnose(what, expected=_expected(settings, what))
    if args.client_id:
        report = _registration(settings, args.client_id, what if address else "")
    _print(said, report, as_json=args.json)
    return FOUND if report and report.judged.wrong else said.exit_code


def _walked(args: argparse.Namespace, url: str, settings: Settings) -> Diagnosed:
    """Walk to the server; try what an attacker would only if the user asks for it and says that it is theirs."""
    try:
        caller = caller_for(url, ask=_asking(args))
    except Unclear as unclear:
        return not_called(url, unclear)
    with closing(caller):
        route = gone(caller, url, tell=_tell, register=not args.read_only)
        if not args.safety_checks or not _is_theirs(url):
            return replace(route.diagnosed, notes=(ASK_FOR_SAFETY,))
        site = Site(url, caller, _tell, app_id=args.client_id or route.app_id, registers=not args.read_only)
        site.registered += [route.registered] if route.registered else []
        with _user(settings, url) as site.user:
            return replace(route.diagnosed, safety=examine(site))


def _user(settings: Settings, url: str) -> AbstractContextManager[PracticeUser | None]:
    """Return who signs in: somebody of the practice tenant, at a server of this machine, else nobody."""
    if settings.mode != "practice" or urlsplit(url).hostname not in LOOPBACK:
        return nullcontext()
    from workshop.commands.practice_user import PracticeUser

    return PracticeUser(settings)


def _is_theirs(url: str) -> bool:
    if not _somebody_answers():
        return True  # the option says it
    host = one_line(urlsplit(url).netloc)
    return _yes(f"To {host} will be sent: {WHAT_IS_SENT}. Do this to a server of your own only. Is it yours?")


def _end_of(file: TextIO) -> str:
    """Return what a diagnosis reads of a text, however long it is: its end."""
    kept = ""
    while piece := file.read(LONGEST):
        kept = (kept + piece)[-LONGEST:]
    return kept


def _asking(args: argparse.Namespace) -> Ask:
    if args.other_hosts:
        return lambda _: True
    return _ask if _somebody_answers() else never


def _somebody_answers() -> bool:
    return bool(sys.stdin) and sys.stdin.isatty()


def _ask(host: str) -> bool:
    return _yes(f"The server leads on to another host, {one_line(host)}. Call that one as well?")


def _yes(question: str) -> bool:
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _tell(call: str) -> None:
    print(f"calling {call}", file=sys.stderr, flush=True)


def _lead(settings: Settings, url: str) -> None:
    """Lead this process to the practice tenant if the server is one of this machine's; else see that it is not led."""
    local = urlsplit(url.strip()).hostname in LOOPBACK
    if settings.mode == "practice" and local:
        practice.enter(settings, f"diagnose-{os.getpid()}")
    elif os.environ.get("SSL_CERT_FILE") == str(settings.state / "ca.pem"):
        raise WorkshopError(
            "This terminal is led to the practice tenant, from where no other host is reached. "
            "Run it in a terminal without its variables, with WORKSHOP_TENANT=own."
        )


def _expected(settings: Settings, what: str) -> Expected:
    """Return what the server of this mode's settings takes: of two apps, the one that the token is for."""
    tenant = settings.get("AZURE_TENANT_ID") or ""
    tenant = tenant if GUID.fullmatch(tenant) else ""
    token = token_in(what)
    audience = str(_claims(token).get("aud", "")).removeprefix("api://")
    kept = [(app, settings.get(f"{app}_AZURE_CLIENT_ID") or "") for app in APPS]
    apps = [(app, client_id) for app, client_id in kept if client_id]
    app, client_id = next((one for one in apps if one[1] == audience), apps[0] if apps else ("", ""))
    scopes = (settings.get(f"{app}_REQUIRED_SCOPES") or "").split()
    return Expected(tenant, client_id, tuple(scopes))


def _claims(token: str) -> Mapping[str, Any]:
    try:
        return parts(token).claims if token else {}
    except Unreadable:
        return {}


def _registration(settings: Settings, client_id: str, url: str) -> Report:
    from workshop.registration.desk import Desk

    print(f"looking up the registration {client_id} in Microsoft Graph", file=sys.stderr, flush=True)
    if settings.mode == "practice":
        signin.install(settings, practice.enter(settings))
    else:
        practice.hold_mode(settings)
    base_url = url.strip().rstrip("/").removesuffix("/mcp")
    return Desk(settings).verify(client_id, base_url=base_url)


def _print(said: Diagnosis, report: Report | None, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(said.json() | ({"registration": report.json()} if report else {}), indent=2))
        return
    print(said.text())
    if report:
        print(f"\n{lines(report.text())}")
