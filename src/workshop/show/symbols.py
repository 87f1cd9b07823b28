"""Names in place of what differs from run to run: ids, ports, times."""

from __future__ import annotations

import re
from collections.abc import Mapping

from workshop.core.well_known import AZURE_CLI, GRAPH_APP_ID, VISUAL_STUDIO_CODE
from workshop.show.masking import GUID

_PORT = re.compile(r"(localhost|127\.0\.0\.1|\[::1\]):\d+")

PUBLISHED = (GRAPH_APP_ID, AZURE_CLI, VISUAL_STUDIO_CODE)
"""Ids that Microsoft publishes: they are the same in every tenant, and stay as they are."""

_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?")


class Symbols:
    """A name for each id, in the order in which they appear."""

    def __init__(self, known: Mapping[str, str] | None = None) -> None:
        """Begin with names for what is in `known`: ids, and other words that differ from machine to machine."""
        ids = {word.lower(): name for word, name in (known or {}).items() if GUID.fullmatch(word)}
        self._names = {guid: guid for guid in PUBLISHED} | ids
        self._words = {word: name for word, name in (known or {}).items() if not GUID.fullmatch(word)}

    def name(self, guid: str, name: str) -> None:
        """Name an id that has no name yet; a name that is taken gets a number behind it, `guid` always does."""
        if guid.lower() in self._names:
            return
        taken = set(self._names.values())
        numbers = range(1, len(taken) + 2)
        names = [f"{{{name}-{number}}}" for number in numbers]
        if name != "guid":
            names = [f"{{{name}}}", *names[1:]]
        self._names[guid.lower()] = next(candidate for candidate in names if candidate not in taken)

    def text(self, text: str) -> str:
        """Return `text` with names in place of ids, known words, ports and times."""
        for word, name in self._words.items():
            text = text.replace(word, name)
        text = GUID.sub(lambda found: self._names.get(found[0].lower(), "{guid}"), text)
        return _TIME.sub("{time}", _PORT.sub(r"\1:PORT", text))
