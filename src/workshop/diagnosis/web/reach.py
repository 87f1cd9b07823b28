"""From where an address is reached: from anywhere, from a network of its own, or from this machine alone.

Source: RFC 6890 (special-purpose addresses); RFC 6052 and 8215 (IPv4 in IPv6 addresses of NAT64); RFC 3056 (6to4).
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address


class Reach(IntEnum):
    """From where: a server may lead to addresses of its own kind and of those before it."""

    PUBLIC = 0
    PRIVATE = 1
    LOOPBACK = 2
    SPECIAL = 3

    @property
    def words(self) -> str:
        """What it is, in words."""
        return _WORDS[self]


_WORDS = {
    Reach.PUBLIC: "a public address",
    Reach.PRIVATE: "an address of a private network",
    Reach.LOOPBACK: "an address of this machine",
    Reach.SPECIAL: "an address of the network itself",
}

AZURE_HOST = IPv4Address("168.63.129.16")
"""Looks public, and is what a virtual machine in Azure reaches its host by."""
_THIS_NETWORK = IPv4Network("0.0.0.0/8")
_ASSIGNMENTS = IPv4Network("192.0.0.0/24")
"""Of protocols, and of a cloud's own service; Python before 3.12 knows only parts of it."""
_NAT64 = IPv6Network("64:ff9b::/96")
_LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")
_COMPATIBLE = IPv6Network("::/96")
_TRANSLATED = IPv6Network("::ffff:0:0:0/96")


def reach_of(address: str) -> Reach:
    """Return from where an IP address is reached; one that carries another is as far as the nearer of the two.

    Raises:
        ValueError: it is no IP address.
    """
    ip = ip_address(address)
    if isinstance(ip, IPv4Address):
        return _of_version_4(ip)
    if ip.is_loopback:
        return Reach.LOOPBACK
    if ip.is_unspecified or ip.is_link_local or ip.is_multicast:
        return Reach.SPECIAL
    carried = [_of_version_4(inner) for inner in _carried(ip)]
    if ip in _NAT64 or ip.ipv4_mapped:
        return max(carried)
    if ip in _LOCAL_NAT64 or ip.is_site_local or not ip.is_global:
        return max([Reach.PRIVATE, *carried])
    return max([Reach.PUBLIC, *carried])


def _of_version_4(ip: IPv4Address) -> Reach:
    if ip.is_loopback:
        return Reach.LOOPBACK
    if ip.is_link_local or ip.is_multicast or ip.is_reserved or ip in _THIS_NETWORK or ip == AZURE_HOST:
        return Reach.SPECIAL
    return Reach.PUBLIC if ip.is_global and ip not in _ASSIGNMENTS else Reach.PRIVATE


def _carried(ip: IPv6Address) -> Iterator[IPv4Address]:
    """Return the IPv4 addresses in an IPv6 address, to which a translator would go."""
    if ip.ipv4_mapped:
        yield ip.ipv4_mapped
    if ip.sixtofour:
        yield ip.sixtofour
    if ip.teredo:
        yield from ip.teredo
    if any(ip in network for network in (_NAT64, _LOCAL_NAT64, _COMPATIBLE, _TRANSLATED)):
        yield IPv4Address(int(ip) & 0xFFFFFFFF)
