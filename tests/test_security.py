"""What SECURITY.md promises is held by tests that are there."""

from __future__ import annotations

import re

import pytest
from attacks.table import ATTACKS, SERVERS
from named_tests import PROJECT, is_there

TEXT = (PROJECT / "SECURITY.md").read_text(encoding="utf-8")
TABLE = "tests/attacks/test_table.py::test_the_server_answers_as_the_table_says"


def promises(text: str) -> list[str]:
    """Return the points below each heading What is promised."""
    sections = re.findall(r"^### What is promised\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    return [
        " ".join(point.split()) for section in sections for point in re.split(r"^- ", section, flags=re.MULTILINE)[1:]
    ]


def named_in(promise: str) -> list[str]:
    return [name for name in re.findall(r"`([^`]+)`", promise) if name.startswith("tests/") and "::" in name]


def missing(text: str) -> list[str]:
    """Return the promises without a test, and the tests that are not there."""
    named = {promise: named_in(promise) for promise in promises(text)}
    in_the_table = {f"{TABLE}[{attack.name}-{server}]" for attack in ATTACKS for server in SERVERS}
    gone = [test for tests in named.values() for test in tests if test not in in_the_table and not is_there(test)]
    return [promise for promise, tests in named.items() if not tests] + gone


def test_each_promise_names_a_test_that_is_there() -> None:
    assert len(promises(TEXT)) > 15
    assert missing(TEXT) == []


@pytest.mark.parametrize(
    "changed",
    [
        TEXT.replace("test_only_this_user_may_read_them", "test_only_this_user_may_write_them"),
        TEXT.replace("[huge body-proxy]", "[huge mind-proxy]"),
        TEXT.replace("### What is not promised", "- It never fails.\n\n### What is not promised", 1),
    ],
)
def test_one_that_is_not_held_is_seen(changed: str) -> None:
    assert changed != TEXT
    assert missing(changed)


def test_the_paths_and_settings_it_names_are_there() -> None:
    sample = (PROJECT / ".env.sample").read_text(encoding="utf-8")
    for name in set(re.findall(r"`((?:src|tests)/[\w/.]+)`", TEXT)):
        assert (PROJECT / name).exists(), name
    for setting in set(re.findall(r"`(ENTRA_\w+)`", TEXT)):
        assert f"{setting}=" in sample, setting


def test_it_gives_no_address_but_the_repositorys_own_form() -> None:
    assert "@" not in TEXT
    assert "Report a vulnerability" in TEXT
