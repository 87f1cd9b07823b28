"""The errors of the practice tenant: each message is one clear line, each subclass carries the evidence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class PracticeTenantError(Exception):
    """Tell what went wrong with the practice tenant and what to do, in one line."""


@dataclass(eq=False)
class TenantNotRunning(PracticeTenantError):
    """No practice tenant answers for this state folder."""

    state: Path

    def __str__(self) -> str:
        return (
            f"No practice tenant is running for {self.state}: run what started it again (in a notebook the start "
            f"cell), or `python -m practice_tenant run --state {self.state}` in a terminal (`workshop tenant run` does "
            "the same for the lessons)."
        )


@dataclass(eq=False)
class TenantSilent(PracticeTenantError):
    """The practice tenant's process is there and does not answer."""

    pid: int
    seconds: float

    def __str__(self) -> str:
        return (
            f"The practice tenant (process {self.pid}) did not answer for {self.seconds:.0f} s. Something keeps this "
            "machine very busy, or has stopped that process: wait a little and try again, or end it."
        )


@dataclass(eq=False)
class TenantDidNotStart(PracticeTenantError):
    """The practice tenant was started and did not come up. `last_lines` are the end of its errors log."""

    state: Path
    reason: str
    last_lines: tuple[str, ...] = ()

    def __str__(self) -> str:
        said = f" Its last words: {' | '.join(self.last_lines)}" if self.last_lines else ""
        return (
            f"The practice tenant did not start: {self.reason}. Run "
            f"`python -m practice_tenant run --state {self.state}` in a terminal (`workshop tenant run` does the same "
            f"for the lessons) to see why, or choose a folder on a local disk (the lessons' is WORKSHOP_STATE).{said}"
        )


@dataclass(eq=False)
class NotPrivate(PracticeTenantError):
    """A folder or file that is to be this account's alone is not."""

    path: Path
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


@dataclass(eq=False)
class TenantRefused(PracticeTenantError):
    """The practice tenant answered a control call with an error."""

    call: str
    status: int
    answer: str

    def __str__(self) -> str:
        return f"The practice tenant refused {self.call}: {self.status} {self.answer}"


class TenantOutdated(PracticeTenantError):
    """The tenant that runs was started by an older version, which lacks what is asked for."""

    def __str__(self) -> str:
        return "The practice tenant that runs is an older one: stop it (`workshop tenant stop`), then start again."
