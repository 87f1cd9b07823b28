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
from uuid import uuid4

from fastmcp.utilities.logging import get_logger
from key_value.aio.protocols import AsyncKeyValue
from key_value.aio.stores.memory import MemoryStore
from key_value.aio.wrappers.base import BaseWrapper

logger = get_logger(__name__)

# Longer than any clock of a replica is wrong: what one writes now may look old to another.
HALF_WRITTEN_SECONDS = 86_400.0
EVERY_SECONDS = 3_600.0
FILES_AT_ONCE = 100
MOST_IN_MEMORY = 50_000

Clock = Callable[[], float]


class SweptFiles(BaseWrapper):
    """A store of files that sweeps its folder at the start, and once an hour as it is used.

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
        self.sometimes()
        return await self.key_value.get(key, collection=collection)

    async def put(
        self, key: str, value: Mapping[str, Any], *, collection: str | None = None, ttl: SupportsFloat | None = None
    ) -> None:
        """Keep an entry."""
        self.sometimes()
        await self.key_value.put(key, value, collection=collection, ttl=ttl)

    def sometimes(self) -> None:
        """Begin to sweep, if it is time; in the event loop of the server."""
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


def begin(store: AsyncKeyValue) -> None:
    """Begin to sweep what a store keeps in files, as its server starts; other stores are left alone."""
    while isinstance(store, BaseWrapper):
        if isinstance(store, SweptFiles):
            store.sometimes()
        store = store.key_value


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
    """Remove what has expired and what a killed process left half written; yield how many, now and then.

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
                gone += _removed(file, now)
                seen += 1
                if seen % FILES_AT_ONCE == 0:
                    yield gone
                    gone = 0
    yield gone


def _removed(file: os.DirEntry[str], now: float) -> int:
    with suppress(OSError, ValueError, TypeError, AttributeError):
        if not file.is_file(follow_symlinks=False):
            return 0
        path, found = Path(file.path), file.stat(follow_symlinks=False)
        if file.name.endswith(".tmp") and found.st_mtime < now - HALF_WRITTEN_SECONDS:
            path.unlink()
            return 1
        if file.name.endswith(".json") and _expiry(path) < now:
            return _taken_away(path, found)
    return 0


def _expiry(path: Path) -> float:
    """Return when an entry expires, in Unix time; TypeError or ValueError if it never does or is no entry."""
    return datetime.fromisoformat(json.loads(path.read_text("utf-8")).get("expires_at")).timestamp()


def _taken_away(path: Path, read: os.stat_result) -> int:
    """Remove an entry that was read; one that another replica has put in its place meanwhile stays."""
    aside = path.with_name(f"{path.name}.{uuid4().hex}.tmp")
    path.rename(aside)
    found = aside.lstat()
    same = (found.st_ino, found.st_mtime_ns) == (read.st_ino, read.st_mtime_ns)
    if not same:
        with suppress(FileExistsError):  # one that is newer still
            os.link(aside, path)
    aside.unlink()
    return int(same)
