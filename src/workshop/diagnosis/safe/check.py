"""One check of the section "safe?", and what it may say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workshop.diagnosis.findings import Result
from workshop.diagnosis.safe.site import Site


@dataclass(frozen=True)
class Seen:
    """What was sent and what came; both in words."""

    result: Result
    sent: str
    came: str


@dataclass(frozen=True)
class SafetyCheck:
    """One check.

    Attributes:
        name: a short one that stays the same, for scripts.
        title: what is looked at.
        look: tries it, harmlessly.
        why: it matters, in one sentence.
        source: where it is asked for: an RFC's section, the MCP specification.
        mend: the setting of the workshop's servers, or FastMCP's option.
    """

    name: str
    title: str
    look: Callable[[Site], Seen]
    why: str
    source: str
    mend: str
