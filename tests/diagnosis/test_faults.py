"""Each failure: made to happen, diagnosed from the symptom alone, mended, seen working."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from workshop.breaking import FAULTS, InjectedFault, Scene, Stage, draw, scene
from workshop.diagnosis import Diagnosis, diagnose, walk
from workshop.diagnosis.knowledge import BY_NAME
from workshop.show.table import Table


def diagnosed(broken: Scene) -> tuple[str, ...]:
    """Return the names of what is found by the symptom alone."""
    outcome = broken.attempt()
    assert not outcome.works
    return walked(broken, outcome.url) if outcome.url else diagnose(outcome.seen).names


def walked(broken: Scene, url: str) -> tuple[str, ...]:
    """Return the names of what a walk to the server finds."""
    return Diagnosis(walk(url, http=broken.http, tell=lambda _: None)).names


@pytest.fixture(scope="module")
def table() -> Iterator[list[tuple[str, ...]]]:
    """The rows of what was seen; printed at the end."""
    rows: list[tuple[str, ...]] = []
    yield rows
    print("\n", Table(("", "failure", "set on", "how", "diagnosed, mended, seen working"), tuple(sorted(rows))), sep="")


def test_each_of_the_25_is_made_to_happen() -> None:
    assert {fault.number for fault in FAULTS} >= set(range(1, 26))
    assert {fault.failure for fault in FAULTS} <= BY_NAME.keys()
    assert {fault.level for fault in FAULTS} == {1, 2, 3}


def test_three_mysteries_from_a_seed() -> None:
    assert draw(7) == draw(7)
    assert len({draw(seed) for seed in range(20)}) > 10
    for seed in range(50):
        assert len({fault.failure for fault in draw(seed, level=1)}) == 3
        assert {fault.level for fault in draw(seed, level=1)} == {1}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.number:02}-{fault.failure}-{fault.where}")
def test_a_failure(fault: InjectedFault, stage: Stage, table: list[tuple[str, ...]]) -> None:
    broken = scene(stage)
    try:
        mend = fault.set(broken)
        assert diagnosed(broken) == (fault.failure,)
        mend()
        outcome = broken.attempt()
        assert outcome.works, outcome.seen
        table.append((f"{fault.number or ''}".rjust(2), fault.failure, fault.where, fault.how, "yes"))
    finally:
        broken.close()
