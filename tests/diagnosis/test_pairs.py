"""Fifty seeded pairs of faults at once: at least one of the two is named rightly in at least 45."""

from __future__ import annotations

import itertools
import random

from workshop.breaking import FAULTS, InjectedFault, Scene, Stage, scene
from workshop.diagnosis import Diagnosis, diagnose, walk

SEED = 7
PAIRS = 50
LEAST = 45

# A server fault costs servers of its own; a few of these pairs are enough.
MOST_WITH_SERVERS = 12


def drawn() -> list[tuple[InjectedFault, InjectedFault]]:
    """Return the pairs: faults that change different things, of different failures."""
    every = [(a, b) for a, b in itertools.combinations(FAULTS, 2) if not _collide(a, b)]
    random.Random(SEED).shuffle(every)  # noqa: S311 - to be the same in every run
    with_servers = [pair for pair in every if any("server" in fault.slot for fault in pair)][:MOST_WITH_SERVERS]
    without = [pair for pair in every if not any("server" in fault.slot for fault in pair)]
    return with_servers + without[: PAIRS - len(with_servers)]


def _collide(one: InjectedFault, other: InjectedFault) -> bool:
    slots = [set(fault.slot.split(" and ")) for fault in (one, other)]
    return bool(slots[0] & slots[1]) or one.failure == other.failure


def named(broken: Scene) -> tuple[str, ...]:
    """Do what the user does once, and return what is found by what the user sees; nothing if all went well."""
    outcome = broken.attempt()
    if outcome.works:
        return ()
    if outcome.url:
        return Diagnosis(walk(outcome.url, http=broken.http, tell=lambda _: None)).names
    return diagnose(outcome.seen).names


def one_after_the_other(pair: tuple[InjectedFault, InjectedFault], stage: Stage) -> tuple[tuple[str, ...], bool]:
    """Set both faults and return what is found, and whether the other is found once the first is mended."""
    broken = scene(stage)
    try:
        mends = {fault.failure: fault.set(broken) for fault in pair}
        found = named(broken)
        first = next((name for name in found if name in mends), "")
        if not first:
            return found, False
        mends.pop(first)()
        return found, set(named(broken)) == mends.keys()
    finally:
        broken.close()


def test_fifty_pairs(stage: Stage) -> None:
    pairs = drawn()
    assert len(pairs) == PAIRS
    found = [(pair, *one_after_the_other(pair, stage)) for pair in pairs]
    missed = [(pair, names) for pair, names, _ in found if not {fault.failure for fault in pair} & set(names)]
    others = [pair for pair, _, then in found if not then]
    print(f"\n{PAIRS - len(missed)} of {PAIRS} pairs: at least one of the two named rightly")
    print(f"{PAIRS - len(others)} of {PAIRS}: the other one too, once the first was mended")
    for pair, names in missed:
        print(f"missed: {_words(pair)}; found: {', '.join(names) or 'nothing'}")
    for pair in others:
        print(f"not one after the other: {_words(pair)}")
    assert PAIRS - len(missed) >= LEAST


def _words(pair: tuple[InjectedFault, InjectedFault]) -> str:
    return " + ".join(fault.failure for fault in pair)
