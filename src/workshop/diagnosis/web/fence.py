"""Where a call may lead. A server that is diagnosed must not send this machine to addresses that only it reaches.

Source: MCP specification, security best practices, server-side request forgery; RFC 9728 section 7.7; OWASP's cheat
sheet on server-side request forgery.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, field

from workshop.diagnosis.web.reach import Reach, reach_of
from workshop.diagnosis.web.target import Destination, Unclear, target_of

Ask = Callable[[str], bool]
"""Is asked whether a call may leave the host that was named; gets the other host."""
Resolve = Callable[[str], tuple[str, ...]]
"""Returns the IP addresses of a name, none if it has none."""

ENTRA = frozenset(
    {
        *("login.microsoftonline.com", "login.microsoft.com", "login.windows.net", "sts.windows.net"),
        *("login.microsoftonline.us", "login.partner.microsoftonline.cn", "login.chinacloudapi.cn"),
    }
)
"""Entra's own hosts: every walk to a server may lead there, without a question."""


class NotCalled(Exception):
    """A call that is not made.

    Attributes:
        why: in words.
        inside: whether the address is one that the server's users don't reach.
        asked: whether a person may allow it.
    """

    def __init__(self, why: str, *, inside: bool = False, asked: bool = False) -> None:
        super().__init__(why)
        self.why, self.inside, self.asked = why, inside, asked


class NameUnknown(Exception):
    """A name has no address."""


def never(_: str) -> bool:
    """Allow no other host."""
    return False


def resolved(host: str) -> tuple[str, ...]:
    """Return the addresses of a name, as this machine knows them."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


@dataclass
class Fence:
    """What a walk may call. A name is looked up once: what was looked at is what is called.

    Attributes:
        named: the host that the user named.
        ask: is asked about each other host once.
        resolve: looks a name up.
        by_proxy: whether another program looks the name up and makes the call; then this one looks as far as it can.
    """

    named: Destination
    ask: Ask = never
    resolve: Resolve = resolved
    by_proxy: Callable[[Destination], bool] = lambda _: False
    addresses: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _said: dict[str, bool] = field(default_factory=dict)

    def admit(self, method: str, url: str) -> Destination:
        """Return where a call goes, and note the addresses it may connect to.

        Raises:
            NotCalled: it may not be made.
            NameUnknown: the name has no address.
        """
        try:
            target = target_of(url)
        except Unclear as unclear:
            raise NotCalled(str(unclear)) from None
        if target.same_host(self.named):
            self._look_up(target)
        elif target.host in ENTRA:
            self._admit_entra(method, target)
        else:
            self._admit_other(target)
        return target

    def _admit_entra(self, method: str, target: Destination) -> None:
        """Its names are no server's to choose, and TLS says who answers: only what is asked there is looked at."""
        if target.scheme != "https" or target.port != 443 or method != "GET":
            raise NotCalled("at Entra only pages are opened, by https")
        if not self.by_proxy(target):
            self._look_up(target)

    def _admit_other(self, target: Destination) -> None:
        known = self.reach_of_literal(target.host)
        if known is not None:
            self._judge(target, known)
        if not self._is_allowed(target, known):
            raise NotCalled("it is another host than the one you named, and nobody allowed it", asked=True)
        for address in self._look_up(target):
            self._judge(target, reach_of(address))

    def _is_allowed(self, target: Destination, known: Reach | None) -> bool:
        if Reach.LOOPBACK in (known, self._loopback_name(target.host)) and self.reach is Reach.LOOPBACK:
            return True
        if target.host not in self._said:
            self._said[target.host] = self.ask(target.host)
        return self._said[target.host]

    def _judge(self, target: Destination, reach: Reach) -> None:
        if reach is Reach.SPECIAL or reach > self.reach:
            raise NotCalled(f"{target.host} is {reach.words}, and the server is at {self.reach.words}", inside=True)

    @property
    def reach(self) -> Reach:
        """From where the host is reached that the user named: the widest of its addresses counts."""
        found = [reach_of(address) for address in self._look_up(self.named)]
        return min(found, default=Reach.PUBLIC)

    def _look_up(self, target: Destination) -> tuple[str, ...]:
        host = target.host
        if host not in self.addresses:
            literal = self.reach_of_literal(host) is not None
            self.addresses[host] = (host,) if literal else self.resolve(host)
        if not self.addresses[host] and not self.by_proxy(target):
            raise NameUnknown(f"the name {host} has no address")
        return self.addresses[host]

    @staticmethod
    def _loopback_name(host: str) -> Reach | None:
        """Source: RFC 6761 section 6.3."""
        name = host.rstrip(".")
        return Reach.LOOPBACK if name == "localhost" or name.endswith(".localhost") else None

    @staticmethod
    def reach_of_literal(host: str) -> Reach | None:
        """Return from where a host is reached that is an IP address, None if it is a name."""
        try:
            return reach_of(host)
        except ValueError:
            return None
