"""Fifty seeded pairs of faults at once: at least one of the two is named rightly in at least 45."""

from __future__ import annotations

import itertools
import random

from workshop.breaking import FAULTS, Fault, Stage, scene
from workshop.diagnosis import Diagnosis, diagnose, walk

SEED = 7
PAIRS = 50
LEAST = 45

# A server fault costs servers of its own; a few of these pairs are enough.
MOST_WITH_SERVERS = 12


def drawn() -> list[tuple[Fault, Fault]]:
    """Return the pairs: faults that change different things, of different failures."""
    every = [(a, b) for a, b in itertools.combinations(FAULTS, 2) if not _collide(a, b)]
    random.Random(SEED).shuffle(every)  # noqa: S311 - to be the same in every run
    with_servers = [pair for pair in every if any("server" in fault.slot for fault in pair)][:MOST_WITH_SERVERS]
    without = [pair for pair in every if not any("server" in fault.slot for fault in pair)]
    return with_servers + without[: PAIRS - len(with_servers)]


def _collide(one: Fault, other: Fault) -> bool:
    slots = [set(fault.slot.split(" and ")) for fault in (one, other)]
    return bool(slots[0] & slots[1]) or one.failure == other.failure


def named(pair: tuple[Fault, Fault], stage: Stage) -> tuple[str, ...]:
    """Set both faults, do what the user does once, and return what is found by what the user sees."""
    broken = scene(stage)
    try:
        for fault in pair:
            fault.set(broken)
        outcome = broken.attempt()
        assert not outcome.works, [fault.how for fault in pair]
        if outcome.url:
            return Diagnosis(walk(outcome.url, http=broken.http, tell=lambda _: None)).names
        return diagnose(outcome.seen).names
    finally:
        broken.close()


def test_fifty_pairs(stage: Stage) -> None:
    pairs = drawn()
    assert len(pairs) == PAIRS
    found = [(pair, named(pair, stage)) for pair in pairs]
    missed = [(pair, names) for pair, names in found if not {fault.failure for fault in pair} & set(names)]
    both = sum({fault.failure for fault in pair} <= set(names) for pair, names in found)
    print(f"\n{PAIRS - len(missed)} of {PAIRS} pairs: at least one of the two named rightly; both in {both}")
    for pair, names in missed:
        print(f"missed: {' + '.join(fault.failure for fault in pair)}; found: {', '.join(names) or 'nothing'}")
    assert PAIRS - len(missed) >= LEAST
