"""Recognise failures in what was read: the most telling sign of each code wins."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from workshop.diagnosis.findings import FoundFailure
from workshop.diagnosis.knowledge import FAILURES, Failure, Sign, known_codes
from workshop.diagnosis.reading import ErrorReport, line_at


@dataclass(frozen=True)
class _Hit:
    failure: Failure
    sign: Sign
    position: int

    @property
    def weight(self) -> int:
        return len(self.sign.says)


def recognise(symptom: ErrorReport) -> tuple[FoundFailure, ...]:
    """Return what the symptom shows, in the order in which it stands there.

    Of several failures with the same code the one whose sign says most is meant; a failure that a code shows
    already is not found a second time by its words.
    """
    hits = [hit for failure in FAILURES for sign in failure.signs if (hit := _hit(failure, sign, symptom))]
    by_code: dict[int, _Hit] = {}
    for hit in hits:
        best = by_code.get(hit.sign.code)
        if hit.sign.code and (best is None or hit.weight > best.weight):
            by_code[hit.sign.code] = hit
    by_words = [hit for hit in hits if not hit.sign.code and not _beside_a_code(symptom, hit.position)]
    chosen = [*by_code.values(), *_most_telling(by_words)]
    named: dict[str, FoundFailure] = {}
    for hit in sorted(chosen, key=lambda hit: hit.position):
        named.setdefault(hit.failure.name, FoundFailure(hit.failure, line_at(symptom.text, hit.position)))
    return tuple(named.values())


def _beside_a_code(symptom: ErrorReport, position: int) -> bool:
    """Say whether the line at this position has a code that is known: the code tells more than the words."""
    begin, end = symptom.text.rfind("\n", 0, position) + 1, symptom.text.find("\n", position)
    line = symptom.text[begin : len(symptom.text) if end < 0 else end]
    return any(f"AADSTS{code}" in line for code in symptom.codes if code in known_codes())


def _most_telling(hits: list[_Hit]) -> list[_Hit]:
    """Leave out a sign whose words are part of a longer one's on the same line of the text."""
    return [hit for hit in hits if not any(_covers(other, hit) for other in hits)]


def _covers(other: _Hit, hit: _Hit) -> bool:
    """Say whether the other failure is the special case of this one."""
    return other.failure.name in SPECIAL_CASES.get(hit.failure.name, ())


SPECIAL_CASES = {
    "client-forgotten": ("client-document-unread",),
    "token-from-another-issuer": ("token-version-1",),
    "token-for-another-api": ("graphs-token",),
    "required-scope-missing": ("required-scope-by-its-long-name",),
    "metadata-at-another-path": ("http-addresses-behind-tls",),
    "no-mcp-at-this-address": ("metadata-at-another-path",),
}
"""Failures whose words are also those of another one, by the name of the other."""


def _hit(failure: Failure, sign: Sign, symptom: ErrorReport) -> _Hit | None:
    if sign.code and sign.code not in symptom.codes:
        return None
    if any(_pattern(lack).search(symptom.text) for lack in sign.lacks):
        return None
    matches = [_pattern(pattern).search(symptom.text) for pattern in sign.says]
    if not all(matches):
        return None
    at = [match.start() for match in matches if match]
    if sign.code:
        at.append(max(symptom.text.find(str(sign.code)), 0))
    return _Hit(failure, sign, at[-1] if sign.code else at[0])


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)
