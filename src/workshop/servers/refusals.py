"""What a caller is told when Entra or Microsoft Graph refuses: what happened, and what to do now.

Entra's own words name ids and stay in the log; a model, or the person behind it, needs the next step.

Source: https://learn.microsoft.com/entra/identity-platform/reference-error-codes,
https://learn.microsoft.com/entra/identity-platform/claims-challenge and https://learn.microsoft.com/graph/errors
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
import re
from collections.abc import Mapping
from typing import Any

from fastmcp.exceptions import ToolError
from fastmcp.utilities.logging import get_logger

logger = get_logger(__name__)

SIGN_IN_AGAIN = "Sign in again, then call the tool again."
NO_CONSENT = (
    "Nobody has agreed that this server may do this in your name, or somebody took it back. An administrator can give "
    "consent: Entra admin center > App registrations > the server's app > API permissions > Grant admin consent. "
    "Then call the tool again."
)
BLOCKED = (
    "Your organization's rules (Conditional Access) don't allow this. Signing in again won't help: ask your "
    "administrator."
)
MORE_NEEDED = "Your organization asks for more before this is allowed, such as a second factor. "
SERVER_AT_FAULT = "The server could not prove itself to Entra. This is for its operator to mend; the server's log says "
BUSY = "{service} has too much to do. Wait {seconds}, then call the tool again."
OUT_OF_ORDER = "{service} does not work at the moment. Try again in a few minutes."
FORBIDDEN = (
    "Microsoft Graph does not allow this: either the server's app lacks the permission {permission}, which an "
    "administrator can give, or you yourself may not do it."
)
GONE = "Microsoft Graph does not know that. List what there is, and use an id from the answer."

# AADSTS codes, by what the caller can do about them.
_CONSENT = frozenset({"65001", "65004", "65005"})
_BLOCKED = frozenset({"53003", "53000", "53001", "53002"})
_SIGN_IN = frozenset({"500133", "50173", "50133", "70043", "70044", "700082", "50057", "50034", "500011", "50078"})
_MORE = frozenset({"50076", "50079"})


class CallRefused(ToolError):
    """A refusal in words for the caller.

    Attributes:
        claims: what Entra demands of the next token, as JSON: the `claims` of the next request for one.
    """

    def __init__(self, message: str, claims: str | None = None) -> None:
        super().__init__(message, log_level=logging.WARNING)
        self.claims = claims


def of_exchange(message: str, body: Mapping[str, Any], status: int, headers: Mapping[str, str]) -> CallRefused:
    """Return the refusal for an answer of the token endpoint to an exchange on behalf of the user.

    Args:
        message: what the library says of it.
        body: the answer, if it was JSON.
        status: HTTP status; 0 if there was no answer.
    """
    found = re.search(r"AADSTS(\d+)", str(body.get("error_description") or message))
    code = found[1] if found else ""
    logger.warning("On behalf of: refused with %s", f"AADSTS{code}" if code else f"status {status}")
    claims = _json(body.get("claims"))
    if status == 429 or status >= 500 or (not code and not status):
        return of_service("Entra ID", status, headers)
    if code in _CONSENT or body.get("suberror") == "consent_required":
        return CallRefused(NO_CONSENT)
    if code in _BLOCKED:
        return CallRefused(BLOCKED)
    if claims or code in _MORE:
        return CallRefused(MORE_NEEDED + SIGN_IN_AGAIN, claims)
    if code in _SIGN_IN:
        return CallRefused(f"Your sign-in is no longer good for this. {SIGN_IN_AGAIN}")
    return CallRefused(SERVER_AT_FAULT + (f"AADSTS{code}." if code else "why."))


def of_graph(status: int, code: str, headers: Mapping[str, str], permission: str) -> CallRefused:
    """Return the refusal for an answer of Microsoft Graph.

    Args:
        code: Graph's own, such as Authorization_RequestDenied.
        headers: of the answer, with names in small letters.
        permission: the delegated permission that the call needs.
    """
    logger.warning("Microsoft Graph: refused with %s %s", status, code[:60])
    if status == 429 or status >= 500 or not status:
        return of_service("Microsoft Graph", status, headers)
    if status == 401:
        claims = challenge_of(headers.get("www-authenticate", ""))
        return CallRefused(
            (MORE_NEEDED if claims else "Microsoft Graph does not take your sign-in. ") + SIGN_IN_AGAIN, claims
        )
    if status == 403:
        return CallRefused(FORBIDDEN.format(permission=permission))
    return CallRefused(GONE if status == 404 else "Microsoft Graph can't do this with these arguments.")


def of_service(service: str, status: int, headers: Mapping[str, str]) -> CallRefused:
    """Return the refusal of a service that is too busy, or out of order."""
    if status != 429:
        return CallRefused(OUT_OF_ORDER.format(service=service))
    retry_after = headers.get("retry-after", "")
    seconds = f"{retry_after} seconds" if retry_after.isdigit() else "a minute"
    return CallRefused(BUSY.format(service=service, seconds=seconds))


def challenge_of(header: str) -> str | None:
    """Return the claims that a WWW-Authenticate header demands, as JSON.

    In the header they are base64; what goes to Entra is the JSON:
    https://learn.microsoft.com/entra/identity-platform/claims-challenge#claims-challenge-header-format
    """
    found = re.search(r'claims="([^"]+)"', header)
    if not found:
        return None
    text = found[1]
    try:
        return _json(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode())
    except (binascii.Error, ValueError):
        return _json(text)


def _json(text: object) -> str | None:
    """Return a JSON object as it is; what is something else does not go on to a client."""
    try:
        return text if isinstance(text, str) and isinstance(json.loads(text), dict) else None
    except ValueError:
        return None
