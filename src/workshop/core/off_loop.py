"""Blocking work off the event loop of a notebook, which is busy with the cell."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def off_the_loop(work: Callable[[], T]) -> T:
    """Do the work in a thread of its own, which may run a loop of its own, and return what it returns.

    Raises:
        Exception: whatever the work raises.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="workshop") as pool:
        return pool.submit(work).result()
