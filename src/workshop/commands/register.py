"""`workshop register`: an app registration as code, and the verification of one."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from workshop import practice, signin
from workshop.core.settings import load
from workshop.errors import TOLD, WorkshopError
from workshop.registration.app_roles import with_app_roles
from workshop.registration.approach import as_kept
from workshop.registration.declarations import DECLARED, DEFAULT_URI, Declaration
from workshop.registration.desk import Desk, NotAgreed
from workshop.registration.resource_uri import address_of, resource_uri
from workshop.registration.sign_in import ADMINISTRATOR, WAYS
from workshop.servers.settings import TENANT_ID

if TYPE_CHECKING:
    from workshop.registration.plan import RegistrationPlan
    from workshop.registration.report import Report

APPROACHES = {
    "proxy": "register the app behind the OAuth proxy (AzureProvider)",
    "on-behalf-of": "register the app of a server that asks Microsoft Graph on behalf of its users",
    "preauthorized": "register the app for pre-authorized clients (RemoteAuthProvider)",
}
FOR_APPS_TOO = ("proxy", "preauthorized")
RIGHT, FINDINGS, COULD_NOT_LOOK = 0, 1, 2
AT = (
    "the server's https address, below a verified domain of the tenant: it becomes the Application ID URI (with /mcp), "
    "so that clients which send it as `resource` sign in straight to Entra (default: as kept, else api://<client id>)"
)
REACHED = (
    "Clients reach the server at {uri}, letter for letter, and ask for its scopes by that name.\n"
    "`workshop serve preauthorized` names this address; what ends TLS for {host} leads there."
)


GIVE_THE_ROLE = (
    "To let an app in: give it the role (its API permissions > Add a permission > this app > Application permissions, "
    "then Grant admin consent), and tell the server: {setting}={roles}"
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `workshop register` and what it can do."""
    summary = "register the app in Entra, verify a registration, remove it"
    parser = subparsers.add_parser("register", help=summary, description=summary)
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    common = _common_options()
    for key, text in APPROACHES.items():
        _add_register(actions.add_parser(key, help=text, description=text, parents=[common]), key)
    text = "check every setting of a registration; exit code 0 right, 1 findings, 2 could not look"
    _add_verify(actions.add_parser("verify", help=text, description=text, parents=[common]))
    text = "remove the registrations that the workshop made for you, and nothing else"
    removing = actions.add_parser("remove", help=text, description=text, parents=[common])
    removing.add_argument("--yes", action="store_true", help="don't ask")
    removing.set_defaults(run=remove)


def _common_options() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--sign-in", choices=WAYS, help="how you sign in (default: what asks least of you)")
    common.add_argument("--as", dest="account", default=ADMINISTRATOR, metavar="ACCOUNT", help="in the practice tenant")
    common.add_argument("--env-file", type=Path, metavar="FILE", help="file of the values (default: this mode's)")
    return common


def _add_register(parser: argparse.ArgumentParser, key: str) -> None:
    parser.add_argument("--plan", action="store_true", help="only show what would change")
    parser.add_argument("--for-admin", action="store_true", help="with --plan: write what to hand to an administrator")
    parser.add_argument(
        "--base-url", metavar="URL", help="where the server is reached (default: http://localhost:8000)"
    )
    if DECLARED[key].names.identifier_uri:
        parser.add_argument("--at", metavar="URL", help=AT)
    if key in FOR_APPS_TOO:
        parser.add_argument(
            "--app-role",
            metavar="NAME",
            action="append",
            default=[],
            help="an app role for apps that act for themselves, such as Expenses.Count; name it each time, or it goes",
        )
    parser.add_argument("--name", help="another display name: a registration of its own, for production for example")
    parser.add_argument("--yes", action="store_true", help="don't ask, even if something would be taken away")
    parser.set_defaults(run=register, key=key)


def _add_verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("client_id", nargs="?", default="", metavar="CLIENT_ID", help="default: the kept one")
    parser.add_argument("--manifest", type=Path, metavar="FILE", help="the portal's manifest or `az ad app show`")
    parser.add_argument("--approach", choices=sorted(APPROACHES), help="what the app is for (default: it is guessed)")
    parser.add_argument(
        "--base-url", default="", metavar="URL", help="where the server is reached (default: as set up)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=verify)


def register(args: argparse.Namespace) -> int:
    """Plan, or plan and apply."""
    app_roles = getattr(args, "app_role", [])
    declaration = with_app_roles(_declaration(args.key, args.base_url, args.name, getattr(args, "at", None)), app_roles)
    if args.for_admin:
        return _for_admin(args, declaration)
    desk = _desk(args)
    declaration = _as_kept(declaration, desk)
    if args.plan:
        print(desk.plan(declaration))
        return 0
    done = desk.apply(declaration, replace_values=True, agree=lambda plan: _agree(plan, yes=args.yes))
    print(done)
    if resource := address_of(declaration.identifier_uri):
        print(REACHED.format(uri=declaration.identifier_uri, host=resource.removeprefix("https://")))
    if app_roles:
        print(GIVE_THE_ROLE.format(setting=declaration.names.app_roles, roles=" ".join(app_roles)))
    return 1 if done.left else 0


def verify(args: argparse.Namespace) -> int:
    """Verify one registration, or each one whose client id is kept."""
    try:
        reports = _reports(args)
    except TOLD as error:
        print(f"workshop: {error}", file=sys.stderr)
        return COULD_NOT_LOOK
    if args.json:
        print(json.dumps({"registrations": [report.json() for report in reports]}, indent=2))
    else:
        print("\n\n".join(report.text() for report in reports))
    return FINDINGS if any(report.judged.wrong for report in reports) else RIGHT


def remove(args: argparse.Namespace) -> int:
    """Show what would go, ask, and remove it."""
    desk = _desk(args)
    found = desk.find()
    print(found)
    if not found.anything:
        return 0
    _ask("Remove this?", yes=args.yes)
    desk.remove(found)
    print("Removed. A deleted application can be restored for 30 days (App registrations > Deleted applications).")
    return 0


def _reports(args: argparse.Namespace) -> list[Report]:
    declaration = DECLARED[args.approach] if args.approach else None
    if args.manifest:
        desk = Desk(load(malformed_too=True), file=args.env_file)
        return [desk.verify_manifest(args.manifest, declaration, base_url=args.base_url)]
    desk = _desk(args, malformed_too=True)
    if args.client_id or declaration:
        return [desk.verify(args.client_id, declaration, base_url=args.base_url)]
    kept = [one for one in DECLARED.values() if desk.keeper.get(one.names.client_id)]
    return [desk.verify("", one, base_url=args.base_url) for one in kept] or [desk.verify()]


def _for_admin(args: argparse.Namespace, declaration: Declaration) -> int:
    from workshop.registration.handover import handover

    if not args.plan:
        raise WorkshopError("--for-admin goes with --plan: nothing is registered then.")
    settings = load(malformed_too=True)
    desk = Desk(settings, file=args.env_file)
    keeper, declaration = desk.keeper, _as_kept(declaration, desk)
    text = handover(declaration, keeper.get(TENANT_ID), keeper.get(declaration.names.client_id))
    letter, script = text.write(settings.project / "my-work" / "for-admin")
    print(f"Hand these two files to an administrator of your tenant:\n  {letter}\n  {script}")
    print("The first says what is needed and why, and has the consent link. The second does it. Neither has a secret.")
    return 0


def _as_kept(declaration: Declaration, desk: Desk) -> Declaration:
    """Return it with the kept Application ID URI, unless one was asked for, or another app than the kept one."""
    if declaration.identifier_uri != DEFAULT_URI or declaration.key not in DECLARED:
        return declaration
    return as_kept(declaration, desk.keeper)


def _declaration(key: str, base_url: str | None, name: str | None, at: str | None) -> Declaration:
    declaration = DECLARED[key].known_by(resource_uri(at)) if at else DECLARED[key]
    if base_url:
        declaration = declaration.at(base_url)
    return declaration.named(name) if name else declaration


def _desk(args: argparse.Namespace, *, malformed_too: bool = False) -> Desk:
    settings = load(malformed_too=malformed_too)
    if settings.mode == "practice":
        running = practice.enter(settings)
        signin.install(settings, running)
    else:
        practice.hold_mode(settings)
    return Desk(settings, args.sign_in, args.account, file=args.env_file)


def _agree(plan: RegistrationPlan, *, yes: bool) -> None:
    print(plan, flush=True)
    if plan.asks:
        _ask("Apply this?", yes=yes)


def _ask(question: str, *, yes: bool) -> None:
    """Ask in a terminal.

    Raises:
        NotAgreed: the answer was no, or nobody is there to be asked.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise NotAgreed("Something would be taken away, and nobody is there to be asked: add --yes.")
    if input(f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
        raise NotAgreed("Nothing was changed.")
