"""Where the practice browser may go: this machine, and the practice tenant's hosts."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, parse_qsl, urlsplit

from practice_tenant.well_known import HOSTS


def split(url: str) -> SplitResult | None:
    """Return the parts of an http or https url, None for anything else."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") and parts.hostname and port != 0 else None


def is_loopback(parts: SplitResult) -> bool:
    """Whether the host is this machine."""
    host = parts.hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_tenant(parts: SplitResult) -> bool:
    """Whether the practice tenant answers there; its own listener has a certificate for localhost."""
    return parts.scheme == "https" and (parts.hostname in HOSTS or is_loopback(parts))


def origin(parts: SplitResult) -> tuple[str, int]:
    """Return host and port; the names of loopback count as one."""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return ("localhost" if is_loopback(parts) else parts.hostname or "", port)


def parameters(url: str) -> dict[str, str]:
    """Return the parameters of a url's query and fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return {}
    carried = parse_qsl(parts.query, keep_blank_values=True) + parse_qsl(parts.fragment, keep_blank_values=True)
    return dict(carried)


def shown(url: str) -> str:
    """Return scheme, host and path of a url: no user name, no query, no fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "…"
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}" if host else parts.path
