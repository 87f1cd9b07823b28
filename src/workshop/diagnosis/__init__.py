"""Diagnose a failure from what a user sees: an error, an answer, a token, a server's address, a client's log.

It knows nothing of what may have caused it, and calls nothing but the server whose address it is given.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from workshop.diagnosis.findings import Diagnosed, FoundFailure, Step
from workshop.diagnosis.knowledge import FAILURES, Failure, known_codes
from workshop.diagnosis.reading import ErrorReport, of_code, read
from workshop.diagnosis.recognise import recognise
from workshop.diagnosis.report import Diagnosis
from workshop.diagnosis.token import Expected, diagnose_token, token_in
from workshop.diagnosis.verified import Verified, diagnose_verified
from workshop.diagnosis.walk import walk

__all__ = [
    "FAILURES",
    "Diagnosis",
    "Expected",
    "Failure",
    "FoundFailure",
    "HttpAnswer",
    "Step",
    "diagnose",
    "is_address",
    "walk",
]


class HttpAnswer(Protocol):
    """An answer as httpx, httpx2 and requests have it."""

    @property
    def status_code(self) -> int:
        """The HTTP status."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers."""

    @property
    def text(self) -> str:
        """The body."""


def diagnose(
    what: str | int | HttpAnswer | Verified, *, expected: Expected | None = None, now: float | None = None
) -> Diagnosis:
    """Say what is wrong, why, and how to mend it.

    Args:
        what: an AADSTS text or code; an answer (of httpx, say); a token, or what `workshop.tokens.verify` said of it;
            a server's address (http or https); or a log.
        expected: what the server takes, to hold a token against.
        now: Unix time in seconds; this machine's if None.
    """
    if isinstance(what, int):
        return _known(of_code(what), f"AADSTS{what}")
    if isinstance(what, Verified):
        return Diagnosis(diagnose_verified(what))
    if not isinstance(what, str):
        return _known(read(_as_text(what)), f"an answer with status {what.status_code}")
    if is_address(what):
        return Diagnosis(walk(what))
    token = token_in(what)
    if token:
        return Diagnosis(diagnose_token(token, expected or Expected(), time.time() if now is None else now))
    bare = what.strip().upper().removeprefix("AADSTS")
    if bare.isdigit() and 4 <= len(bare) <= 8:
        return diagnose(int(bare))
    return _known(read(what), "a text")


def is_address(text: str) -> bool:
    """Say whether a text is a server's address, and not one that carries an error or a client's request."""
    text = text.strip()
    if not text.lower().startswith(("http://", "https://")) or len(text.split()) != 1:
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    carried = parse_qs(parts.query) | parse_qs(parts.fragment)
    return bool(parts.hostname) and not {"error", "client_id", "code"} & carried.keys()


def _known(symptom: ErrorReport, subject: str) -> Diagnosis:
    failures = recognise(symptom)
    unknown = tuple(code for code in symptom.codes if code not in known_codes())
    return Diagnosis(Diagnosed(subject, failures, unknown=unknown, looked=bool(failures)))


def _as_text(answer: HttpAnswer) -> str:
    headers = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
    return f"HTTP/1.1 {answer.status_code}\n{headers}\n\n{answer.text}"
