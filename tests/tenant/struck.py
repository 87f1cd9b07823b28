"""A practice tenant that kills itself, as SIGKILL does, at a chosen statement of a write.

The first argument is a folder. What stands in its file ``strike`` is read at the first write that finds it: the
statement to die at, before it is carried out. Every statement that may write is noted in the file ``statements``.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(sys.argv[1])
READS = ("SELECT", "PRAGMA", "--")
connect = sqlite3.connect
ahead = 0


def note(statement: str) -> None:
    """Count a statement that may write, and die at the one that was chosen."""
    global ahead
    if statement.lstrip().upper().startswith(READS):
        return
    with contextlib.suppress(FileNotFoundError):
        ahead = int((FOLDER / "strike").read_text("utf-8"))
        (FOLDER / "strike").unlink()
    with (FOLDER / "statements").open("a", encoding="utf-8") as file:
        print(" ".join(statement.split()[:3]), file=file)
    ahead -= 1
    if ahead == 0:
        os.kill(os.getpid(), signal.SIGKILL)


def watched(*arguments: Any, **options: Any) -> sqlite3.Connection:
    """Open the file, and note what is done in it."""
    opened: sqlite3.Connection = connect(*arguments, **options)
    opened.set_trace_callback(note)
    return opened


if __name__ == "__main__":
    sqlite3.connect = watched  # type: ignore[assignment]
    from practice_tenant.__main__ import main

    sys.exit(main(sys.argv[2:]))
