"""The room where things are broken: a case by its key, three that nobody chose, or one by clicking."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

import httpx

from practice_tenant import ANSWER_SECONDS, Running
from workshop.breaking.case import Case, NothingThere
from workshop.breaking.fault import InjectedFault
from workshop.breaking.faults import FAULTS, draw
from workshop.breaking.scene import scene
from workshop.breaking.stage import Stage
from workshop.errors import TOLD
from workshop.playground import directory_tenant
from workshop.playground.directory_tenant import OnlyInPractice, name_of_this_process
from workshop.show.table import Table

if TYPE_CHECKING:
    import ipywidgets  # type: ignore[import-untyped]

_directories = itertools.count(1)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def keys() -> dict[str, InjectedFault]:
    """Return a key for every fault: its level and a letter, which tell nothing of what it is."""
    made: dict[str, InjectedFault] = {}
    for level in sorted({fault.level for fault in FAULTS}):
        fit = [fault for fault in FAULTS if fault.level == level]
        mixed = random.Random(level).sample(fit, len(fit))  # noqa: S311 - the same keys in every run
        made |= {f"{level}{letter}": fault for letter, fault in zip(_LETTERS, mixed, strict=False)}
    return made


@dataclass(frozen=True, repr=False)
class Mystery:
    """Three cases; `mystery[1]` is the first.

    Attributes:
        offered: four failures for each, of which one is meant.
    """

    cases: tuple[Case, ...]
    offered: tuple[tuple[str, ...], ...]

    def __getitem__(self, number: int) -> Case:
        if not 1 <= number <= len(self.cases):
            raise NothingThere(f"There is no case {number}: they are counted from 1 to {len(self.cases)}.")
        return self.cases[number - 1]

    def __len__(self) -> int:
        return len(self.cases)

    def confirm(self, found: Sequence[object]) -> Table:
        """Diagnose each case, hold it beside what was found, mend it and try again."""
        rows = []
        for number, case in enumerate(self.cases, 1):
            guess = str(found[number - 1]) if number <= len(found) else ""
            diagnosed = ", ".join(case.diagnose().names)
            case.mend()
            again = "works" if case.attempt().works else "does not work"
            rows.append((str(number), guess, diagnosed, again))
        return Table(("", "you said", "diagnose says", "mended"), tuple(rows))

    def __repr__(self) -> str:
        return "\n\n".join(
            f"{case!r}\nIt is one of: {', '.join(names)}" for case, names in zip(self.cases, self.offered, strict=True)
        )

    def _repr_html_(self) -> str:
        return "".join(
            f"{case._repr_html_()}<div>It is one of: {escape(', '.join(names))}</div><br>"
            for case, names in zip(self.cases, self.offered, strict=True)
        )


@dataclass(eq=False)
class Room:
    """Opens cases, each in a directory tenant of its own."""

    running: Running = field(repr=False)
    _open: dict[str, Case] = field(default_factory=dict, repr=False)

    def open(self, key: str) -> Case:
        """Break something and return what a user sees of it. An earlier case of the same key is closed.

        Args:
            key: such as "1a", or the name of a failure.

        Raises:
            NothingThere: there is no such fault.
        """
        known = keys()
        wanted = key.strip().lower()
        by_failure = (known_key for known_key, fault in known.items() if fault.failure == wanted)
        key_found = wanted if wanted in known else next(by_failure, "")
        if not key_found:
            raise NothingThere(f"There is no fault {key!r}. `room` shows which there are.")
        return self._case(key_found, key_found, known[key_found])

    def mystery(self, seed: int, level: int = 3) -> Mystery:
        """Break three things that nobody chose, the same ones for the same seed.

        Args:
            level: the hardest there may be.
        """
        drawn = draw(seed, level)
        cases = tuple(self._case(f"mystery {n}", str(n), fault) for n, fault in enumerate(drawn, 1))
        names = sorted({fault.failure for fault in FAULTS})
        return Mystery(cases, tuple(_offered(random.Random(seed), fault.failure, names) for fault in drawn))  # noqa: S311

    def choose(self) -> ipywidgets.VBox:
        """Return a menu of the faults, with buttons to break, diagnose and mend; `open` does it without JavaScript."""
        return _chooser(self)

    def close(self) -> None:
        """Close every case."""
        for case in self._open.values():
            case.close()
        self._open.clear()

    def __repr__(self) -> str:
        return repr(self._table())

    def _repr_html_(self) -> str:
        return self._table()._repr_html_()

    def _table(self) -> Table:
        levels = {1: "it says what is wrong", 2: "it says where to look", 3: "it misleads"}
        known = keys()
        rows = []
        for level, words in levels.items():
            fit = [key for key in known if known[key].level == level]
            rows.append((str(level), words, f"{fit[0]} to {fit[-1]}"))
        return Table(("level", "the symptom", "faults"), tuple(rows))

    def _case(self, place: str, key: str, fault: InjectedFault) -> Case:
        before = self._open.pop(place, None)
        if before is not None:
            before.close()
        name = name_of_this_process("case", next(_directories))
        made = directory_tenant.make(self.running, name)
        stage = Stage(made.directory, made.domain, httpx.Client(timeout=ANSWER_SECONDS))
        broken = scene(stage)
        broken.closing.append(stage.http.close)
        names = {name.capitalize(): "{organization}"}
        names |= {stage.tenant_id: "{tenant}", broken.app.client_id: "{client}", stage.domain: "{domain}"}
        case = Case(key, names, fault, broken)
        self._open[place] = case
        return case


def room(running: Running | None) -> Room:
    """Return the room of a practice tenant.

    Raises:
        OnlyInPractice: this is an own tenant: nothing is broken there.
    """
    if running is None:
        raise OnlyInPractice
    return Room(running)


def _offered(chance: random.Random, right: str, names: list[str]) -> tuple[str, ...]:
    """Return four failures, the right one among them."""
    others = chance.sample([name for name in names if name != right], 3)
    return tuple(sorted([right, *others]))


def _chooser(room: Room) -> ipywidgets.VBox:
    """Return a menu of the faults and three buttons; what is seen stands below."""
    import ipywidgets

    menu = ipywidgets.Dropdown(options=list(keys()), description="fault")
    buttons = {name: ipywidgets.Button(description=name) for name in ("Break", "Diagnose", "Mend")}
    shown = ipywidgets.HTML()
    opened: list[Case] = []

    def press(button: ipywidgets.Button) -> None:
        for each in buttons.values():
            each.disabled = True
        try:
            shown.value = _html(room, opened, button.description, str(menu.value))
        except TOLD as error:
            shown.value = escape(str(error))
        finally:
            for each in buttons.values():
                each.disabled = False

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
