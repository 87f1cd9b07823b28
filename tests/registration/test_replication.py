"""Replicas that have not heard yet of what was just made: waited for, with an end, and nothing is doubled."""

from __future__ import annotations

import time

import pytest

from workshop.registration import desk
from workshop.registration.apply import NotSettled
from workshop.registration.declarations import PROXY
from workshop.registration.graph import GraphRefused

from .office import Office
from .whole import WHOLE


def test_an_apply_waits_until_everything_shows(office: Office) -> None:
    with office.running.directory(office.tenant_id).set(replication_delay=1.5):
        began = time.monotonic()
        office.desk.apply(WHOLE)
        assert time.monotonic() - began > 3  # the application, then its service principal
    assert len(office.apps()) == 1
    assert office.desk.plan(WHOLE).changes == ()
    assert office.desk.verify("", WHOLE).judged.wrong == ()


def test_whoever_can_not_see_its_own_application_yet_does_not_make_a_second_one(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first run gives up before the replica shows the application; a later one takes up its name."""
    monkeypatch.setitem(desk.PATIENCE, "practice", 0.1)
    with office.running.directory(office.tenant_id).set(replication_delay=3):
        for _ in range(2):
            with pytest.raises(GraphRefused, match=r"Registering the application: .*404"):
                office.desk.apply(PROXY)
        monkeypatch.setitem(desk.PATIENCE, "practice", 20)
        office.desk.apply(PROXY)
    assert len(office.apps()) == 1


def test_the_wait_ends_and_says_what_is_missing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.desk.apply(PROXY)
    office.done("DELETE", f"/servicePrincipals/{office.principal(office.kept_id())['id']}")
    monkeypatch.setitem(desk.PATIENCE, "practice", 0.2)
    with (
        office.running.directory(office.tenant_id).set(replication_delay=30),
        pytest.raises(GraphRefused, match="Making the service principal"),
    ):
        office.desk.apply(PROXY)


def test_not_settled_is_one_line() -> None:
    error = NotSettled(60, ())
    assert "\n" not in str(error)
    assert "after 60 s" in str(error)
