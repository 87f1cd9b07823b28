"""Protected resource metadata: where it is, and what it says.

Source: RFC 9728 sections 3.1 and 3.3; MCP specification, 2026-07-28, authorization.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workshop.diagnosis.walk.route import Route, Stopped, listed, members, split, worded

WELL_KNOWN = "/.well-known/oauth-protected-resource"
STEP = "protected resource metadata"


@dataclass(frozen=True)
class Resource:
    """What the server says of itself.

    Attributes:
        name: the resource.
        servers: the authorization servers.
        scopes: what clients ask for.
    """

    name: str
    servers: tuple[str, ...]
    scopes: tuple[str, ...]


def addresses(url: str, challenged: str) -> tuple[str, ...]:
    """Return where the metadata is looked for, in the order of the MCP specification.

    Args:
        url: of the server.
        challenged: the address in the challenge, or "".
    """
    parts = split(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    path = parts.path.rstrip("/")
    inserted = (f"{origin}{WELL_KNOWN}{path}",) if path else ()
    return tuple(dict.fromkeys([*([challenged] if challenged else []), *inserted, f"{origin}{WELL_KNOWN}"]))


def fetch(route: Route, challenge: Mapping[str, str]) -> Resource:
    """Fetch the metadata and judge it.

    Raises:
        Stopped: there is none, or it leads nowhere.
    """
    from_challenge = challenge.get("resource_metadata", "")
    if route.found("http-addresses-behind-tls"):
        from_challenge = ""  # a client does not go from https to http
    tried: list[str] = []
    for address in addresses(route.url, from_challenge):
        answer = route.call(STEP, "GET", address)
        metadata = members(answer)
        if metadata is not None:
            return _judged(route, address, tried, metadata, challenge.get("scope", ""))
        tried.append(f"{answer.status_code} {address}")
    if from_challenge:
        route.wrong(STEP, "metadata-at-another-path", f"the challenge leads nowhere: {', '.join(tried)}")
    else:
        route.wrong(STEP, "no-protected-resource-metadata", ", ".join(tried))
    raise Stopped


def _judged(route: Route, address: str, tried: list[str], metadata: dict[str, Any], challenged: str) -> Resource:
    name = worded(metadata.get("resource"))
    request = f"GET {address}"
    plain = route.lacks_tls(STEP, {"resource": name})
    if tried and route.parts.path.rstrip("/"):
        stops = "clients that try no other address"
        route.wrong(STEP, "metadata-at-another-path", f"{tried[0]}; found at {address}", request=request, stops=stops)
    if not plain and not _same(name, route.url):
        evidence = f"resource is {name or 'missing'}, the address is {route.url}"
        stops = "clients that compare the two, such as the Python SDK"
        route.wrong(STEP, "metadata-at-another-path", evidence, request=request, stops=stops)
    elif not plain:
        route.step(STEP, "well", f"resource {name}", request=request)
    servers = listed(metadata.get("authorization_servers"))
    if not servers:
        route.wrong(STEP, "no-authorization-server", "authorization_servers is empty", request=request)
        raise Stopped
    advertised = tuple(challenged.split()) or listed(metadata.get("scopes_supported"))
    return Resource(name, servers, advertised)


def _same(name: str, url: str) -> bool:
    """Say whether a client takes the resource for that of the address: the same one, or a path above it."""
    resource, other = split(name), split(url)
    if (resource.scheme, resource.netloc.lower()) != (other.scheme, other.netloc.lower()):
        return False
    return f"{other.path.rstrip('/')}/".startswith(f"{resource.path.rstrip('/')}/")
