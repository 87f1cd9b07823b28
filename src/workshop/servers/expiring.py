"""What has expired goes: from the files of a folder, and from memory.

The stores give an expired entry to nobody and keep it. A sign-in leaves five or six, and anybody may begin one.

Seen with py-key-value-aio 0.4 and FastMCP 4.2: `FileTreeStore` removes expired files when `cull()` is called, which
FastMCP does for its own store and for no other; `MemoryStore` compares Unix time with a clock that starts with the
machine, so that nothing in it ever expires.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from heapq import heappop, heappush
from pathlib import Path
from typing import Any, SupportsFloat

from fastmcp.utilities.logging import get_logger
from key_value.aio.protocols import AsyncKeyValue
from key_value.aio.stores.memory import MemoryStore
from key_value.aio.wrappers.base import BaseWrapper

logger = get_logger(__name__)

# Nobody writes an entry anew that has expired an hour ago, so no fresh one of another replica is taken for it; and
# the clocks of two replicas may differ.
GRACE_SECONDS = 3_600.0
EVERY_SECONDS = 3_600.0
FILES_AT_ONCE = 100
MOST_IN_MEMORY = 50_000

Clock = Callable[[], float]


class SweptFiles(BaseWrapper):
    """A store of files that sweeps its folder with its first use, and once an hour as it is used.

    Args:
        files: the store.
        folder: where it keeps a folder for each collection.
        now: Unix time in seconds.
    """

    def __init__(self, files: AsyncKeyValue, folder: Path, now: Clock = time.time) -> None:
        self.key_value = files
        self.folder = folder
        self.now = now
        self.sweeping: asyncio.Task[None] | None = None
        self._next = 0.0

    async def get(self, key: str, *, collection: str | None = None) -> dict[str, Any] | None:
        """Return an entry."""
        self._sometimes()
        return await self.key_value.get(key, collection=collection)

    async def put(
        self, key: str, value: Mapping[str, Any], *, collection: str | None = None, ttl: SupportsFloat | None = None
    ) -> None:
        """Keep an entry."""
        self._sometimes()
        await self.key_value.put(key, value, collection=collection, ttl=ttl)

    def _sometimes(self) -> None:
        now = self.now()
        if now >= self._next and (self.sweeping is None or self.sweeping.done()):
            self._next = now + EVERY_SECONDS
            # The loop itself holds a task only weakly. It ends with the loop: no thread goes on beyond a few files.
            self.sweeping = asyncio.get_running_loop().create_task(self._sweep(now))

    async def _sweep(self, now: float) -> None:
        steps = swept(self.folder, now)
        gone = 0
        try:
            while (step := await asyncio.to_thread(next, steps, None)) is not None:
                gone += step
        except OSError as error:
            logger.warning("Expired files are kept, for their folder can't be read: %s", error)
        if gone:
            logger.info("Removed %s expired files of clients' sign-ins and tokens", gone)


class ExpiringMemory(BaseWrapper):
    """A store in memory that lets go of what has expired, and of the oldest where there is too much.

    Args:
        most: entries of each collection that expire at all.
        now: Unix time in seconds.
    """

    def __init__(self, most: int = MOST_IN_MEMORY, now: Clock = time.time) -> None:
        self.key_value = MemoryStore()
        self.most = most
        self.now = now
        self._until: defaultdict[str | None, dict[str, float]] = defaultdict(dict)
        self._order: defaultdict[str | None, list[tuple[float, str]]] = defaultdict(list)

    async def put(
        self, key: str, value: Mapping[str, Any], *, collection: str | None = None, ttl: SupportsFloat | None = None
    ) -> None:
        """Keep an entry."""
        await self.put_many([key], [value], collection=collection, ttl=ttl)

    async def put_many(
        self,
        keys: Sequence[str],
        values: Sequence[Mapping[str, Any]],
        *,
        collection: str | None = None,
        ttl: SupportsFloat | None = None,
    ) -> None:
        """Keep entries."""
        now = self.now()
        for key in keys:
            self._until[collection].pop(key, None)
        await self.key_value.put_many(keys, values, collection=collection, ttl=ttl)
        for key in keys:
            if ttl is not None:
                self._until[collection][key] = until = now + float(ttl)
                heappush(self._order[collection], (until, key))
        for each in tuple(self._order):
            await self._let_go(each, now)

    async def _let_go(self, collection: str | None, now: float) -> None:
        until, order = self._until[collection], self._order[collection]
        while order and (order[0][0] <= now or len(until) > self.most):
            at, key = heappop(order)
            if until.get(key) == at:  # else it was kept anew since
                del until[key]
                await self.key_value.delete(key, collection=collection)


def swept(folder: Path, now: float) -> Iterator[int]:
    """Remove what has expired an hour ago and what a killed process left half written; yield how many, now and then.

    Args:
        folder: has a folder for each collection. Links are not followed.
        now: Unix time in seconds.

    Raises:
        OSError: the folder can't be read.
    """
    gone = seen = 0
    for collection in [found for found in os.scandir(folder) if found.is_dir(follow_symlinks=False)]:
        with suppress(FileNotFoundError), os.scandir(collection) as files:
            for file in files:
                gone += _removed(file, now - GRACE_SECONDS)
                seen += 1
                if seen % FILES_AT_ONCE == 0:
                    yield gone
                    gone = 0
    yield gone


def _removed(file: os.DirEntry[str], before: float) -> int:
    with suppress(OSError, ValueError, TypeError, AttributeError):
        if not file.is_file(follow_symlinks=False):
            return 0
        found = file.stat(follow_symlinks=False)
        # Half written: its name is given by `mkstemp`, and another is put in its place at once.
        if (file.name.endswith(".tmp") and found.st_mtime < before) or (
            file.name.endswith(".json") and _expiry(file.path) < before and _is_still(file.path, found)
        ):
            Path(file.path).unlink()
            return 1
    return 0


def _expiry(path: str) -> float:
    """Return when an entry expires, in Unix time; ValueError or TypeError if it never does or is no entry."""
    with Path(path).open(encoding="utf-8") as file:
        return datetime.fromisoformat(json.load(file).get("expires_at")).timestamp()


def _is_still(path: str, found: os.stat_result) -> bool:
    again = Path(path).lstat()
    return (again.st_ino, again.st_mtime_ns) == (found.st_ino, found.st_mtime_ns)
