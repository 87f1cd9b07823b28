"""What a request and its answer carried: names, masked values, and marks by which two secrets are told apart."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from workshop.show.masking import mask, mask_name, mask_url
from workshop.trace.hop import Pairs

MARKED = frozenset(
    ("access_token", "assertion", "code", "code_challenge", "code_verifier", "id_token", "refresh_token")
)
"""Long random values only: the mark of a short one could be found by trying."""

_CHALLENGE = re.compile(r'([A-Za-z_]+)="([^"]*)"')


def masked(pairs: Iterable[tuple[str, str]]) -> Pairs:
    """Return `pairs` with every value masked, each pair once."""
    return tuple(dict.fromkeys((mask_name(name), mask(name, value)) for name, value in pairs))


@dataclass(frozen=True)
class Carried:
    """What a request or an answer carried.

    Attributes:
        pairs: names and masked values.
        marks: names and marks of the secrets among them.
    """

    pairs: Pairs
    marks: Pairs


def kept(raw: Iterable[tuple[str, str]]) -> Carried:
    """Return what may be kept of names and values."""
    pairs = list(raw)
    return Carried(masked(pairs), marks_of(pairs))


def of_request(query: str, headers: Mapping[str, str], body: bytes) -> Carried:
    """Return what a request carried: JSON-RPC method and tool, Authorization, query, form or JSON members.

    Args:
        query: the query string, encoded.
        headers: names in lower case.
        body: as far as it was read.
    """
    pairs = parse_qsl(query, keep_blank_values=True)
    call = _rpc_call(headers, body)
    if call:
        pairs = call + pairs
    elif "application/x-www-form-urlencoded" in headers.get("content-type", ""):
        pairs += parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    elif "json" in headers.get("content-type", ""):
        pairs += _members(body)
    if "authorization" in headers:
        pairs.append(("Authorization", headers["authorization"]))
    return kept(pairs)


def of_answer(headers: Mapping[str, str], body: bytes) -> Carried:
    """Return what an answer carried: WWW-Authenticate, the Location with its parameters, JSON members."""
    pairs: list[tuple[str, str]] = []
    challenge = headers.get("www-authenticate", "")
    if challenge:
        pairs.append(("WWW-Authenticate", challenge.partition(" ")[0]))
        pairs += _CHALLENGE.findall(challenge)
    if "location" in headers:
        pairs.append(("Location", mask_url(headers["location"])))
        pairs += of_url(headers["location"])
    if not challenge and "json" in headers.get("content-type", ""):
        pairs += _rpc_result(body) or _members(body)
    elif "text/event-stream" in headers.get("content-type", ""):
        pairs += _rpc_result(_last_event(body))
    return kept(pairs)


def holds_result(headers: Mapping[str, str], body: bytes) -> bool:
    """Whether an event stream has brought the result of the JSON-RPC call by now."""
    is_stream = "text/event-stream" in headers.get("content-type", "")
    return is_stream and bool(_rpc_result(_last_event(body)))


def of_url(url: str) -> list[tuple[str, str]]:
    """Return the parameters of a url's query and fragment, not masked."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return []
    return parse_qsl(parts.query, keep_blank_values=True) + parse_qsl(parts.fragment, keep_blank_values=True)


def _rpc_call(headers: Mapping[str, str], body: bytes) -> list[tuple[str, str]]:
    # A refused request is answered before its body is read: the headers name the call as well.
    message = _parsed(body)
    if isinstance(message, dict) and message.get("jsonrpc") and isinstance(message.get("method"), str):
        params = message.get("params")
        tool = params.get("name") if isinstance(params, dict) and message["method"] == "tools/call" else None
        return [("method", message["method"])] + ([("tool", str(tool))] if tool else [])
    if "mcp-method" in headers:
        tool = headers.get("mcp-name")
        return [("method", headers["mcp-method"])] + ([("tool", tool)] if tool else [])
    return []


def _rpc_result(body: bytes) -> list[tuple[str, str]]:
    message = _parsed(body)
    if not isinstance(message, dict) or not message.get("jsonrpc"):
        return []
    error = message.get("error")
    if isinstance(error, dict):
        return [("error", str(error.get("message", ""))), ("error_code", str(error.get("code", "")))]
    if "result" not in message:
        return []
    result = message["result"]
    failed = isinstance(result, dict) and result.get("isError")
    return [("result", "")] + ([("isError", "true")] if failed else [])


def _last_event(body: bytes) -> bytes:
    lines = [line[5:].strip() for line in body.splitlines() if line.startswith(b"data:")]
    return lines[-1] if lines else b""


def _members(body: bytes) -> list[tuple[str, str]]:
    message = _parsed(body)
    if not isinstance(message, dict):
        return []
    return [(str(name), _as_text(value)) for name, value in message.items() if value is not None]


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body) if body else None
    except (ValueError, RecursionError):
        return None


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return " ".join(_as_text(item) for item in value)
    return json.dumps(value, ensure_ascii=False)


def marks_of(pairs: Iterable[tuple[str, str]]) -> Pairs:
    """Return name and mark of each secret; equal values have equal marks, whatever they are called.

    The practice tenant's log makes the same marks (`practice_tenant.server.requestlog`).
    """
    return tuple(dict.fromkeys((name, _mark(name, value)) for name, value in _secrets(pairs)))


def _secrets(pairs: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    for name, value in pairs:
        if name.lower() == "authorization":
            scheme, _, credentials = value.partition(" ")
            name, value = ("access_token", credentials) if scheme.lower() == "bearer" else ("", "")
        if name in MARKED and value:
            yield name, value


def _mark(name: str, value: str) -> str:
    if name == "code_verifier":  # it has the mark of the challenge made of it (RFC 7636 section 4.2)
        digest = hashlib.sha256(value.encode("utf-8", "replace")).digest()
        value = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return hashlib.blake2b(value.encode("utf-8", "replace"), digest_size=6).hexdigest()
