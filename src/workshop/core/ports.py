"""Who holds a port: a server of the workshop leaves a note in the state folder for as long as it has one.

A note outlives its process only if that was killed. Then it counts no more: process ids are given again, so the time at
which the process was started is noted too.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from workshop.core.private_files import make_private_folder, write_private
from workshop.errors import TOLD

FOLDER = "servers"
SAME_START_SECONDS = 5.0
"""The system's clock may be set while a process runs, and the times of start move with it."""

ANOTHER_PROGRAM = "another program"


@dataclass(frozen=True)
class Holder:
    """A server of the workshop that has a port.

    Attributes:
        server: its name.
        lesson: the number of the lesson whose notebook runs it; "" if `workshop serve` does.
        pid: of its process.
        started: when that was started, in seconds since 1970.
    """

    server: str
    lesson: str
    pid: int
    started: float

    def runs(self) -> bool:
        """Say whether its process is still there."""
        try:
            return abs(psutil.Process(self.pid).create_time() - self.started) < SAME_START_SECONDS
        except (psutil.Error, ValueError, OverflowError):
            return False

    def __str__(self) -> str:
        if self.lesson:
            return f"the server {self.server} of lesson {self.lesson}, whose notebook still runs"
        return f"`workshop serve {self.server}` in a terminal"


@dataclass(frozen=True)
class Notes:
    """The notes of one state folder, made by one process.

    Attributes:
        lesson: the number of the lesson that this process is for; "" if it is for none.
    """

    state: Path
    lesson: str = ""

    def keep(self, port: int, server: str) -> None:
        """Write down that a server of this process has the port. Where that can't be, nobody will know."""
        itself = Holder(server, self.lesson, os.getpid(), psutil.Process().create_time())
        with suppress(*TOLD, OSError):
            make_private_folder(self.state)
            make_private_folder(self.state / FOLDER)
            write_private(self._file(port), json.dumps(asdict(itself)))

    def drop(self, port: int) -> None:
        """Take this process's note away, best while the port is still held: who has it next writes another."""
        noted = self._read(port)
        if noted and noted.pid == os.getpid():
            with suppress(OSError):
                self._file(port).unlink()

    def holder(self, port: int) -> Holder | None:
        """Return the server of the workshop that has the port; None if it is another program or nobody."""
        noted = self._read(port)
        return noted if noted and noted.runs() else None

    def _file(self, port: int) -> Path:
        return self.state / FOLDER / f"{port}.json"

    def _read(self, port: int) -> Holder | None:
        try:
            said = json.loads(self._file(port).read_text(encoding="utf-8"))
            return Holder(str(said["server"]), str(said["lesson"]), int(said["pid"]), float(said["started"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None
