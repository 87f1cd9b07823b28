"""The first steps: a call without a token, and the challenge that answers it."""

from __future__ import annotations

import re

from workshop.diagnosis.walk.route import Route, Stopped, split
from workshop.diagnosis.web import BoundedAnswer

VERSION = "2026-07-28"
HEADERS = {
    "Accept": "application/json, text/event-stream",
    "MCP-Protocol-Version": VERSION,
    "MCP-Method": "server/discover",
}
MESSAGE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "server/discover",
    "params": {
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": VERSION,
            "io.modelcontextprotocol/clientInfo": {"name": "workshop diagnose", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        }
    },
}
CALL = "call without a token"
CHALLENGE = "WWW-Authenticate"
SLASH = "redirect of a slash"

_FIELD = re.compile(r'\b(\w{1,64})=(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_STATUS_FAILURE = {404: "no-mcp-at-this-address", 421: "host-not-allowed", 429: "throttled"}


def knock(route: Route) -> dict[str, str] | None:
    """Call without a token and return the fields of the challenge; None if the server asks for no token.

    Source: RFC 9728 section 5.1; RFC 6750 section 3.

    Raises:
        Stopped: no client gets further.
    """
    if route.parts.scheme == "http" and not route.is_local:
        route.wrong("address", "server-without-tls", f"{route.url} begins with http://", stops="every client")
    answer = route.call(CALL, "POST", route.url, json=MESSAGE, headers=HEADERS)
    request = f"POST {route.url}"
    if answer.status_code == 401:
        route.step(CALL, "well", "401: it asks for a token", request=request)
        return _challenge(route, answer)
    if answer.is_redirect:
        _redirected(route, CALL, answer)
        raise Stopped
    if answer.status_code == 403:
        said = f"403 {answer.line}"
        route.recognised(CALL, said, "gateway-refuses", request=request)
        raise Stopped
    failure = _STATUS_FAILURE.get(answer.status_code, "server-error" if answer.status_code >= 500 else "")
    if failure:
        route.wrong(CALL, failure, f"{answer.status_code} {answer.line}", request=request)
        raise Stopped
    route.step(CALL, "note", f"{answer.status_code}: it answers without a token, nobody signs in", request=request)
    return None


def try_slash(route: Route) -> None:
    """See where the address with a slash at its end leads: many clients add one."""
    if route.parts.scheme != "https" or route.url.endswith("/"):
        return
    answer = route.call(SLASH, "GET", f"{route.url}/")
    if answer.is_redirect:
        _redirected(route, SLASH, answer)


def _redirected(route: Route, step: str, answer: BoundedAnswer) -> None:
    target = answer.location
    if route.lacks_tls(step, {f"{answer.status_code} Location": target}):
        return
    here = split(target).netloc in ("", route.parts.netloc)
    said = f"{answer.status_code} to {target}: {'the same host' if here else 'another host, where no token is sent'}"
    route.step(step, "note", said, stops="" if step == SLASH else "clients that follow no redirects")


def _challenge(route: Route, answer: BoundedAnswer) -> dict[str, str]:
    header = answer.headers.get("www-authenticate", "")
    fields = {match[1].lower(): match[2] or match[3] or "" for match in _FIELD.finditer(header)}
    if not header.lower().startswith("bearer") or "resource_metadata" not in fields:
        said = header or "the header is missing"
        route.wrong(CHALLENGE, "no-challenge", said, stops="clients that don't guess the metadata's address")
        return fields
    if not route.lacks_tls(CHALLENGE, {"resource_metadata": fields["resource_metadata"]}):
        route.step(CHALLENGE, "well", header)
    return fields
