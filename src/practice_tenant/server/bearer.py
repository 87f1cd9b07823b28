"""Verifying a token that this tenant issued, at the APIs it stands for.

Source: RFC 7515 section 5.2; RFC 7519 section 7.2.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from practice_tenant.server.encoding import base64url
from practice_tenant.server.signing.keys import KeyRings, nonce_digest
from practice_tenant.server.web import Call

TOKEN_LIMIT = 16_384


class Unacceptable(Exception):
    """The request carries no token that can be accepted; the message says why, in Microsoft's words."""


def presented(call: Call) -> str:
    """Return the bearer token of a request; empty when there is none."""
    scheme, _, token = call.request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def claims(keys: KeyRings, token: str) -> dict[str, Any]:
    """Return the claims of a token that a key of its directory signed, the header's nonce taken into account.

    Raises:
        Unacceptable: it is no token, or the signature is none of ours.
    """
    try:
        header_part, body_part, signature_part = token.split(".")
        header, body = json.loads(_bytes(header_part)), json.loads(_bytes(body_part))
        signature = _bytes(signature_part)
        if len(token) > TOKEN_LIMIT or not isinstance(header, dict) or not isinstance(body, dict):
            raise ValueError("not a token")
        signed = header_part
        if "nonce" in header:
            with_digest = {**header, "nonce": nonce_digest(str(header["nonce"]))}
            signed = base64url(json.dumps(with_digest, separators=(",", ":")).encode())
    except (ValueError, binascii.Error, RecursionError):
        raise Unacceptable("IDX14100: JWT is not well formed.") from None
    for key in keys.of(str(body.get("tid"))).keys:
        if key.kid == header.get("kid") and header.get("alg") == "RS256":
            public = key.private.public_key()
            try:
                public.verify(signature, f"{signed}.{body_part}".encode(), padding.PKCS1v15(), hashes.SHA256())
            except InvalidSignature:
                break
            return body
    raise Unacceptable("Signature is invalid.")


def in_time(body: dict[str, Any], now: float) -> bool:
    """Say whether `now`, in Unix seconds, lies between the claims ``nbf`` and ``exp``."""
    return _number(body, "nbf") <= now < _number(body, "exp")


def _bytes(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)


def _number(body: dict[str, Any], name: str) -> float:
    value = body.get(name)
    return value if isinstance(value, int) else float("nan")
