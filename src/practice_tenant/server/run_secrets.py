"""The secrets of the doors, in the state folder: new for each run, or kept as long as no stranger can have heard them.

A program that was led to the tenant outlives a run of it. While the tenant is away, another account may listen at a
port of it and be told what such a program sends there.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from practice_tenant.private import read_private
from practice_tenant.server.doors.tls import write_private

MOST_EARLIER = 20
MARK = "practice."
"""How a secret of the tenant begins: the masks of logs and notebooks know it."""


@dataclass(frozen=True)
class RunSecrets:
    """What the doors ask for.

    Args:
        control: of the control door.
        proxy: the proxy's password.
        earlier: its passwords in the runs before, the newest first.
        identity_header: the value of IDENTITY_HEADER.
        identity_path: the first part of every path of the managed identities' door.
    """

    control: str = field(repr=False)
    proxy: str = field(repr=False)
    earlier: tuple[str, ...] = field(repr=False)
    identity_header: str = field(repr=False)
    identity_path: str = field(repr=False)


def secrets_of_run(state: Path, *, identities_moved: bool) -> RunSecrets:
    """Make the secrets of this run, or take those that are kept, and write them down.

    Args:
        identities_moved: whether somebody else listens where the managed identities' door was.

    Raises:
        NotPrivate: another account can have written one of them.
    """
    earlier = tuple(_read(state / "proxy-password").split()[:MOST_EARLIER])
    made = RunSecrets(
        control=secrets.token_urlsafe(32),
        proxy=_new(),
        earlier=earlier,
        identity_header=_kept(state / "identity-header", identities_moved) or secrets.token_hex(16).upper(),
        identity_path=_kept(state / "identity-path", identities_moved) or _new(),
    )
    written = {
        "control-secret": (made.control,),
        "proxy-password": (made.proxy, *earlier),
        "identity-header": (made.identity_header,),
        "identity-path": (made.identity_path,),
    }
    for name, lines in written.items():
        write_private(state / name, "".join(f"{line}\n" for line in lines).encode())
    return made


def _new() -> str:
    return MARK + secrets.token_urlsafe(32)


def _kept(path: Path, moved: bool) -> str:
    return "" if moved else _read(path).strip()


def _read(path: Path) -> str:
    with suppress(OSError, UnicodeDecodeError):
        return read_private(path)
    return ""
