"""Each attack of the table on each server, and the table itself."""

from __future__ import annotations

from collections import Counter

import pytest
from named_tests import is_there

from . import attempts
from .table import ATTACKS, ELSEWHERE, SERVERS, Attack
from .target import Target


def cases() -> list[object]:
    """Return each attack on each server."""
    return [pytest.param(attack, server, id=f"{attack.name}-{server}") for attack in ATTACKS for server in SERVERS]


@pytest.mark.parametrize(("attack", "server"), cases())
def test_the_server_answers_as_the_table_says(attack: Attack, server: str, targets: dict[str, Target]) -> None:
    assert attack.attempt(targets[server]) == attack.answers[server]


def test_honest_clients_are_served(targets: dict[str, Target]) -> None:
    """Else the table would hold at servers that are walled up."""
    for name, at in targets.items():
        assert at.tool().status == (200 if name == "unprotected" else 401)
        if at.proxy is None:
            continue
        assert at.register().status == 201
        started = at.authorize(resource=at.server.url)
        assert (started.status, "/consent?txn_id=" in started.location) == (302, True)
        redeemed = at.redeem(at.code(at.client())).json()
        assert at.tool(redeemed["access_token"]).status == 200
        again = at.refresh(redeemed["refresh_token"]).json()
        assert at.tool(again["access_token"]).status == 200


def test_each_attack_stands_once_with_its_source_and_every_server() -> None:
    names = [row.name for row in (*ATTACKS, *ELSEWHERE)]
    assert [name for name, times in Counter(names).items() if times > 1] == []
    assert all(row.source for row in (*ATTACKS, *ELSEWHERE))
    assert all(set(attack.answers) == set(SERVERS) for attack in ATTACKS)
    written = {
        name
        for name, made in vars(attempts).items()
        if callable(made) and getattr(made, "__module__", "").endswith(".attempts") and not name.startswith("_")
    }
    assert written == {attack.attempt.__name__ for attack in ATTACKS}, "each attempt is in the table"


def test_the_tests_that_hold_the_others_are_there() -> None:
    for row in ELSEWHERE:
        assert row.tests, row.name
        for test in row.tests:
            assert is_there(test), test


@pytest.mark.parametrize(
    "test",
    [
        "tests/servers/test_forged.py::test_it_is_not_there",
        "tests/servers/test_forged.py::test_it_is_turned_away[a kind that nobody knows]",
        "tests/servers/test_nothing.py::test_it_is_turned_away",
        "tests/test_signin.py::TestNothing::test_msal_signs_in",
    ],
)
def test_one_that_is_not_there_is_seen(test: str) -> None:
    assert not is_there(test)


def test_print_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    """Show it; it is what a reader wants."""
    with capsys.disabled():
        print(f"\n\n{len(ATTACKS)} attacks on {len(SERVERS)} servers, {len(ELSEWHERE)} more held by other tests\n")
        for attack in ATTACKS:
            print(f"{attack.name:42} {attack.source}")
            by_answer: dict[str, list[str]] = {}
            for server, answer in attack.answers.items():
                by_answer.setdefault(answer, []).append(server)
            for answer, servers in by_answer.items():
                who = "every server" if len(servers) == len(SERVERS) else ", ".join(servers)
                print(f"{'':42}   {answer}: {who}")
