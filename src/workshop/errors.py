"""The errors of the workshop: each message is one clear line, each subclass carries the evidence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from practice_tenant.errors import PracticeTenantError


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


TOLD = (WorkshopError, PracticeTenantError)
"""What is shown as one line, without a traceback."""
