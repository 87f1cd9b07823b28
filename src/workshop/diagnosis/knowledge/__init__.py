"""What is known of failures: literal tables, a theme each."""

from __future__ import annotations

from functools import cache

from workshop.diagnosis.knowledge import (
    clients,
    consent,
    credentials,
    directory,
    metadata,
    on_behalf_of,
    redirects,
    scopes,
    sessions,
    tokens,
)
from workshop.diagnosis.knowledge.entry import CODES, Failure, Remedy, Sign

__all__ = ["BY_NAME", "CODES", "FAILURES", "Failure", "Remedy", "Sign", "known_codes"]

FAILURES: tuple[Failure, ...] = (
    *scopes.FAILURES,
    *tokens.FAILURES,
    *consent.FAILURES,
    *redirects.FAILURES,
    *clients.FAILURES,
    *metadata.FAILURES,
    *on_behalf_of.FAILURES,
    *credentials.FAILURES,
    *directory.FAILURES,
    *sessions.FAILURES,
)

BY_NAME = {failure.name: failure for failure in FAILURES}


@cache
def known_codes() -> frozenset[int]:
    """Return the AADSTS numbers that are answered."""
    return frozenset(sign.code for failure in FAILURES for sign in failure.signs if sign.code)
