"""Who may come in at the doors that speak TLS: whoever knows the password of the run, or programs of this account.

Every account of the machine reaches them, and behind them anybody signs in as anyone.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass, field
from typing import Protocol

from practice_tenant.server.account import Ends, whose
from practice_tenant.well_known import UNLABELLED

LONGEST_LABEL = 100


@dataclass(frozen=True)
class ProxyCredentials:
    """What a client of the proxy says of itself.

    Args:
        label: the user name; empty if it tells none.
    """

    label: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class DoorRefusal:
    """Why somebody is not let in: a status line's end, a sentence, and further header lines."""

    status: str
    text: str
    headers: tuple[str, ...] = ()


class Guard(Protocol):
    """Looks at who comes in."""

    async def refusal(self, credentials: ProxyCredentials, ends: Ends | None) -> DoorRefusal | None:
        """Return why somebody is refused; None if they may come in."""


@dataclass(frozen=True)
class PasswordGuard:
    """Lets in who knows the password.

    Args:
        earlier: of the runs before. A program that was led to the tenant then still has one, but a stranger may have
            listened at this port meanwhile: with one of these only programs of this account are let in.

    Source: RFC 9110 section 11.7 (Proxy-Authenticate), RFC 7617 (Basic).
    """

    password: str = field(repr=False)
    earlier: tuple[str, ...] = field(default=(), repr=False)

    async def refusal(self, credentials: ProxyCredentials, ends: Ends | None) -> DoorRefusal | None:
        """Return a challenge to whoever does not know it."""
        given = credentials.password.encode()
        if hmac.compare_digest(given, self.password.encode()):
            return None
        is_earlier = [hmac.compare_digest(given, each.encode()) for each in self.earlier]
        if any(is_earlier) and await whose(ends) == "own":
            return None
        return DoorRefusal(
            "407 Proxy Authentication Required",
            "The PRACTICE tenant's proxy wants the password of this run. `python -m practice_tenant env` "
            "(`workshop tenant env` in the lessons) prints the variables that hold it.",
            ('Proxy-Authenticate: Basic realm="PRACTICE tenant"',),
        )


@dataclass(frozen=True)
class AccountGuard:
    """Lets in the programs of the account that the tenant runs as: a browser can't be told a password beforehand."""

    async def refusal(self, _credentials: ProxyCredentials, ends: Ends | None) -> DoorRefusal | None:
        """Return a refusal for another account, and where it can't be told whose the connection is."""
        if await whose(ends) == "own":
            return None
        return DoorRefusal("403 Forbidden", "This door of the PRACTICE tenant is for one account of this machine only.")


def credentials_of(header_lines: list[str]) -> ProxyCredentials:
    """Return what a Basic ``Proxy-Authorization`` header holds; nothing if there is none, or it can't be read."""
    for line in header_lines:
        name, _, value = line.partition(":")
        scheme, _, encoded = value.strip().partition(" ")
        if name.strip().lower() == "proxy-authorization" and scheme.lower() == "basic":
            try:
                decoded = base64.b64decode(encoded.strip(), validate=True).decode("utf-8", "replace")
            except (binascii.Error, ValueError):
                return ProxyCredentials()
            label, _, password = decoded.partition(":")
            return ProxyCredentials("" if label == UNLABELLED else label[:LONGEST_LABEL], password)
    return ProxyCredentials()
