"""Checks answer with a card, whatever a learner writes, and can fail."""

from __future__ import annotations

import asyncio
import importlib
import linecache
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from answers_lesson00 import crashes, right

from workshop.core.settings import Settings, Value, load
from workshop.lesson.checks import Card, Exercise, Verdict, examine, exercises
from workshop.lesson.checks.learner_code import told
from workshop.lesson.outline import LESSONS


@pytest.fixture
def practice(tmp_path: Path) -> Settings:
    return load({"WORKSHOP_TENANT": "practice"}, tmp_path)


@pytest.fixture
def own(tmp_path: Path) -> Settings:
    tenant = {"AZURE_TENANT_ID": "11111111-2222-4333-8444-555555555555"}
    return load({"WORKSHOP_TENANT": "own", **tenant}, tmp_path)


def exercise(name: str) -> Exercise:
    return next(one for lesson in EXERCISES.values() for one in lesson if one.name == name)


def written_in_a_cell(source: str) -> dict[str, Any]:
    """Run source as a notebook does: its frames are those of `__main__` and its lines can be read."""
    filename = f"<cell {abs(hash(source))}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(source, filename, "exec"), names)  # noqa: S102 - what a notebook does
    return names


EXERCISES = {lesson.number: exercises(lesson.number) for lesson in LESSONS}
ALL = [pytest.param(one, id=one.name) for lesson in EXERCISES.values() for one in lesson]

# The answers to the exercises of a lesson stand in a module of its number, such as answers_lesson07.
ANSWERS = [importlib.import_module(f"answers_lesson{number}") for number, known in EXERCISES.items() if known]
RIGHT = [answer for module in ANSWERS for answer in module.RIGHT]
WRONG = [answer for module in ANSWERS for answer in module.WRONG]
BEGUN = [answer for module in ANSWERS for answer in module.BEGUN]
IN_TENANT = {module.IN_TENANT for module in ANSWERS if hasattr(module, "IN_TENANT")}
"""Checks that need the practice tenant; they are tested beside the traffic of their lesson."""


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_a_right_answer_passes(name: str, answer: object, practice: Settings) -> None:
    assert examine(exercise(name), answer, practice).status == "passed"


@pytest.mark.parametrize(("name", "answer"), WRONG)
def test_a_wrong_answer_does_not(name: str, answer: object, practice: Settings) -> None:
    card = examine(exercise(name), answer, practice)
    assert card.status == "not yet"
    assert card.hint


def test_every_exercise_is_tested_with_right_and_wrong_answers() -> None:
    names = {one.name for lesson in EXERCISES.values() for one in lesson}
    assert names - IN_TENANT == {name for name, _ in RIGHT} == {name for name, _ in WRONG}
    assert names >= IN_TENANT


@pytest.mark.parametrize("one", ALL)
@pytest.mark.parametrize("answer", [..., [...], {"a": ...}, (1, ...)], ids=repr)
def test_an_answer_that_is_not_begun_is_your_turn(one: Exercise, answer: object, practice: Settings) -> None:
    card = examine(one, answer, practice, failures=5)
    assert card.status == "your turn"
    assert card.hint == one.hints[0]


@pytest.mark.parametrize(("name", "answer"), BEGUN)
def test_an_answer_that_is_begun_in_part_is_your_turn(name: str, answer: object, practice: Settings) -> None:
    assert examine(exercise(name), answer, practice).status == "your turn"


class Hostile:
    """An answer that raises whatever is done with it."""

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no")

    def __hash__(self) -> int:
        raise RuntimeError("no")

    def __repr__(self) -> str:
        raise RuntimeError("no")

    def __call__(self, *_: object) -> object:
        raise SystemExit(3)


@pytest.mark.parametrize("one", ALL)
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Hostile(), id="hostile"),
        pytest.param(Hostile, id="class"),
        pytest.param(crashes, id="name error"),
        pytest.param(lambda _account: 1 / 0, id="division"),
        pytest.param(sys.exit, id="exit"),
        pytest.param(1j, id="number"),
        pytest.param({}, id="empty"),
        pytest.param("x" * 9999, id="long"),
    ],
)
def test_nothing_makes_a_check_raise_or_pass(one: Exercise, answer: object, practice: Settings) -> None:
    card = examine(one, answer, practice)
    assert card.status == "not yet"
    assert len(card.message) < 500


def test_an_interrupt_still_interrupts(practice: Settings) -> None:
    def interrupted(_account: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        examine(exercise("sign-in-as"), interrupted, practice)


def test_a_crash_is_told_with_its_error_and_the_line_of_the_learners_cell(practice: Settings) -> None:
    cell = written_in_a_cell("import asyncio\n\nasync def sign_in_as(account):\n    return cilent.call(account)\n")
    card = examine(exercise("sign-in-as"), cell["sign_in_as"], practice)
    assert card.status == "not yet"
    assert "NameError in line 4 of its cell (`return cilent.call(account)`): name 'cilent'" in card.message
    assert "spelled right" in card.message


def test_the_line_is_the_learners_own_though_the_error_comes_from_a_library(practice: Settings) -> None:
    cell = written_in_a_cell("import json\ndef sign_in_as(account):\n    return json.loads(account)\n")
    card = examine(exercise("sign-in-as"), cell["sign_in_as"], practice)
    assert "JSONDecodeError in line 3 of its cell (`return json.loads(account)`)" in card.message


def test_the_first_error_of_a_group_is_told() -> None:
    cell = written_in_a_cell("def fail():\n    raise ExceptionGroup('both', [KeyError('upn'), ValueError()])\n")
    try:
        cell["fail"]()
    except ExceptionGroup as group:
        words = told(group)
    assert words.startswith("Your code stopped with KeyError in line 2 of its cell")
    assert "'upn'" in words


def test_code_that_waits_for_ever_is_ended(practice: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workshop.lesson.checks.learner_code.SECONDS", 0.05)

    async def waits(_account: str) -> None:
        await asyncio.Event().wait()

    card = examine(exercise("sign-in-as"), waits, practice)
    assert "TimeoutError" in card.message


def test_learner_code_is_awaited_though_a_loop_is_running(practice: Settings) -> None:
    async def cell() -> Card:
        return examine(exercise("sign-in-as"), right, practice)

    assert asyncio.run(cell()).status == "passed"


def test_a_token_in_an_answer_or_an_error_is_never_shown(practice: Settings) -> None:
    token = ".".join(("eyJ" + "hbGciOiJub25lIn0", "eyJ" + "zdWIiOiIxIn0", "c2ln" * 20))

    def raises(_account: str) -> None:
        raise ValueError(f"bad token {token}")

    for name, answer in (("which-tenant", token), ("sign-in-as", raises), ("sign-in-as", lambda _account: token)):
        card = examine(exercise(name), answer, practice)
        assert card.status == "not yet"
        assert "eyJ" not in repr(card) + card._repr_html_()


@pytest.mark.parametrize("one", ALL)
def test_hints_grow_stronger_with_each_failure_and_then_stay(one: Exercise, practice: Settings) -> None:
    hints = [examine(one, object(), practice, failures=n).hint for n in range(5)]
    assert hints == [one.hints[1], *[one.hints[2]] * 4]
    assert len(set(one.hints)) == 3


def test_a_passed_card_looks_the_same_however_often_it_failed_before(practice: Settings) -> None:
    cards = {repr(examine(exercise("which-tenant"), "practice", practice, failures=n)) for n in (0, 1, 7)}
    assert len(cards) == 1


def test_in_an_own_tenant_its_users_count(own: Settings) -> None:
    tenant_id = own.require("AZURE_TENANT_ID")
    assert examine(exercise("which-tenant"), "own", own).status == "passed"
    assert examine(exercise("which-tenant"), "practice", own).status == "not yet"
    for data, status in (
        ({"tenant_id": tenant_id, "name": "Someone"}, "passed"),
        ({"tenant_id": "another", "name": "Someone"}, "not yet"),
        ({"tenant_id": tenant_id, "name": ""}, "not yet"),
        (None, "not yet"),
    ):
        assert examine(exercise("sign-in-as"), lambda _account, data=data: data, own).status == status


def test_in_an_own_tenant_a_missing_tenant_id_is_told(tmp_path: Path) -> None:
    settings = Settings("own", tmp_path, tmp_path, {"WORKSHOP_TENANT": Value("own", "default", "")})
    card = examine(exercise("sign-in-as"), lambda _account: {}, settings)
    assert "AZURE_TENANT_ID is not set" in card.message


class Tags(HTMLParser):
    """Notes tags and attributes, and whether every tag is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen += [tag, *(name for name, _ in attrs)]
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("status", ["your turn", "not yet", "passed"])
def test_a_card_is_plain_html_that_says_its_status_in_words(status: Any) -> None:
    card = Card(status, "A <title>", "first & line\nsecond", "<script>alert(1)</script>")
    tags = Tags(card._repr_html_())
    assert set(tags.seen) == {"div", "b", "style"}
    assert tags.open == []
    for text in (card._repr_html_(), repr(card)):
        assert status.upper() in text
    # Text keeps the page's own colour, so that it reads on a dark page as on a light one.
    assert "color:#" not in card._repr_html_().replace("border-color", "")
    assert "background" not in card._repr_html_()


def test_what_stands_between_backticks_is_shown_as_code() -> None:
    card = Card("not yet", "A title", "Give `a < b` back, not `c`.", "One ` alone stays.")
    shown = card._repr_html_()
    assert "<code>a &lt; b</code> back, not <code>c</code>." in shown
    assert "One ` alone" in shown
    assert "`a < b`" in repr(card)


def test_a_verdict_without_a_hint_needs_none(practice: Settings) -> None:
    one = Exercise("x", "Do it", 1, lambda _a, _s: Verdict(False, "no"), ("only",), lambda: None)
    assert examine(one, 1, practice, failures=9).hint == "only"


@pytest.mark.parametrize("lesson", EXERCISES)
def test_names_are_used_once_and_minutes_are_few(lesson: str) -> None:
    names = [one.name for one in exercises(lesson)]
    assert len(set(names)) == len(names)
    assert all(1 <= one.minutes <= 10 for one in exercises(lesson))
    assert exercises("77") == ()
