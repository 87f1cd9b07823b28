"""Read what a user has: an error's text, an answer with its headers, a page, a log, an address with parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from workshop.core.well_known import GRAPH_APP_ID
from workshop.show.escaping import one_line
from workshop.show.masking import mask_text

LONGEST = 200_000
"""Characters that are read of a log: its end, where the trouble is."""

MOST_SHOWN = 300
MOST_BEFORE = 60
MOST_MASKED = 4_000
"""Characters of a line that are looked at to show it: more of it would not be shown."""

OIDC = frozenset({"openid", "profile", "email", "offline_access"})

_CODE = re.compile(r"AADSTS\s?(\d{4,8})|error\?code=(\d{4,8})\b|\"error_codes\":\s*\[([\d,\s]+)\]", re.IGNORECASE)
# No pattern here goes over the rest of a text from each of its places: a text may be made to take hours.
_ADDRESS = re.compile(r"https?://[^\s\"'<>?]{1,4000}\?[^\s\"'<>]+")
_TAG = re.compile(r"<(script|style)\b(?:(?!<\1\b).)*?</\1>|<[^<>]+>", re.IGNORECASE | re.DOTALL)
_SPACES = re.compile(r"\s+")
_WORD_AT_END = re.compile(r"\S*\Z")
_WORD_AT_BEGIN = re.compile(r"\A\S*")
_USER = re.compile(r"(?<=://)[^\s/?#\"'<>@]{1,200}@")
_ACCOUNT = re.compile(r"[\w.+#-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")


@dataclass(frozen=True)
class ErrorReport:
    """What was read.

    Attributes:
        text: readable: without markup, with percent signs undone, and with what the addresses in it ask for.
        codes: the AADSTS numbers in it, in the order in which they stand there.
    """

    text: str
    codes: tuple[int, ...]


def read(text: str) -> ErrorReport:
    """Read a text."""
    text = text[-LONGEST:]
    plain = unescape(_TAG.sub(" ", text)) if "<html" in text.lower() else unescape(text)
    decoded = unquote_plus(plain) if "%" in plain else plain
    asked = "\n".join(f"asked: {line}" for line in dict.fromkeys(_asked(plain)))
    numbers = [number for match in _CODE.finditer(f"{plain}\n{decoded}") for number in _numbers(match)]
    whole = plain if decoded == plain else f"{plain}\n{decoded}"
    return ErrorReport(f"{whole}\n{asked}" if asked else whole, tuple(dict.fromkeys(numbers)))


def of_code(number: int) -> ErrorReport:
    """Return what a bare AADSTS number tells."""
    return ErrorReport(f"AADSTS{number}", (number,))


def shown(text: str) -> str:
    """Return a line as it may be shown: masked, without accounts, and not too long."""
    return _cut(_masked(_begin(text)).strip())


def line_at(text: str, position: int) -> str:
    """Return the line of a text that has this position, from a little before it if it is long.

    It is masked before it is cut: a secret without its name might not be known for one.
    """
    begin, end = text.rfind("\n", 0, position) + 1, text.find("\n", position)
    before = _masked(_end(text[begin:position]))
    after = _masked(_begin(text[position : len(text) if end < 0 else end]))
    return _cut(before[-MOST_BEFORE:] + after)


def _masked(text: str) -> str:
    return _ACCOUNT.sub("‹account›", mask_text(_USER.sub("‹user›@", _SPACES.sub(" ", text))))


def _begin(text: str) -> str:
    """Return the beginning of a long text, without a last word that was cut: it might be a piece of a secret."""
    return text if len(text) <= MOST_MASKED else _WORD_AT_END.sub("…", text[:MOST_MASKED])


def _end(text: str) -> str:
    return text if len(text) <= MOST_MASKED else _WORD_AT_BEGIN.sub("…", text[-MOST_MASKED:])


def _cut(text: str) -> str:
    return one_line(text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1] + "…")


def _numbers(match: re.Match[str]) -> list[int]:
    return [int(number) for group in match.groups() if group for number in re.findall(r"\d+", group)]


def _asked(text: str) -> Iterator[str]:
    """Say what is notable in the requests whose addresses stand in the text."""
    for match in _ADDRESS.finditer(text):
        try:
            parts = urlsplit(match[0])
        except ValueError:
            continue
        parameters = dict(parse_qsl(parts.query))
        if "client_id" in parameters:
            yield from _about_request(parameters)


def _about_request(parameters: dict[str, str]) -> Iterator[str]:
    resource = parameters.get("resource", "")
    if resource.endswith("/") and urlsplit(resource).hostname != "graph.microsoft.com":
        yield f"resource ends in a slash: {resource}"
    scopes = [scope for scope in parameters.get("scope", "").split() if scope not in OIDC]
    for scope in scopes:
        if "/" not in scope:
            yield f"bare scope {scope}"
        elif scope.startswith(("https://graph.microsoft.com/", GRAPH_APP_ID)) and resource:
            yield f"Graph's scope {scope}, and a resource of another"
