"""Where observers in this process hand in what they saw, and where recordings listen."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from workshop.trace.hop import Sighting

Listener = Callable[[Sighting], None]

_listeners: list[Listener] = []
_busy = 0
_changed = threading.Condition()


def publish(sighting: Sighting) -> None:
    """Hand `sighting` to everyone who listens now."""
    with _changed:
        listeners = tuple(_listeners)
    for listener in listeners:
        listener(sighting)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Call `listener` with every sighting while the block runs, from whatever thread saw it."""
    with _changed:
        _listeners.append(listener)
    try:
        yield
    finally:
        with _changed:
            _listeners.remove(listener)


def begin() -> None:
    """Say that an observer is at work and will publish more. Pair it with `end`."""
    global _busy
    with _changed:
        _busy += 1


def end() -> None:
    """Say that the observer of one `begin` has published all it saw."""
    global _busy
    with _changed:
        _busy -= 1
        _changed.notify_all()


def settle(seconds: float) -> bool:
    """Wait until no observer is at work any more; False if that took longer than `seconds`."""
    deadline = time.monotonic() + seconds
    with _changed:
        return _changed.wait_for(lambda: _busy == 0, deadline - time.monotonic())
