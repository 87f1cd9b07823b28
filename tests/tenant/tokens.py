"""Reading the tenant's tokens, as whoever gets them does."""

from __future__ import annotations

from typing import Any

import httpx
import jwt


def verified(keys: jwt.PyJWKSet, token: str, audience: str) -> dict[str, Any]:
    """Return the claims of a token whose signature, audience and times hold."""
    key = keys[jwt.get_unverified_header(token)["kid"]]
    return dict(jwt.decode(token, key.key, algorithms=["RS256"], audience=audience))


def claims(token: str) -> dict[str, Any]:
    """Return the claims of a token without a look at its signature."""
    return dict(jwt.decode(token, options={"verify_signature": False}))


def ok(answer: httpx.Response) -> dict[str, Any]:
    """Return the members of an answer that is no refusal."""
    assert answer.status_code == 200, answer.text
    return dict(answer.json())
