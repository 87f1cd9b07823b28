"""Redirect URI rules.

Source: https://learn.microsoft.com/entra/identity-platform/reply-url
"""

from __future__ import annotations

import re

from practice_tenant.server.directory.objects import PLATFORMS, Application, Platform

LOOPBACK = frozenset({"localhost", "127.0.0.1"})

# A scheme (RFC 3986 section 3.1) and what it leads to; a host and its port have a colon too, but no scheme.
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?![0-9]{1,5}(?:[/?#]|$)).+", re.DOTALL)

_LOOPBACK_URI = re.compile(r"(http://(?:localhost|127\.0\.0\.1))(?::[0-9]{1,5})?((?:[/?][!-~]*)?)")


def platform_of(client: Application, uri: str) -> Platform | None:
    """Return the platform under which a redirect URI is registered, or None when it is not.

    The comparison is exact and case-sensitive; on http loopback addresses the port does not count (RFC 8252
    section 7.3).
    """
    for platform in PLATFORMS:
        if any(_same(registered, uri) for registered in client.redirect_uris(platform)):
            return platform
    return None


def is_absolute(uri: str) -> bool:
    """Say whether a redirect URI has a scheme, as all do that can be registered."""
    return bool(_ABSOLUTE.fullmatch(uri.strip()))


def first_of(client: Application) -> str:
    """Return the address that counts where a request names none; '' when none is registered.

    Source: https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc#send-the-sign-in-request
    """
    return next((uri for platform in PLATFORMS for uri in client.redirect_uris(platform)), "")


def _same(registered: str, asked: str) -> bool:
    if registered == asked:
        return True
    portless = _without_loopback_port(asked)
    return portless is not None and portless == _without_loopback_port(registered)


def _without_loopback_port(uri: str) -> str | None:
    """Return a loopback http URI with its port taken out; None for every other URI."""
    match = _LOOPBACK_URI.fullmatch(uri)
    return match[1] + match[2] if match else None
