"""Change a claim of a token, as anyone can: the signature stays, and no longer fits."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from workshop.tokens.parts import parts


def changed(token: object, claims: Mapping[str, Any]) -> str:
    """Return the token with other claims under its old signature, itself if they are no others; None leaves one out.

    Raises:
        Unreadable: it is no token that can be read.
    """
    original = parts(token)
    if all(original.claims.get(name) == value for name, value in claims.items()):
        return original.text
    kept = {name: value for name, value in {**original.claims, **claims}.items() if value is not None}
    header, _, signature = original.text.split(".")
    return f"{header}.{segment(kept)}.{signature}"


def segment(value: object) -> str:
    """Return one part of a JSON Web Token. Source: RFC 7515 section 2."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
