"""A solved lesson prints the same in two kernels at once, from a cold start."""

from __future__ import annotations

from pathlib import Path

from .running import each, ended, started


@each
def test_a_solution_prints_the_same_in_two_kernels_at_once(path: Path, tmp_path: Path) -> None:
    both = [started(path, tmp_path / "state") for _ in range(2)]
    for code, printed in [ended(process) for process in both]:
        assert code == 0, printed
