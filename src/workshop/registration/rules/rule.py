"""What a rule is: a setting, what it should be and why, how to mend it, and the function that judges it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from workshop.registration.declarations import Declaration
from workshop.registration.seen import App, Part, Snapshot


@dataclass(frozen=True)
class SettingVerdict:
    """A judgement and its evidence: what was found there. `right` is None where it can't be told."""

    right: bool | None
    found: str


@dataclass(frozen=True)
class SettingMend:
    """How to put a setting right, in three ways. `$name` stands for a fact of `facts.facts`."""

    portal: str
    az: str
    python: str


Judge = Callable[[App, Snapshot, Declaration], SettingVerdict | None]
"""Looks at the application, at all that was seen, and at what is declared. None: the setting does not matter here."""


@dataclass(frozen=True)
class Rule:
    """One line of a verification.

    Attributes:
        name: a short one that stays the same, for scripts.
        setting: what it is, in the admin center's words.
        parts: what has to be looked at beside the application itself.
        should: what it should be; `$name` as in a mend.
        why: what goes wrong otherwise.
        source: a page of Microsoft's about it.
    """

    name: str
    setting: str
    judge: Judge
    should: str
    why: str
    mend: SettingMend
    source: str
    parts: frozenset[Part] = frozenset()


def right(found: str) -> SettingVerdict:
    """Return that the setting is as it should be."""
    return SettingVerdict(True, found)


def wrong(found: str) -> SettingVerdict:
    """Return that it is not."""
    return SettingVerdict(False, found)


def unclear(found: str) -> SettingVerdict:
    """Return that it can't be told from what was looked at."""
    return SettingVerdict(None, found)


def listed(items: Iterable[object], none: str = "none") -> str:
    """Return items in one line, `none` where there are none."""
    text = ", ".join(str(item) for item in items)
    return text or none
