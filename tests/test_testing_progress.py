"""How far a run of the tests is, and how long it still takes."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from workshop_tools.testing.progress import Progress, in_words, read

TESTS = [f"tests/test_it.py::test_{number}" for number in range(10)]


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def progress(clock: Clock, out: io.StringIO, expected: float = 100.0, later: float = 20.0) -> Progress:
    made = Progress({}, expected, later, out, clock)
    made.collected(TESTS)
    return made


def test_at_first_what_was_expected_is_left_and_at_the_end_only_what_comes_later() -> None:
    clock = Clock()
    made = progress(clock, io.StringIO())
    assert made.left() == 120
    for test in TESTS:
        clock.now += 10
        made.report(test, 10, ended=True)
    assert made.left() == pytest.approx(20)


def test_a_machine_that_is_twice_as_slow_as_expected_is_told_so_with_time() -> None:
    clock = Clock()
    made = progress(clock, io.StringIO(), later=0)
    for test in TESTS[:5]:
        clock.now += 20
        made.report(test, 20, ended=True)
    assert made.left() == pytest.approx(100)


def test_where_nobody_knows_what_to_expect_it_tells_by_what_has_run() -> None:
    clock = Clock()
    made = progress(clock, io.StringIO(), expected=0, later=0)
    assert made.line() == "0 of 10"
    clock.now += 30
    made.report(TESTS[0], 30, ended=True)
    assert made.left() == pytest.approx(270)


def test_a_long_test_counts_for_more_than_a_short_one() -> None:
    made = Progress({TESTS[0]: 90.0, TESTS[1]: 10.0}, 100, 0, io.StringIO(), clock := Clock())
    made.collected(TESTS[:2])
    clock.now += 90
    made.report(TESTS[0], 90, ended=True)
    assert made.left() == pytest.approx(10)


def test_a_test_counts_once_all_its_phases_have_passed() -> None:
    made = progress(Clock(), io.StringIO())
    made.report(TESTS[0], 1, ended=False)
    assert made.line().startswith("0 of 10, about ")
    made.report(TESTS[0], 1, ended=True)
    made.report(TESTS[1], 1, ended=True, failed="why")
    assert made.line().startswith("2 of 10, 1 failed, about ")
    assert made.ran == {TESTS[0]: 2, TESTS[1]: 1}


def test_in_a_terminal_one_line_moves_and_elsewhere_a_line_comes_now_and_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for out, lines in ((Terminal(), 0), (io.StringIO(), 3)):
        clock = Clock()
        made = progress(clock, out)
        for test in TESTS:
            clock.now += 10
            made.report(test, 10, ended=True)
        assert out.getvalue().count("\n") == lines
        assert out.getvalue().count("\r\x1b[K") == (10 if isinstance(out, Terminal) else 0)


def test_a_failure_is_named_when_it_happens() -> None:
    out = io.StringIO()
    progress(Clock(), out).report(TESTS[3], 1, ended=False, failed="assert 1 == 2")
    assert out.getvalue() == f"FAILED {TESTS[3]}: assert 1 == 2\n"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "10 s"), (44, "40 s"), (89, "90 s"), (95, "2 min"), (600, "10 min")]
)
def test_durations_are_told_as_a_person_does(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"a": "b"}'])
def test_figures_that_cannot_be_read_are_none(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "tests.json").write_text(content, "utf-8")
    assert read(tmp_path / "tests.json") == {}
