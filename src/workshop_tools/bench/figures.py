"""Figures: measured in turns, told as medians with the lowest and the highest, and set in proportion."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Measure = Callable[[], float]


@dataclass(frozen=True)
class Plan:
    """How much is measured: each figure in this many rounds, each rate over this many seconds."""

    rounds: int
    seconds: int


@dataclass(frozen=True)
class Figure:
    """What one thing took or reached, once for each round."""

    name: str
    unit: str
    values: Sequence[float]

    @property
    def median(self) -> float:
        """Return the middle value."""
        return statistics.median(self.values)

    def over(self, other: Figure) -> Figure:
        """Return how many times the median of `other` this one's is."""
        return Figure(f"{self.name} : {other.name}", "x", [self.median / other.median])

    def __str__(self) -> str:
        spread = f"   ({_number(min(self.values))} to {_number(max(self.values))})" if len(self.values) > 1 else ""
        return f"  {self.name:<62} {_number(self.median):>8} {self.unit}{spread}"


@dataclass(frozen=True)
class Section:
    """A table: what was measured, how, and the figures."""

    title: str
    how: str
    figures: Sequence[Figure]
    note: str = ""

    def __str__(self) -> str:
        return "\n".join(filter(None, (self.title, f"  {self.how}", *map(str, self.figures), self.note)))


def in_turns(rounds: int, measures: Mapping[str, Measure]) -> dict[str, list[float]]:
    """Take every measure once in each round: whatever disturbs this machine meanwhile disturbs all of them."""
    taken: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            taken[name].append(measure())
    return taken


def milliseconds(name: str, seconds: Sequence[float]) -> Figure:
    """Return durations as a figure.

    Args:
        seconds: of each round.
    """
    return Figure(name, "ms", [1000 * value for value in seconds])


def seconds(name: str, taken: Sequence[float]) -> Figure:
    """Return long durations as a figure."""
    return Figure(name, "s", taken)


def rate(name: str, per_second: Sequence[float]) -> Figure:
    """Return rates as a figure."""
    return Figure(name, "/s", per_second)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
