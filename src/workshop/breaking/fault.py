"""What a fault is: how it is set, and how it is mended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from workshop.breaking.scene import Scene

Where = Literal["directory", "server", "client", "clock"]
Mend = Callable[[], object]


@dataclass(frozen=True)
class InjectedFault:
    """One fault.

    Attributes:
        failure: the name of the failure that it causes, as the diagnosis has it.
        number: its place among the 25 most reported; 0 for the others.
        level: 1 to 3, how hard it is to find.
        where: what it is set on.
        slot: what of the scene it changes: two faults with different slots can be set at once.
        how: what is done, in words.
        set: sets it and returns what mends it.
        by_hand: why a hand-written client makes it; "" where released libraries do it too.
    """

    failure: str
    number: int
    level: int
    where: Where
    slot: str
    how: str
    set: Callable[[Scene], Mend]
    by_hand: str = ""
