"""Choose a fault by clicking. It is an extra: `Room.open` does the same without JavaScript."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from workshop.errors import TOLD

if TYPE_CHECKING:
    import ipywidgets  # type: ignore[import-untyped]

    from workshop.breaking.case import Case
    from workshop.breaking.room import Room


def chooser(room: Room) -> ipywidgets.VBox:
    """Return a menu of the faults and three buttons; what is seen stands below."""
    import ipywidgets

    from workshop.breaking.room import keys

    menu = ipywidgets.Dropdown(options=list(keys()), description="fault")
    buttons = {name: ipywidgets.Button(description=name) for name in ("Break", "Diagnose", "Mend")}
    shown = ipywidgets.HTML()
    opened: list[Case] = []

    def press(button: ipywidgets.Button) -> None:
        for one in buttons.values():
            one.disabled = True
        try:
            shown.value = _html(room, opened, button.description, str(menu.value))
        except TOLD as error:
            shown.value = escape(str(error))
        finally:
            for one in buttons.values():
                one.disabled = False

    for button in buttons.values():
        button.on_click(press)
    return ipywidgets.VBox([menu, ipywidgets.HBox(list(buttons.values())), shown])


def _html(room: Room, opened: list[Case], wish: str, key: str) -> str:
    if wish == "Break":
        opened[:] = [room.open(key)]
        return opened[0]._repr_html_()
    if not opened:
        return "Choose a fault and press Break first."
    (case,) = opened
    return case.diagnose()._repr_html_() if wish == "Diagnose" else case.mend()._repr_html_()
