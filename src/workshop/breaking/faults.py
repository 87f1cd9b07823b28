"""Every fault, and three of them from a seed."""

from __future__ import annotations

import random

from workshop.breaking import acting, asking, presenting, proving, registering, serving
from workshop.breaking.fault import InjectedFault

MYSTERIES = 3


def draw(seed: int, level: int = 3) -> tuple[InjectedFault, ...]:
    """Return three faults of different failures, the same ones for the same seed.

    Args:
        level: the hardest there may be.
    """
    chosen: dict[str, InjectedFault] = {}
    fit = [fault for fault in FAULTS if fault.level <= level]
    for fault in random.Random(seed).sample(fit, len(fit)):  # noqa: S311 - the same in every run is what is wanted
        chosen.setdefault(fault.failure, fault)
    return tuple(chosen.values())[:MYSTERIES]


FAULTS: tuple[InjectedFault, ...] = (
    *asking.FAULTS,
    *registering.FAULTS,
    *proving.FAULTS,
    *acting.FAULTS,
    *presenting.FAULTS,
    *serving.FAULTS,
)
