"""Starting the practice tenant as a process of its own, tied to leases and to nothing else."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

from practice_tenant.errors import TenantDidNotStart

ANOTHER_HOLDS_THE_LOCK = 3
ERRORS_KEPT = 1_000_000


def command(state: Path, *options: str) -> list[str]:
    """Return the command that runs a practice tenant for `state`."""
    return [sys.executable, "-m", "practice_tenant", "run", *options, "--state", str(state)]


def start(state: Path, seconds: float) -> bool:
    """Start a tenant and return True once it is ready, or False if another one holds the lock of `state`.

    Args:
        seconds: how long it may take.

    Raises:
        TenantDidNotStart: it ended, or was not ready in time (it is ended then).
    """
    with _errors_log(state) as errors:
        written_before = os.fstat(errors.fileno()).st_size
        process = _spawn(state, errors)
    first_line: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=_watch, args=(process, first_line), name="practice-tenant", daemon=True).start()
    try:
        line = first_line.get(timeout=seconds)
    except queue.Empty:
        process.kill()
        said = _last_lines(state, written_before)
        raise TenantDidNotStart(state, f"it was not ready after {seconds:.0f} s", said) from None
    if line:
        return True
    code = process.wait()
    if code == ANOTHER_HOLDS_THE_LOCK:
        return False
    raise TenantDidNotStart(state, f"it ended with exit code {code}", _last_lines(state, written_before))


def _spawn(state: Path, errors: IO[bytes]) -> subprocess.Popen[bytes]:
    # Run in the state folder: a `json.py` in a learner's folder must not be imported by the tenant.
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
        return subprocess.Popen(
            command(state, "--leased"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=state,
            creationflags=flags,
        )
    return subprocess.Popen(
        command(state, "--leased"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
        cwd=state,
        start_new_session=True,
    )


def _watch(process: subprocess.Popen[bytes], first_line: queue.Queue[bytes]) -> None:
    """Hand on the announcement, then wait for the end, so that no zombie is left."""
    with process:
        first_line.put(process.stdout.readline() if process.stdout else b"")


def _errors_log(state: Path) -> IO[bytes]:
    path = state / "tenant-errors.log"
    keep = os.O_APPEND if _size(path) < ERRORS_KEPT else os.O_TRUNC
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | keep, 0o600), "ab")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _last_lines(state: Path, start: int, count: int = 5) -> tuple[str, ...]:
    written = (state / "tenant-errors.log").read_bytes()[start:].decode("utf-8", "replace")
    return tuple(line.strip() for line in written.splitlines() if line.strip())[-count:]
