"""Where the browser may be sent after sign-in: the owner's list, and what known clients need on it.

The list keeps codes away from addresses nobody meant. What the client itself registered (`registrations`) keeps them
away from every other client on the list. Both must agree (RFC 9700 section 4.1.3).
"""

from __future__ import annotations

from types import MappingProxyType
from urllib.parse import urlsplit

from .environment import words

ANYWHERE = "*"
LOOPBACK = ("http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*")
VS_CODE = ("https://vscode.dev/redirect", "https://insiders.vscode.dev/redirect")
DEFAULT = (*LOOPBACK, *VS_CODE)
"""Clients on the user's machine, and VS Code: what it registers has all to be on the list."""

KNOWN_CLIENTS = MappingProxyType(
    {
        "claude": ("https://claude.ai/api/mcp/auth_callback", "https://claude.com/api/mcp/auth_callback"),
        "chatgpt": (
            "https://chatgpt.com/connector_platform_oauth_redirect",
            "https://chatgpt.com/connector/oauth/*",
        ),
        "cursor": (
            "cursor://anysphere.cursor-mcp/oauth/callback",
            "https://www.cursor.com/agents/mcp/oauth/callback",
        ),
        "copilot-studio": ("https://global.consent.azure-apim.net/redirect/*",),
    }
)
"""What clients of others' servers, or with a scheme of their own, register beside loopback addresses, by their name.

ChatGPT and Copilot Studio give each connector an address of its own.
"""


def patterns(text: str) -> tuple[str, ...]:
    """Take addresses, which may hold stars, with spaces or commas between them; or one star alone."""
    listed = words(text)
    if not all(address == ANYWHERE or _names_a_place(address) for address in listed):
        raise ValueError(
            f"addresses such as http://localhost:* or {VS_CODE[0]}, with spaces between them, "
            f"or {ANYWHERE} alone for any that a client registers"
        )
    return listed


def _names_a_place(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    if parts.scheme in ("http", "https"):
        return not set(parts.netloc.partition(":")[0]) <= set("*.")
    return bool(parts.scheme and (parts.netloc or parts.path))


def known_clients(text: str) -> tuple[str, ...]:
    """Take names of known clients."""
    names = tuple(name.lower() for name in words(text))
    if not set(names) <= KNOWN_CLIENTS.keys():
        raise ValueError("names from this list: " + ", ".join(KNOWN_CLIENTS))
    return names


def allowed(listed: tuple[str, ...], known: tuple[str, ...]) -> list[str] | None:
    """Return the whole list as FastMCP takes it: None for any address."""
    if ANYWHERE in listed:
        return None
    return [*listed, *(address for name in known for address in KNOWN_CLIENTS[name])]
