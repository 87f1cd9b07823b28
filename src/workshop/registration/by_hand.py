"""The app that was registered by hand: found by its name, and until it is there one made in Python stands in for it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from workshop.registration.declarations import Declaration
from workshop.registration.desk import Desk
from workshop.show.frame import AMBER, GREEN, frame

if TYPE_CHECKING:
    from workshop.registration.report import Report


@dataclass(frozen=True)
class ByHand:
    """A registration of this name.

    Attributes:
        desk: where it is looked at.
        found: whether somebody registered it by hand.
    """

    desk: Desk
    display_name: str
    client_id: str
    found: bool

    def verify(self) -> Report:
        """Look at every setting."""
        return self.desk.verify(self.client_id)

    def lines(self) -> tuple[str, str]:
        """Return what a person should know."""
        if self.found:
            return f"“{self.display_name}”, registered by hand, is there.", "It is the one you see from here on."
        return (
            f"No app “{self.display_name}” was registered by hand yet.",
            "One made in Python stands in for it. Register yours and run this cell again.",
        )

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def _repr_html_(self) -> str:
        first, second = self.lines()
        return frame(escape(first), [escape(second)], GREEN if self.found else AMBER)


def by_hand(desk: Desk, declaration: Declaration) -> ByHand:
    """Return the app of the declaration's name that does not carry the workshop's mark, or make a stand-in.

    Raises:
        WorkshopError: the sign-in failed, or Graph refused a step.
    """
    name = declaration.display_name
    client_id = desk.made_by_hand(name)
    if client_id:
        return ByHand(desk, name, client_id, found=True)
    return ByHand(desk, name, desk.apply(declaration).client_id, found=False)
