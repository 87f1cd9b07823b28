"""Run what a learner wrote, and tell in plain words where and why it failed."""

from __future__ import annotations

import asyncio
import inspect
import linecache
import queue
import traceback
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from workshop.lesson.checks.exercise import NotStarted
from workshop.show.masking import mask_text

SECONDS = 60.0

ADVICE: tuple[tuple[type[BaseException], str], ...] = (
    (ModuleNotFoundError, "Is the module's name spelled right?"),
    (NameError, "Python does not know this name. Is it spelled right, and did the cell that makes it run?"),
    (AttributeError, "The object has nothing of this name. Is it spelled right?"),
    (KeyError, "There is no entry of this name. Print the whole value to see which there are."),
    (IndexError, "There are fewer items than that. Print the whole value to count them."),
    (TypeError, "The value is of another kind than this line expects. Is an `await` or an argument missing?"),
    (TimeoutError, f"It did not end within {SECONDS:.0f} seconds. What is it waiting for?"),
    (ConnectionError, "Nobody answered there. Is the server started?"),
)


def is_unstarted(value: object) -> bool:
    """Tell whether a value is `...`, or a list, tuple or dictionary that holds one."""
    if isinstance(value, dict):
        return any(item is ... for item in value.values())
    if isinstance(value, list | tuple):
        return any(item is ... for item in value)
    return value is ...


def outcome(answer: object, *arguments: object) -> object:
    """Return the value of an answer: call it if it is a function, await it if it is to be awaited.

    Raises:
        NotStarted: the value is still `...`.
        Exception: whatever the learner's code raises.
    """
    value = answer(*arguments) if callable(answer) else answer
    if inspect.isawaitable(value):
        value = _awaited(value, SECONDS)
    if is_unstarted(value):
        raise NotStarted
    return value


def _awaited(awaitable: Awaitable[object], seconds: float) -> object:
    """Wait in a thread with its own event loop: the notebook's own loop is busy running the cell."""
    started: queue.SimpleQueue[tuple[asyncio.AbstractEventLoop, asyncio.Task[object]]] = queue.SimpleQueue()

    async def limited() -> object:
        task = asyncio.current_task()
        assert task is not None
        started.put((asyncio.get_running_loop(), task))
        return await asyncio.wait_for(awaitable, seconds)

    with ThreadPoolExecutor(max_workers=1) as pool:
        future = pool.submit(copy_context().run, asyncio.run, limited())
        try:
            return future.result()
        except KeyboardInterrupt:
            loop, task = started.get()
            loop.call_soon_threadsafe(task.cancel)
            raise


def shown(value: object) -> str:
    """Return a value as it may stand in a card: short, and never a token."""
    text = mask_text(repr(value))
    return text if len(text) <= 60 else f"{text[:59]}…"


def told(error: BaseException) -> str:
    """Say which error it was, in which line of the learner's cell, and what it usually means."""
    cause = _innermost(error)
    message = mask_text(str(cause)).strip()
    first = message.splitlines()[0][:300] if message else "it says nothing more"
    lines = [f"Your code stopped with {type(cause).__name__}{_place(cause) or _place(error)}: {first}"]
    advice = next((words for kind, words in ADVICE if isinstance(cause, kind)), "")
    return "\n".join([*lines, advice] if advice else lines)


def _innermost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _place(error: BaseException) -> str:
    """Return the last line the learner wrote on the way to the error: frames of a notebook are `__main__`."""
    for frame, number in reversed(list(traceback.walk_tb(error.__traceback__))):
        if frame.f_globals.get("__name__") == "__main__":
            source = linecache.getline(frame.f_code.co_filename, number, frame.f_globals).strip()
            return f" in line {number} of its cell" + (f" (`{source}`)" if source else "")
    return ""
