"""One process for one state folder: a lock that the system drops with the process."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import TracebackType


class AlreadyRunning(Exception):
    """Another process serves this state folder."""


class StateLock:
    """Hold an exclusive lock on a file for as long as the ``with`` block lasts.

    Raises:
        AlreadyRunning: on entering, when another process holds it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> StateLock:
        self.descriptor = os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            _lock(self.descriptor)
        except OSError:
            os.close(self.descriptor)
            raise AlreadyRunning(f"a practice tenant already serves {self.path.parent}") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        os.close(self.descriptor)


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
