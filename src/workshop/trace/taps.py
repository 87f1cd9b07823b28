"""Listening to a library's logger without a line more on the learner's screen."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

_installed: dict[str, _Tap] = {}
_lock = threading.Lock()


def install(logger_name: str, level: int, take: Callable[[logging.LogRecord], bool]) -> None:
    """Give `take` every record of a logger from `level` up. A second call for the same logger does nothing.

    Args:
        logger_name: the logger; those below it are heard as well.
        level: the lowest level that is heard.
        take: returns True for a record it keeps for itself. Any other goes on to where it went before.
    """
    with _lock:
        if logger_name not in _installed:
            _installed[logger_name] = _Tap(logging.getLogger(logger_name), level, take)


class _Tap(logging.Handler):
    def __init__(self, logger: logging.Logger, level: int, take: Callable[[logging.LogRecord], bool]) -> None:
        super().__init__(level)
        self.take = take
        self.shown_from = logger.getEffectiveLevel()
        # A logger without a parent does not exist below the root, and nobody taps the root.
        self.next = logger.parent if logger.propagate else None
        logger.addHandler(self)
        logger.setLevel(min(level, self.shown_from))
        logger.propagate = False

    def emit(self, record: logging.LogRecord) -> None:
        if not self.take(record) and self.next is not None and record.levelno >= self.shown_from:
            self.next.callHandlers(record)
