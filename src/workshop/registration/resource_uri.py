"""The address of a server as the Application ID URI of its app: which addresses can be one, and what else there is.

An MCP client sends the server's address to Entra as `resource` (RFC 8707), and Entra gives it a token only if that is,
letter for letter, an Application ID URI of the app whose scopes are asked for (else AADSTS9010010). Such a URI is
https, and its host is a verified domain of the directory or stands below one. Source:
https://learn.microsoft.com/entra/agent-id/secure-mcp-server-with-entra-id (which has a host of azurewebsites.net in an
example: Entra refuses it, as 18F/piipan#2289 and microsoft/agent-academy#3193 report of such hosts) and
https://learn.microsoft.com/entra/identity-platform/identifier-uri-restrictions
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from workshop.errors import WorkshopError
from workshop.servers.environment import is_loopback

PATH = "/mcp"

LENT = (
    "app.github.dev",
    "azure-api.net",
    "azurecontainerapps.io",
    "azurefd.net",
    "azurestaticapps.net",
    "azurewebsites.net",
    "cloudapp.azure.com",
    "cloudapp.net",
    "devtunnels.ms",
    "fly.dev",
    "herokuapp.com",
    "msappproxy.net",
    "ngrok-free.app",
    "ngrok-free.dev",
    "ngrok.app",
    "ngrok.dev",
    "ngrok.io",
    "onrender.com",
    "run.app",
    "trafficmanager.net",
    "trycloudflare.com",
    "vercel.app",
    "workers.dev",
)
"""Domains of hosts and tunnels whose names many share: their owners alone could verify them."""

OTHERWISE = (
    "Give the server a name below a domain that is verified in your tenant, or put the OAuth proxy before it, which "
    "needs no such URI: `workshop register proxy`, `workshop serve proxy`."
)


def resource_uri(address: str) -> str:
    """Return the Application ID URI of a server that is reached at this address, as clients write it.

    Args:
        address: with or without /mcp, such as https://mcp.contoso.com.

    Raises:
        WorkshopError: it can't be one in any directory.
    """
    if set(address) & set("@?#{}\\ "):  # what stands before @ may be a password: it is not shown
        raise WorkshopError("The address of a server has no user, no blank and none of ? # { } \\ in it.")
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise WorkshopError(f"{address} is no address. It should be one such as https://mcp.contoso.com.") from None
    if parts.scheme != "https" or not host:
        raise _cannot(address, f"it is not https{', but on this machine' if is_loopback(host) else ''}")
    if "." not in host or ":" in host or host.rpartition(".")[2].isdigit():
        raise _cannot(address, f"{host} is no name below a domain")
    if not address.isascii():
        raise WorkshopError(f"{address} should stand as DNS and clients have it: the host as xn--..., the path as %...")
    if lender := lent_by(host):
        raise _cannot(address, lender)
    return as_sent(address)


def as_sent(address: str) -> str:
    """Return how clients write the address of a server: the host in small letters, no port 443, /mcp and no slash."""
    parts = urlsplit(address)
    place = parts.netloc.lower().removesuffix(":443")
    return f"{parts.scheme}://{place}{parts.path.rstrip('/').removesuffix(PATH)}{PATH}"


def address_of(uri: str) -> str:
    """Return the address of the server whose Application ID URI this is, without /mcp; empty if it says none."""
    return uri.removesuffix(PATH) if uri.startswith("https://") and uri.endswith(PATH) else ""


def unverified(uri: str, domains: Collection[str]) -> str:
    """Say why a directory does not take an https URI; empty if it does, or if that can't be told.

    Args:
        domains: the verified ones, in lower case; none if they are not known.
    """
    parts = urlsplit(uri)
    host = parts.hostname or ""
    if parts.scheme != "https" or not domains or below(host, domains):
        return ""
    return lent_by(host) or f"{host} is not below a verified domain of this directory ({', '.join(domains)})"


def lent_by(host: str) -> str:
    """Say whose domain a host is below, if nobody but its owner can verify it; else empty."""
    owner = next((domain for domain in LENT if below(host, (domain,))), "")
    return f"{owner} is its owner's, and no other tenant can verify it" if owner else ""


def below(host: str, domains: Collection[str]) -> bool:
    """Say whether a host is one of these domains, or stands below one."""
    return any(host == domain or host.endswith("." + domain) for domain in domains)


def _cannot(address: str, why: str) -> WorkshopError:
    return WorkshopError(f"{address} can't be an Application ID URI: {why}. {OTHERWISE}")
