"""An address that is about to be called, read so that no two programs take it for different ones."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx

LONGEST = 8_000
_PORTS = {"http": 80, "https": 443}
_QUAD = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_NUMBER = re.compile(r"(?:0x[0-9a-f]*|\d+)", re.IGNORECASE)


class Unclear(ValueError):
    """An address that is not called, with the reason in a few words."""


@dataclass(frozen=True)
class Destination:
    """Where a call goes.

    Attributes:
        host: in small letters, without brackets; a name outside ASCII as DNS has it.
        port: also where the address names none.
    """

    scheme: str
    host: str
    port: int

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port. Source: RFC 6454 section 4."""
        return self.scheme, self.host.rstrip("."), self.port

    def same_host(self, other: Destination) -> bool:
        """Say whether both are on one host."""
        return self.host.rstrip(".") == other.host.rstrip(".")


def target_of(url: str) -> Destination:
    """Read an address.

    Raises:
        Unclear: it is none of http or https, or it is written so that programs differ in where it leads.
    """
    if len(url) > LONGEST:
        raise Unclear(f"it has {len(url)} characters")
    if not url.isprintable() or any(sign in url for sign in '\\ "<>'):
        raise Unclear("it has characters that no address has")
    try:
        parts, read = urlsplit(url), httpx.URL(url)
        host, other = (parts.hostname or "").lower(), read.host.lower()
        port = read.port if read.port is not None else _PORTS.get(read.scheme, 0)
        other_port = parts.port if parts.port is not None else _PORTS.get(parts.scheme, 0)
    except (ValueError, httpx.InvalidURL):
        raise Unclear("it can't be read") from None
    if read.scheme not in _PORTS:
        raise Unclear(f"it begins with {read.scheme or 'nothing'}:, and only http and https are called")
    if read.userinfo or "@" in parts.netloc:
        raise Unclear("it has a user name in it")
    if not host or _same_form(host) != _same_form(other) or port != other_port or not port:
        raise Unclear("programs would differ in where it leads")
    ascii_host = read.raw_host.decode("ascii").lower()
    if "%" in ascii_host or _is_odd_number(ascii_host):
        raise Unclear("its host is written in an odd way")
    return Destination(read.scheme, ascii_host, port)


def _same_form(host: str) -> str:
    try:
        return str(ip_address(host))
    except ValueError:
        return host


def _is_odd_number(host: str) -> bool:
    """Say whether a host is an IPv4 address in another form than four decimal numbers, such as 127.1 or 0x7f.1."""
    last = host.rstrip(".").rpartition(".")[2]
    if ":" in host or not _NUMBER.fullmatch(last):
        return False
    numbers = host.split(".")
    return not _QUAD.fullmatch(host) or any(len(one) > 1 and one.startswith("0") for one in numbers)
