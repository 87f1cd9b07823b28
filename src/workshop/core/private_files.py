"""Files and folders that only their owner may read."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from practice_tenant import private
from practice_tenant.errors import NotPrivate
from workshop.errors import FileUnusable

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


def make_private_folder(folder: Path) -> Path:
    """Make `folder` with mode 0700, or accept the one that is there if it is this account's and no link.

    What other accounts may do there besides writing is taken from them.

    Raises:
        FileUnusable: it can't be made, is a link or another account's, or others can write to it.
    """
    try:
        return private.make_private_folder(folder)
    except NotPrivate as refusal:
        raise FileUnusable(refusal.path, refusal.reason) from refusal.__cause__


def write_private(path: Path, text: str) -> None:
    """Write `text` (UTF-8) to `path` with mode 0600, whole or not at all.

    Raises:
        FileUnusable: it can't be written.
    """
    target = path.resolve()
    try:
        # The name still ends as the target's: a rule in .gitignore that keeps one out keeps both out.
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=target.name)
    except OSError as error:
        raise FileUnusable(path, f"can't be written ({error.strerror}).") from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(target)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise FileUnusable(path, f"can't be written ({error.strerror}).") from error


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let one process at a time into the block.

    Args:
        path: a file that is made for this, in a folder that is there.

    Raises:
        OSError: the lock can't be taken.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(handle)
        yield
    finally:
        os.close(handle)  # closing gives the lock back


def _lock(handle: int) -> None:
    if sys.platform == "win32":
        while True:
            try:
                msvcrt.locking(handle, msvcrt.LK_LOCK, 1)
            except OSError as error:
                if error.errno != errno.EDEADLOCK:  # it tries ten times, a second apart, then says this
                    raise
            else:
                return
    else:
        fcntl.flock(handle, fcntl.LOCK_EX)
