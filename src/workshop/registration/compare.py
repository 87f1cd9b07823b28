"""What differs between a registration as it is and as it should be: the lines of a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from workshop.registration.aspects import ASPECTS, Items
from workshop.registration.seen import App

Verb = Literal["add", "change", "remove"]


@dataclass(frozen=True)
class PlannedChange:
    """One line of a plan: what becomes of one thing.

    Attributes:
        aspect: what kind of setting it is.
        item: which one of several; empty where there is only one.
        before: how it is; empty if it is not there.
        after: how it will be; empty if it will be gone.
    """

    verb: Verb
    aspect: str
    item: str = ""
    before: str = ""
    after: str = ""

    @property
    def what(self) -> str:
        """Return the setting in words."""
        return f"{self.aspect} {self.item}".strip()


def changes(now: App | None, wanted: App, permission_names: Mapping[str, str]) -> tuple[PlannedChange, ...]:
    """Return what differs, in the order of the admin center's pages.

    Args:
        permission_names: of Microsoft Graph's delegated permissions, by their id.
    """
    return tuple(
        change
        for name, aspect in ASPECTS.items()
        for change in _differences(
            name, aspect.words(now, permission_names) if now else {}, aspect.words(wanted, permission_names)
        )
    )


def _differences(aspect: str, now: Items, wanted: Items) -> Iterator[PlannedChange]:
    for item in [*now, *(item for item in wanted if item not in now)]:
        before, after = now.get(item, ""), wanted.get(item, "")
        if before != after:
            verb: Verb = "change" if before and after else "add" if after else "remove"
            yield PlannedChange(verb, aspect, item, before, after)
