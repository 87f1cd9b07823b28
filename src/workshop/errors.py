"""The errors of the workshop: each message is one clear line, each subclass carries the evidence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class WorkshopError(Exception):
    """Tell what went wrong and what to do, in one line: `str(error)` is fit to be shown as it is."""


@dataclass(eq=False)
class SettingMissing(WorkshopError):
    """A value is asked for and stands nowhere."""

    name: str
    looked_in: tuple[str, ...]
    hint: str

    def __str__(self) -> str:
        return f"{self.name} is not set. Looked in {' and '.join(self.looked_in)}. {self.hint}"


@dataclass(eq=False)
class SettingMalformed(WorkshopError):
    """A value has the wrong form. A secret value is never part of the message: `shown` is empty then."""

    name: str
    source: str
    expected: str
    shown: str = ""

    def __str__(self) -> str:
        value = f"{self.name}={self.shown!r}" if self.shown else self.name
        return f"{value} from {self.source} can't be used: it should be {self.expected}."


@dataclass(eq=False)
class FileUnusable(WorkshopError):
    """A file or folder of the workshop can't be read or written."""

    path: Path
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


@dataclass(eq=False)
class RestartNeeded(WorkshopError):
    """This process can't be switched any more: only a new one can."""

    reason: str

    def __str__(self) -> str:
        return f"{self.reason} Restart the kernel (menu Kernel > Restart) and run the start cell first."


@dataclass(eq=False)
class TenantNotRunning(WorkshopError):
    """No practice tenant answers for this state folder."""

    state: Path

    def __str__(self) -> str:
        return (
            f"No practice tenant is running for {self.state}: run the start cell of a notebook again, "
            "or `workshop tenant run` in a terminal."
        )


@dataclass(eq=False)
class TenantSilent(WorkshopError):
    """The practice tenant's process is there and does not answer."""

    pid: int
    seconds: float

    def __str__(self) -> str:
        return (
            f"The practice tenant (process {self.pid}) did not answer for {self.seconds:.0f} s. Something keeps this "
            "machine very busy, or has stopped that process: wait a little and try again, or end it."
        )


@dataclass(eq=False)
class TenantDidNotStart(WorkshopError):
    """The practice tenant was started and did not come up. `last_lines` are the end of its errors log."""

    state: Path
    reason: str
    last_lines: tuple[str, ...] = ()

    def __str__(self) -> str:
        said = f" Its last words: {' | '.join(self.last_lines)}" if self.last_lines else ""
        return (
            f"The practice tenant did not start: {self.reason}. Run `workshop tenant run` in a terminal "
            f"to see why, or set WORKSHOP_STATE to a folder on a local disk (now {self.state}).{said}"
        )


@dataclass(eq=False)
class TenantRefused(WorkshopError):
    """The practice tenant answered a control call with an error."""

    call: str
    status: int
    answer: str

    def __str__(self) -> str:
        return f"The practice tenant refused {self.call}: {self.status} {self.answer}"
