"""What a diagnosis says: findings, the steps that were walked, and what could not be told."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Literal

from workshop.diagnosis.knowledge import BY_NAME, Failure
from workshop.show.escaping import one_line

Result = Literal["well", "wrong", "note", "not tried"]


class SafeToShow:
    """A dataclass whose texts have nothing in them that a terminal obeys, wherever they come from.

    Much of them is what a server, a log or a token says, which may be hostile.
    """

    def __post_init__(self) -> None:
        for member in fields(self):  # type: ignore[arg-type]  # those who inherit are dataclasses
            value = getattr(self, member.name)
            if isinstance(value, str):
                object.__setattr__(self, member.name, one_line(value))
            elif isinstance(value, tuple):
                safe = tuple(one_line(item) if isinstance(item, str) else item for item in value)
                object.__setattr__(self, member.name, safe)


@dataclass(frozen=True)
class FoundFailure(SafeToShow):
    """One failure that was found.

    Attributes:
        evidence: what it was found by, masked.
        step: at which step of the walk; "" where nothing was walked.
    """

    failure: Failure
    evidence: str
    step: str = ""


@dataclass(frozen=True)
class Step(SafeToShow):
    """One step of a client's walk.

    Attributes:
        name: what is looked at.
        request: what was sent, "" for none.
        result: how it went.
        said: what was found there.
        stops: which clients go no further.
    """

    name: str
    request: str
    result: Result
    said: str
    stops: str = ""


@dataclass(frozen=True)
class SafetyFinding(SafeToShow):
    """What became of one check of the section "safe?".

    Attributes:
        name: a short one that stays the same, for scripts.
        title: what is looked at.
        sent: in words, with what was made up for it.
        came: what was answered, or why nothing was sent.
        result: wrong is what an attacker can use.
        why: it matters, in one sentence.
        source: where it is asked for.
        mend: the setting of the workshop's servers, or FastMCP's option.
    """

    name: str
    title: str
    sent: str
    came: str
    result: Result
    why: str
    source: str
    mend: str


@dataclass(frozen=True)
class Diagnosed(SafeToShow):
    """All that was found.

    Attributes:
        subject: in words, what was looked at.
        unknown: AADSTS numbers that nothing is known of.
        looked: whether there was anything to judge; False for a text in which nothing is recognised.
        safety: what the section "safe?" found; empty if nobody asked for it.
    """

    subject: str
    findings: tuple[FoundFailure, ...] = ()
    steps: tuple[Step, ...] = ()
    unknown: tuple[int, ...] = ()
    notes: tuple[str, ...] = field(default=())
    looked: bool = True
    safety: tuple[SafetyFinding, ...] = ()


def finding(name: str, evidence: str, step: str = "") -> FoundFailure:
    """Return a finding by its failure's name."""
    return FoundFailure(BY_NAME[name], evidence, step)
