"""`directory|set|fault|policy|user|withdraw-consent|rotate-key`: a teacher and one directory tenant."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from practice_tenant import Directory, Running
from practice_tenant.errors import PracticeTenantError

NAMES = """\
names:
  clock               how far its clock is ahead of this machine's: +3700, -1h, 0
  access_lifetime     how long an access token lives: 5, 10m (Entra's: 60 to 90 minutes)
  id_lifetime         how long an id token lives (Entra's: 1h)
  refresh_idle        how long a refresh token may lie unused (Entra's: 90d)
  backdate            how long ago a token says it was issued: 2h makes it expired, -1h not yet valid
  resource_parameter  checked (AADSTS9010010, as today) or refused (AADSTS901002, as before March 2026)
  replication_delay   how long Microsoft Graph takes to show what was written

A time is a number of seconds, or a number with s, m, h or d. `NAME=` brings Entra's value back.

  %(prog)s --directory lesson07 clock=+1h access_lifetime=5"""

FAULTS = """\
faults:
  throttle  429; with --retry-after the header that says when to come again
  error     a server error: --status 500, 502, 503 or 504
  slow      the answer is held back for --seconds

  %(prog)s throttle --at token --retry-after 3 --times 2
  %(prog)s --clear"""

POLICIES = """\
policies:
  mfa                multi-factor authentication (AADSTS50076, or AADSTS50079 for who has not registered)
  block              no access (AADSTS53003)
  sign_in_frequency  a sign-in may be --hours old

  %(prog)s mfa --resource https://graph.microsoft.com --user robin
  %(prog)s --clear"""

_TIME = re.compile(r"([+-]?\d+(?:\.\d+)?)([smhd]?)")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}

Action = Callable[..., argparse.ArgumentParser]
Find = Callable[[argparse.Namespace], Running]


def add_actions(action: Action, find: Find) -> None:
    """Add the actions that work on one directory."""

    def of_directory(
        name: str, function: Callable[[argparse.Namespace, Directory], None], summary: str, **more: Any
    ) -> argparse.ArgumentParser:
        def run(args: argparse.Namespace) -> int:
            function(args, find(args).directory(args.directory))
            return 0

        parser = action(name, run, summary, **more)
        parser.add_argument(
            "--directory", metavar="ID", default="", help="tenant id, name or domain (default: the first directory)"
        )
        return parser

    of_directory("directory", show, "show a directory's time, settings and keys")
    raw = argparse.RawDescriptionHelpFormatter
    setting = of_directory(
        "set", change, "move a directory's clock, set its lifetimes", epilog=NAMES, formatter_class=raw
    )
    setting.add_argument("values", nargs="+", metavar="NAME=VALUE", type=_setting)
    _add_rules(of_directory)
    person = of_directory("user", change_user, "disable an account, end its sessions")
    person.add_argument("user", metavar="USER", help="the name before the @, a user principal name or an id")
    does = person.add_mutually_exclusive_group(required=True)
    for action_name, what in USER_ACTIONS.items():
        does.add_argument(f"--{action_name}", dest="what", action="store_const", const=action_name, help=what)
    taken = of_directory("withdraw-consent", withdraw_consent, "take back what a client was granted")
    taken.add_argument("client", metavar="CLIENT", help="its application id")
    taken.add_argument("--resource", default="", help="only on this one: application id or identifier URI")
    taken.add_argument("--user", default="", help="only by this user")
    rotating = of_directory("rotate-key", rotate, "let a directory sign with a new key")
    rotating.add_argument("--drop-old", action="store_true", help="publish the old key no more")


def _add_rules(of_directory: Action) -> None:
    raw = argparse.RawDescriptionHelpFormatter
    faulty = of_directory(
        "fault", fault, "switch throttling, errors or slow answers on", epilog=FAULTS, formatter_class=raw
    )
    faulty.add_argument("kind", nargs="?", metavar="FAULT")
    faulty.add_argument("--clear", action="store_true", help="switch all of them off")
    faulty.add_argument(
        "--at", default="all", help="token, devicecode, discovery, keys, pages, graph, management, managed_identity"
    )
    faulty.add_argument("--times", type=int, metavar="N", help="strike that many calls (default: until --clear)")
    faulty.add_argument("--retry-after", type=int, metavar="S", help="seconds in the Retry-After header")
    faulty.add_argument("--status", type=int, metavar="N")
    faulty.add_argument("--seconds", type=float, metavar="S")
    ruled = of_directory("policy", policy, "add a Conditional Access policy", epilog=POLICIES, formatter_class=raw)
    ruled.add_argument("require", nargs="?", metavar="POLICY")
    ruled.add_argument("--clear", action="store_true", help="remove all of them")
    ruled.add_argument("--resource", default="All", help="application id or identifier URI (default: all)")
    ruled.add_argument("--user", default="All", help="the name before the @ (default: everyone)")
    ruled.add_argument("--hours", type=int, metavar="N")


def show(_: argparse.Namespace, directory: Directory) -> None:
    """Print what a directory says of itself."""
    said = directory.show()
    now = datetime.fromtimestamp(said["now"], UTC)
    rows = [
        ("directory", f"{said['tenant_id']}  {said['name']}"),
        ("its time", f"{now:%Y-%m-%d %H:%M:%S} UTC"),
        *((name, "as Entra" if value is None else str(value)) for name, value in said["settings"].items()),
        *(("key", kid) for kid in said["keys"]),
        *(("fault", fault["told"]) for fault in said["faults"]),
        *(("policy", policy["name"]) for policy in said["policies"]),
    ]
    print("\n".join(f"  {name:<18} {value}" for name, value in rows))


def change(args: argparse.Namespace, directory: Directory) -> None:
    """Set some settings."""
    said = directory.set(**dict(args.values)).said
    for name, before in said["before"].items():
        print(f"{name}: {_shown(said['settings'][name])} (was {_shown(before)})")


def fault(args: argparse.Namespace, directory: Directory) -> None:
    """Switch a fault on, or all off."""
    if args.clear:
        directory.clear_faults()
        print("No fault is on.")
        return
    options = {"times": args.times, "retry_after": args.retry_after, "status": args.status, "seconds": args.seconds}
    given = {name: value for name, value in options.items() if value is not None}
    print(directory.fault(args.kind or "", args.at, **given).said["told"])


def policy(args: argparse.Namespace, directory: Directory) -> None:
    """Add a Conditional Access policy, or remove all."""
    if args.clear:
        directory.clear_policies()
        print("There is no Conditional Access policy.")
        return
    said = directory.conditional_access(args.require or "", args.resource, args.user, args.hours).said
    print(f"The policy {said['id']}: {said['displayName']}")


USER_ACTIONS = {
    "disable": "switch the account off (AADSTS50057)",
    "enable": "switch it on",
    "revoke": "end its sessions and refresh tokens (AADSTS50173)",
    "forget-mfa": "let it have no second factor registered (AADSTS50079)",
}


def change_user(args: argparse.Namespace, directory: Directory) -> None:
    """Do one thing to a user."""
    if args.what == "revoke":
        said = directory.revoke_sessions(args.user)
        print(f"{said['user']}: what was granted before {said['valid_from']} is good no more.")
        return
    does = {"disable": directory.disable, "enable": directory.enable, "forget-mfa": directory.forget_mfa}
    print(f"{does[args.what](args.user).said['user']}: done.")


def withdraw_consent(args: argparse.Namespace, directory: Directory) -> None:
    """Take back what a client was granted."""
    withdrawn = directory.withdraw_consent(args.client, args.resource, args.user).said["withdrawn"]
    for grant in withdrawn:
        print(f"taken back: {grant['scope']}")
    if not withdrawn:
        print("Nothing was granted.")


def rotate(args: argparse.Namespace, directory: Directory) -> None:
    """Rotate the signing key."""
    said = directory.rotate_keys("dropped" if args.drop_old else "kept")
    print(f"It signs with the key {said['kid']} now, and publishes {len(said['keys'])}.")


def seconds(text: str) -> float:
    """Return a time such as `90`, `+1h` or `-2.5d` in seconds.

    Raises:
        PracticeTenantError: it is none.
    """
    found = _TIME.fullmatch(text)
    if not found:
        raise PracticeTenantError(f"{text!r} is no time: use seconds, or a number with s, m, h or d")
    value = float(found[1]) * _UNITS[found[2]]
    return int(value) if value.is_integer() else value


def _setting(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} has no value: write NAME=VALUE")
    name = name.replace("-", "_")
    if not value:
        return name, None
    return name, seconds(value) if _TIME.fullmatch(value) else value


def _shown(value: object) -> str:
    return "as Entra" if value is None else str(value)
