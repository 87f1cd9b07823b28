"""Ids that are the same in every practice tenant."""

from __future__ import annotations

import hashlib
import uuid


def guid(*parts: str) -> str:
    """Return the GUID that belongs to these names: always the same, with the form of a random one."""
    return str(uuid.UUID(bytes=hashlib.sha256("\0".join(("practice", *parts)).encode()).digest()[:16], version=4))
