"""base64url, and digests written in it."""

from __future__ import annotations

import base64
import hashlib


def base64url(data: bytes) -> str:
    """Return the data in base64url without padding. Source: RFC 7515 section 2."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def s256(text: str) -> str:
    """Return the SHA-256 of a text: of a PKCE verifier it is the challenge. Source: RFC 7636 section 4.2."""
    return base64url(hashlib.sha256(text.encode("utf-8", "replace")).digest())
