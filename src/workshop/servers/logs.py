"""Each log record is one line, and nothing that a stranger sends looks like another line or steers a terminal.

What a request brings ends up in log lines, the libraries' most of all: an error that Entra's callback is told, a
client's name, an address. So a library's records are escaped as they are made, whatever writes them; and where FastMCP
or uvicorn would write them on several lines, one handler of one format writes them to stderr.

Source: CWE-117 (https://cwe.mitre.org/data/definitions/117.html) and CWE-150; RFC 6749 section 4.1.2.1 says which
characters `error` may have, and nobody makes a stranger keep to it.
"""

from __future__ import annotations

import logging
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from numbers import Number
from pathlib import Path
from typing import Any, TextIO

LONGEST_TEXT = 2_000
LONGEST_LINE = 8_000
FRAMES = 8
CHAIN = 4

# The first part of their loggers' names: whose records may hold what a stranger sent.
LIBRARIES = frozenset(
    (
        "aiohttp anyio asyncio azure concurrent fastmcp gunicorn httpcore httpcore2 httpx httpx2 hypercorn joserfc "
        "key_value kiota mcp msal msgraph py pydantic sse_starlette starlette uvicorn urllib3 websockets "
        + __name__.partition(".")[0]
    ).split()
)
# Drawn as nothing by most terminals, and printable for Python.
_INVISIBLE = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
    + "".join(map(chr, (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
)


def escaped(text: str, longest: int = LONGEST_TEXT) -> str:
    r"""Return a text in one line of printable characters: a line break is \n, an escape \x1b, U+202E \u202e.

    Args:
        longest: characters of the text; how many there were stands behind what is kept.
    """
    kept = text[:longest]
    if not (kept.isprintable() and _INVISIBLE.isdisjoint(kept)):
        kept = "".join(one if one.isprintable() and one not in _INVISIBLE else _escape(one) for one in kept)
    return kept if len(text) <= longest else f"{kept}... ({len(text)} characters)"


def one_line_each(*, everything: bool = False) -> None:
    """Make each record of a library one line from here on, whoever sets logging up and when.

    Args:
        everything: of all loggers: for a process that is a server's own.
    """
    global _everything, _former
    _everything = _everything or everything
    if logging.getLogRecordFactory() is not _record and _former is None:
        _former = logging.getLogRecordFactory()
        logging.setLogRecordFactory(_record)
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(LibrariesInOneLine())
    _take_over()


class OneLine(logging.Formatter):
    """The time (UTC), the level, the logger, the message, and what was raised with where: all in one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        text = f"{at}.{int(record.msecs):03d}Z {record.levelname} {record.name}: {record.getMessage()}"
        if record.exc_info and record.exc_info[1] is not None:
            text = f"{text} | {' <- '.join(_told(record.exc_info[1]))}"
        return escaped(text, LONGEST_LINE)


class LibrariesInOneLine(OneLine):
    """The same for a library's records; a program's own are as Python would write them."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, or the text."""
        return super().format(record) if _strange(record.name) else logging.Formatter().format(record)


class StandardError(logging.StreamHandler[TextIO]):
    """Write one line each to what is stderr at the time."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)
        self.setFormatter(OneLine())

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        """The stream."""
        return sys.stderr


class _Shown:
    """An argument of a record that is no text: what it looks like is escaped once somebody looks."""

    def __init__(self, value: object) -> None:
        self.value = value

    def __str__(self) -> str:
        return escaped(str(self.value))

    def __repr__(self) -> str:
        return escaped(repr(self.value))


_everything = False
_former: Any = None


def _record(*given: Any, **more: Any) -> logging.LogRecord:
    record: logging.LogRecord = _former(*given, **more)
    if _strange(record.name):
        if record.name == "uvicorn.access" and isinstance(record.args, tuple) and len(record.args) == 5:
            client, method, address, *rest = record.args
            # Codes and states stand in it.
            record.args = (client, method, str(address).partition("?")[0], *rest)
        # Without arguments it is the whole text; with them it must stay a format.
        record.msg = _tamed(record.msg) if not record.args else _format(record.msg)
        if isinstance(record.args, Mapping):
            record.args = {name: _tamed(value) for name, value in record.args.items()}
        elif record.args:
            record.args = tuple(_tamed(value) for value in record.args)
        _take_over()
    return record


def _strange(name: str | None) -> bool:
    return _everything or (name or "").partition(".")[0] in LIBRARIES


def _tamed(value: object) -> Any:
    if isinstance(value, str):
        return escaped(value)
    return value if value is None or isinstance(value, Number) else _Shown(value)


def _format(message: object) -> Any:
    return escaped(message, len(message)) if isinstance(message, str) else _Shown(message)


def _take_over() -> None:
    """Put one handler in the place of FastMCP's and uvicorn's own; those of a program stay."""
    for name in ("fastmcp", "uvicorn", "uvicorn.access"):
        logger = logging.getLogger(name)
        for handler in tuple(logger.handlers):
            if _of_a_library(handler):
                logger.removeHandler(handler)
                if not any(isinstance(one, StandardError) for one in logger.handlers):
                    logger.addHandler(StandardError())


def _of_a_library(handler: logging.Handler) -> bool:
    if type(handler).__module__ == "rich.logging":
        return True
    formatter = handler.formatter
    if type(handler) is not logging.StreamHandler or formatter is None:
        return False
    # FastMCP's own format where FASTMCP_ENABLE_RICH_LOGGING is false.
    plain = formatter._fmt == "%(levelname)s: %(message)s"  # noqa: SLF001 - a formatter tells it in no other way
    return plain or type(formatter).__module__ == "uvicorn.logging"


def _told(error: BaseException, left: int = CHAIN) -> Iterator[str]:
    """Yield what was raised and where, then what led to it; of a group also what is in it."""
    frames = [
        f"{Path(frame.f_code.co_filename).name}:{line} {frame.f_code.co_name}"
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    where = f" (at {', '.join(reversed(frames[-FRAMES:]))})" if frames else ""
    yield f"{type(error).__name__}: {escaped(str(error))}{where}"
    if left:
        members = error.exceptions[:CHAIN] if isinstance(error, BaseExceptionGroup) else ()
        cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        for one in (*members, *([cause] if cause else [])):
            yield from _told(one, left - 1)


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")
