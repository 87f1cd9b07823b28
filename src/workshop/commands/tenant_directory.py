"""`workshop tenant directory|set|rotate-key`: what a teacher does to one directory tenant."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from workshop.errors import WorkshopError
from workshop.practice import Directory, Running

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

  workshop tenant set --directory lesson07 clock=+1h access_lifetime=5"""

_TIME = re.compile(r"([+-]?\d+(?:\.\d+)?)([smhd]?)")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}

Action = Callable[..., argparse.ArgumentParser]
Find = Callable[[argparse.Namespace], Running]


def add_actions(action: Action, find: Find) -> None:
    """Add the actions of `workshop tenant` that work on one directory."""

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
    rotating = of_directory("rotate-key", rotate, "let a directory sign with a new key")
    rotating.add_argument("--drop-old", action="store_true", help="publish the old key no more")


def show(_: argparse.Namespace, directory: Directory) -> None:
    """Print what a directory says of itself."""
    said = directory.show()
    now = datetime.fromtimestamp(said["now"], UTC)
    rows = [
        ("directory", f"{said['tenant_id']}  {said['name']}"),
        ("its time", f"{now:%Y-%m-%d %H:%M:%S} UTC"),
        *((name, "as Entra" if value is None else str(value)) for name, value in said["settings"].items()),
        *(("key", kid) for kid in said["keys"]),
    ]
    print("\n".join(f"  {name:<18} {value}" for name, value in rows))


def change(args: argparse.Namespace, directory: Directory) -> None:
    """Set some settings."""
    said = directory.set(**dict(args.values)).said
    for name, before in said["before"].items():
        print(f"{name}: {_shown(said['settings'][name])} (was {_shown(before)})")


def rotate(args: argparse.Namespace, directory: Directory) -> None:
    """Rotate the signing key."""
    said = directory.rotate_keys("dropped" if args.drop_old else "kept")
    print(f"It signs with the key {said['kid']} now, and publishes {len(said['keys'])}.")


def seconds(text: str) -> float:
    """Return a time such as `90`, `+1h` or `-2.5d` in seconds.

    Raises:
        WorkshopError: it is none.
    """
    found = _TIME.fullmatch(text)
    if not found:
        raise WorkshopError(f"{text!r} is no time: use seconds, or a number with s, m, h or d")
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
