"""A hop in words: one line for what was asked and answered, one for what was carried."""

from __future__ import annotations

from urllib.parse import urlsplit

from workshop.show.masking import LEFT_OUT
from workshop.trace.hop import Hop, Pairs

# What the person at the browser decides; the form's other fields only come along.
_DECISIONS = ("action", "account", "decision")
_TELLING_SENT = (
    "Authorization",
    "grant_type",
    "code",
    "refresh_token",
    "assertion",
    "client_assertion",
    "code_verifier",
    "error",
    "client_name",
    "scope",
    "prompt",
    "code_challenge",
    "state",
)
_TELLING_RECEIVED = (
    "error",
    "resource_metadata",
    "authorization_servers",
    "registration_endpoint",
    "page",
    "Location",
    "code",
    "access_token",
    "id_token",
    "refresh_token",
    "client_id",
    "isError",
)
_MOST = 3
_LONGEST_VALUE = 64


def asked(hop: Hop) -> str:
    """Return method, path and the call, such as `POST /mcp tools/call get_user_info`."""
    call = [value for name, value in hop.sent if name in ("method", "tool")]
    return " ".join([hop.method, urlsplit(hop.url).path or "/", *call])


def answered(hop: Hop) -> str:
    """Return the status, or that there was none."""
    return str(hop.status) if hop.status else "no answer"


def carried(hop: Hop) -> str:
    """Return the most telling of what was sent and received, such as `‹code› → ‹access_token›`."""
    return " ".join(carried_lines(hop))


def carried_lines(hop: Hop) -> tuple[str, ...]:
    """Return the same as two lines, what was sent and `→` what was received; a line with nothing is left out."""
    sent = _brief(hop.sent, _TELLING_SENT)
    received = _brief(hop.received, _TELLING_RECEIVED)
    if hop.note and (not 0 < hop.status < 400 or "error" in dict(hop.received)):
        received = hop.note
    return tuple(line for line in (sent, f"→ {received}" if received else "") if line)


def _brief(pairs: Pairs, telling: tuple[str, ...]) -> str:
    values = dict(pairs)
    decided = tuple(name for name in _DECISIONS if name in values)
    names = [name for name in decided or telling if values.get(name) not in (None, "", LEFT_OUT)]
    return ", ".join(_short(name, values[name]) for name in names[:_MOST])


def _short(name: str, value: str) -> str:
    if value.startswith("‹"):
        return value
    if "://" in value and " " not in value:
        parts = urlsplit(value)
        here = parts.hostname in ("localhost", "127.0.0.1") and parts.path not in ("", "/")
        value = parts.path if here else f"{parts.netloc}{parts.path}"
    if len(value) > _LONGEST_VALUE:
        value = value[: _LONGEST_VALUE - 1] + LEFT_OUT
    return pair(name, value)


def pair(name: str, value: str) -> str:
    """Return one parameter."""
    return f"{name}: {value}" if name[:1].isupper() else f"{name}={value}"
