"""The log of one background server: what was refused, and why."""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field, replace

from workshop.servers.logs import escaped
from workshop.show.masking import mask_text
from workshop.show.table import Table
from workshop.trace.hop import Hop, now

MISSING = "the request carries no bearer token"

# What FastMCP says at DEBUG or INFO is a reason if it says that something is wrong.
_WRONG = re.compile(
    r"reject|fail|invalid|expired|mismatch|not found|not registered|denied|missing|unsupported|unknown|revoked"
    r"|no .*available|does not|doesn't|cannot|can't",
    re.IGNORECASE,
)
# Said of every refusal alike.
_HOLLOW = ("Auth error returned:", "Missing auth:", "Upstream token validation failed", "Handler called:")

# Said of every server on a learner's machine, where there is no HTTPS.
_OF_LOOPBACK = "Using non-secure cookies for development"

current_log: ContextVar[ServerLog | None] = ContextVar("workshop_server_log", default=None)
"""The log of the server whose code runs now, also in its tasks and worker threads."""


@dataclass
class _Request:
    """What the libraries said while one request was handled, until it was answered."""

    said: list[tuple[int, str]] = field(default_factory=list)
    answered: bool = False


_request: ContextVar[_Request | None] = ContextVar("workshop_request", default=None)


@dataclass(frozen=True)
class LogLine:
    """One line of the log.

    Attributes:
        at: unix time in seconds.
        level: "refused", "warning" or "error".
        status: the HTTP status of a refusal, 0 for any other line.
        request: method and path of the refused request, with the tool's name.
        text: the reason, without any token.
    """

    at: float
    level: str
    status: int
    request: str
    text: str


@dataclass(eq=False)
class ServerLog:
    """What a learner needs of a server's log: each refusal with its reason, warnings and errors."""

    name: str
    _lines: list[LogLine] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def lines(self) -> tuple[LogLine, ...]:
        """The lines so far, oldest first."""
        with self._lock:
            return tuple(self._lines)

    @property
    def refusals(self) -> tuple[LogLine, ...]:
        """The refused requests so far, oldest first."""
        return tuple(line for line in self.lines if line.level == "refused")

    def clear(self) -> None:
        """Forget the lines so far."""
        with self._lock:
            self._lines.clear()

    def begin_request(self) -> None:
        """Collect what the libraries say from here on as said of the request this task handles."""
        _request.set(_Request())

    def note_record(self, record: logging.LogRecord) -> None:
        """Take one record of a library's logger."""
        request = _request.get()
        if request is not None and not request.answered:
            request.said.append((record.levelno, _text_of(record)))
        else:
            self._add_said(record.levelno, _text_of(record))

    def note_error(self, error: BaseException, request: str = "") -> None:
        """Take an exception that nobody handled."""
        self._add(LogLine(now(), "error", 0, request, mask_text(f"{type(error).__name__}: {error}")))

    def note_answer(self, hop: Hop, body: bytes) -> Hop:
        """Take one answered request and return it with the reason as its note, if it was refused."""
        request = _request.get() or _Request()
        request.answered = True
        if hop.status < 400:
            for level, text in request.said:
                self._add_said(level, text)
            return hop
        reason = _reason(hop, body, request.said)
        call = " ".join(value for name, value in hop.sent if name in ("method", "tool"))
        path = "/" + hop.url.partition("://")[2].partition("/")[2]
        self._add(LogLine(hop.at, "refused", hop.status, f"{hop.method} {path} {call}".strip(), reason))
        return replace(hop, note=escaped(reason))

    def reasons(self) -> list[str]:
        """Return what the libraries have said is wrong with the request that this task handles."""
        request = _request.get()
        return _reasons(request.said) if request else []

    def _add_said(self, level: int, text: str) -> None:
        if level >= logging.WARNING and not text.startswith(_OF_LOOPBACK):
            self._add(LogLine(now(), "error" if level >= logging.ERROR else "warning", 0, "", text))

    def _add(self, line: LogLine) -> None:
        # A stranger's words are in both.
        kept = replace(line, request=escaped(line.request), text=escaped(line.text))
        with self._lock:
            self._lines.append(kept)

    def __iter__(self) -> Iterator[LogLine]:
        """Iterate over the lines so far."""
        return iter(self.lines)

    def __len__(self) -> int:
        """Count the lines so far."""
        return len(self.lines)

    def __repr__(self) -> str:
        lines = [_as_text(line) for line in self.lines]
        return "\n".join([f"Log of the server {self.name}:", *(lines or ["(nothing was refused)"])])

    def _repr_html_(self) -> str:
        rows = tuple((_mark(line), line.request, line.text) for line in self.lines)
        title = f"Log of the server {self.name}"
        return Table(("Answer", "Request", "Reason"), rows or (("", "nothing was refused", ""),), title)._repr_html_()


def _reason(hop: Hop, body: bytes, said: list[tuple[int, str]]) -> str:
    received = dict(hop.received)
    if "WWW-Authenticate" in received and not dict(hop.sent).get("Authorization", "").startswith("Bearer"):
        return MISSING
    if reasons := _reasons(said):
        return "; ".join(reasons)
    answer = [received[name] for name in ("error", "error_description") if received.get(name)]
    return ": ".join(answer) or _words_of_page(body)


def _reasons(said: list[tuple[int, str]]) -> list[str]:
    reasons: list[str] = []
    for level, text in said:
        tells = (level >= logging.WARNING or _WRONG.search(text)) and not text.startswith(_HOLLOW)
        # One library passes on what another one said: "Token swap validation failed: <the same>".
        if tells and not any(earlier.endswith(text.split(": ", 1)[-1]) for earlier in reasons):
            reasons.append(text)
    return reasons


def _as_text(line: LogLine) -> str:
    return "  ".join(part for part in (f"{_mark(line):7}", line.request, line.text) if part)


def _mark(line: LogLine) -> str:
    return str(line.status) if line.level == "refused" else line.level


def _text_of(record: logging.LogRecord) -> str:
    text = record.getMessage().strip()
    if record.exc_info and record.exc_info[1] is not None:
        error = record.exc_info[1]
        text = f"{text}: {type(error).__name__}: {error}"
    return escaped(mask_text(" ".join(text.split())))


def _words_of_page(body: bytes) -> str:
    """Return the words of a short error page or message."""
    text = body.decode("utf-8", "replace")
    if text.lstrip().startswith(("{", "[")):
        try:
            return mask_text(str(json.loads(text).get("message", "")))
        except (ValueError, AttributeError):
            return ""
    text = re.sub(r"<(style|script|title)\b.*?</\1>", " ", text, flags=re.DOTALL | re.IGNORECASE)
    return mask_text(" ".join(re.sub(r"<[^>]*>", " ", text).split()))[:300]
