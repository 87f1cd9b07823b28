"""What a user sees of a failure, as it may stand in a notebook: readable, the same in every run, without a token."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from practice_tenant.client.browser import pages
from workshop.show.frame import AMBER, GREEN, frame

WRAPPED = "white-space:pre-wrap;word-break:normal;overflow-wrap:anywhere;margin:0"
WORKS = "It works: nothing is refused."
TOKEN = "The server answers 401. What the client brought is an access token, and you have it: read it."  # noqa: S105

_RUN = re.compile(r"[ +]*Trace[ +]ID\b.*?Timestamp(?::|%3A)[ +]*\d{4}-\d\d-\d\d[ +]\d\d(?::|%3A)\d\d(?::|%3A)\d\dZ")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_PAGE_END = re.compile(r"\nError code\n.*", re.DOTALL)
_PRACTICE = re.compile(r"^PRACTICE This is the practice tenant.*\n", re.MULTILINE)
_TOKEN = re.compile(r"eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+")
_KEPT_HEADERS = ("www-authenticate", "location", "x-ms-")
_OF_THE_RUN = ("timestamp", "trace_id", "correlation_id")
_NOT_SHOWN = ("error_codes", "error_uri", "state")


@dataclass(frozen=True, repr=False)
class ShownSymptom:
    """What a user sees, or finds in a log; "" if all went well."""

    text: str

    @property
    def works(self) -> bool:
        """Whether all went well."""
        return not self.text

    def __repr__(self) -> str:
        return "\n".join(["WHAT YOU SEE", *(f"  {line}" for line in self.text.splitlines())]) if self.text else WORKS

    def _repr_html_(self) -> str:
        if self.works:
            return frame(escape(WORKS), [], GREEN)
        shown = f'<pre style="{WRAPPED}">{escape(self.text)}</pre>'
        return frame("What you see", [shown], AMBER)


def symptom(seen: str, names: Mapping[str, str]) -> ShownSymptom:
    """Return what was seen, as it may be shown.

    Args:
        names: what ids are called instead.
    """
    if _TOKEN.fullmatch(seen.strip()):
        return ShownSymptom(TOKEN)
    text = steady(seen, names)
    if text.startswith("{"):
        text = _of_json(json.loads(text))
    elif text.startswith("HTTP/1.1"):
        text = _of_answer(text)
    else:
        text = "\n".join(_of_line(line) for line in _PRACTICE.sub("", _PAGE_END.sub("", text)).splitlines())
    return ShownSymptom(_TOKEN.sub("‹token›", text).strip())


def steady(seen: str, names: Mapping[str, str]) -> str:
    """Return what was seen without what is different in every run: ids have names, times and trace ids none."""
    for value in sorted(names, key=len, reverse=True):
        seen = seen.replace(value, names[value])
    if seen.startswith("{"):
        answer = json.loads(seen)
        seen = json.dumps({name: value for name, value in answer.items() if name not in _OF_THE_RUN})
    return _TIME.sub("{time}", _RUN.sub("", seen))


def _of_json(answer: dict[str, Any]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in answer.items() if name not in _NOT_SHOWN)


def _of_answer(text: str) -> str:
    head, _, body = text.partition("\n\n")
    first, *headers = head.splitlines()
    kept = [line for line in headers if line.lower().startswith(_KEPT_HEADERS)]
    return "\n".join(
        [first, *kept, pages.read(body, of_tenant=False).words if "<html" in body.lower() else body.strip()]
    )


def _of_line(line: str) -> str:
    """Return a line; an address in it has a line for each of its parameters, without percent signs."""
    before, _, address = line.rpartition(" ")
    if not address.startswith("http") or "?" not in address:
        return line
    parts = urlsplit(address)
    asked = [pair for pair in parse_qsl(parts.query) if pair[0] not in _NOT_SHOWN]
    plain = f"{before} {parts.scheme}://{parts.netloc}{parts.path}".strip()
    return "\n".join([plain, *(f"    {name}={value}" for name, value in asked)])
