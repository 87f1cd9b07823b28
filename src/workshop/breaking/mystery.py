"""A mystery: three cases that nobody chose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from workshop.breaking.case import Case, NothingThere
from workshop.show.table import Table


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
            said = str(found[number - 1]) if number <= len(found) else ""
            diagnosed = ", ".join(case.diagnose().names)
            case.mend()
            again = "works" if case.attempt().works else "does not work"
            rows.append((str(number), said, diagnosed, again))
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
