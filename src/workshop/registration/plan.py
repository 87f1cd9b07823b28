"""A plan: what would change, shown before anything does."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from workshop.registration.compare import PlannedChange, Verb
from workshop.registration.declarations import Declaration
from workshop.registration.seen import Snapshot
from workshop.show.frame import AMBER, BLUE, GREEN, frame
from workshop.show.table import Table

SIGNS: dict[Verb, str] = {"add": "+", "change": "~", "remove": "-"}


@dataclass(frozen=True, repr=False)
class RegistrationPlan:
    """What would change in a directory and on this machine. Making one changes nothing.

    Attributes:
        where: the directory, in words.
        client_id: of the registration that is there already; None if it will be made.
        changes: line by line; empty if everything is as declared.
        warnings: what to think about before it is applied.
        replaces: whether values of an app would go that the workshop did not make.
    """

    declaration: Declaration
    where: str
    client_id: str | None
    changes: tuple[PlannedChange, ...]
    warnings: tuple[str, ...] = ()
    replaces: bool = False
    seen: Snapshot | None = None

    @property
    def asks(self) -> bool:
        """Say whether it takes something away, so that a person should agree first."""
        return bool(self.warnings) or any(change.verb == "remove" for change in self.changes)

    @property
    def heading(self) -> str:
        """Return the first line."""
        count = len(self.changes)
        name = f"“{self.declaration.display_name}” in {self.where}"
        if not count:
            return f"{name}: nothing to change, it is as declared"
        new = "a new registration" if self.client_id is None else f"application (client) id {self.client_id}"
        return f"{name}: {count} {'change' if count == 1 else 'changes'} planned, nothing is done yet ({new})"

    def __repr__(self) -> str:
        width = max((len(change.what) for change in self.changes), default=0)
        lines = [
            f"  {SIGNS[change.verb]} {change.what:<{width}}  {as_line(change)}".rstrip() for change in self.changes
        ]
        return "\n".join([self.heading, *lines, *(f"  ! {warning}" for warning in self.warnings)])

    def _repr_html_(self) -> str:
        rows = tuple((change.verb, change.what, change.before, change.after) for change in self.changes)
        colour = AMBER if self.asks else BLUE if rows else GREEN
        table = Table(("", "setting", "now", "then"), rows)._repr_html_() if rows else ""
        return frame(escape(self.heading), [escape(f"! {warning}") for warning in self.warnings], colour) + table


def as_line(change: PlannedChange) -> str:
    """Return before and after in one line."""
    plain = ("registered", "")
    if change.verb == "change":
        return f"{change.before} -> {change.after}"
    text = change.after or change.before
    return "" if text in plain and change.item else text
