"""Marks by which two secrets are told apart after their values are gone."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable

from workshop.trace.hop import Pairs

MARKED = frozenset(
    ("access_token", "assertion", "code", "code_challenge", "code_verifier", "id_token", "refresh_token")
)
"""Long random values only: the mark of a short one could be found by trying."""


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
