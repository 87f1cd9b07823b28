"""Lesson 01: what it says of requests and answers is read in the traffic that its own cells recorded."""

from __future__ import annotations

import json
from typing import Any

import pytest
from answers_lesson01 import MENDED
from lesson_kernel import Hop, Ran, run

from workshop.lesson.checks.lesson01 import MANIFEST, SEEN
from workshop.registration import codec
from workshop.registration.declarations import PROXY
from workshop.registration.seen import Snapshot
from workshop.registration.verification import verify

FIVE = {"redirect-path", "account-types", "access-token-version", "secret-value", "admin-consent"}

# What the lesson says without showing it. Each runs at the end, in the lesson's own kernel.
PROBES = {
    "again": "print(desk.apply(registration.PROXY))",
    "asked-once": "print(await sign_in())",
    "broken-again": """
colleague = place.colleague()
print(json.dumps([one.rule for one in colleague.verify().judged.wrong]))
""",
    "version-1": """
colleague.change({"web": {"redirectUris": ["http://localhost:8000/auth/callback"]}})
colleague.new_secret("secretText")
with lesson.recording(place.names(client=colleague.client_id)) as recorded:
    try:
        await sign_in()
    except Exception:
        print(recorded.refusal())
""",
    "made-by-hand": """
from workshop.registration.by_hand import by_hand as look_for
az_desk = place.desk("somebody")
print(az_desk.made_by_hand("MCP server (by hand)") == "", az_desk.made_by_hand("MCP server (by az)") == az.client_id)
""",
}


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ran]:
    """What each cell of the solved lesson printed and recorded."""
    return run("01", tmp_path_factory.mktemp("lesson01") / "state", PROBES)


def pages(hops: list[Hop]) -> list[str]:
    """Return every page of Entra that the browser saw."""
    return [hop.received["page"] for hop in hops if hop.target == "Entra" and "page" in hop.received]


def test_an_app_that_nobody_registered_is_refused(lesson: dict[str, Ran]) -> None:
    assert lesson["unknown"].printed.startswith("AADSTS700016: Application with identifier '{client}' was not found")


def test_the_three_have_the_same_settings(lesson: dict[str, Ran]) -> None:
    table = lesson["compare"].printed
    heading, *rows = table[table.index("setting ") :].splitlines()
    assert heading.split("  ")[0] == "setting"
    assert [word for word in ("by hand", "by az", "in Python") if word in heading] == ["by hand", "by az", "in Python"]
    assert len(rows) == 22
    assert "WRONG" not in table
    differing = [row.split("  ")[0] for row in rows if row.count("the same") != 2]
    assert differing == ["The secret your server has"]  # each in a file of its own


def test_the_second_time_nothing_is_done(lesson: dict[str, Ran]) -> None:
    assert "16 changes made" in lesson["compare"].printed
    assert "nothing to do" in lesson["again"].printed


def test_an_identifier_uri_has_one_owner(lesson: dict[str, Ran]) -> None:
    assert "Another object with the same value for property identifierUris already exists" in lesson["owner"].printed


def test_the_first_mistake_is_all_that_entra_tells(lesson: dict[str, Ran]) -> None:
    printed = lesson["goes-wrong"].printed
    assert "Nobody is signed in." in printed
    assert "AADSTS50011" in printed
    assert printed.count("AADSTS") == 1


def test_verify_tells_all_five(lesson: dict[str, Ran]) -> None:
    assert "5 settings are wrong" in lesson["verify"].printed
    assert set(json.loads(lesson["broken-again"].printed)) == FIVE  # broken again after it was mended


def test_mended_a_person_is_signed_in_and_nothing_is_wrong(lesson: dict[str, Ran]) -> None:
    printed = lesson["mended"].printed
    assert "Robin Marsh is signed in." in printed
    assert printed.strip().endswith("as it should be")


def test_each_person_is_asked_once_for_the_apps_own_scope(lesson: dict[str, Ran]) -> None:
    assert pages(lesson["mended"].traffic) == ["account-picker", "consent"]
    assert pages(lesson["asked-once"].traffic) == ["account-picker"]


def test_a_token_of_version_1_is_refused_by_the_server(lesson: dict[str, Ran]) -> None:
    assert "sts.windows.net" in lesson["version-1"].printed


def test_an_app_by_hand_is_told_from_one_the_workshop_made(lesson: dict[str, Ran]) -> None:
    assert lesson["made-by-hand"].printed.split() == ["True", "False"]


def test_no_secret_is_printed(lesson: dict[str, Ran]) -> None:
    assert not any("practice." in ran.printed.replace("practice.env", "") for ran in lesson.values())


# --- the check of exercise 1 ---


def judged(manifest: dict[str, Any]) -> set[str]:
    snapshot = Snapshot("manifest", SEEN, frozenset({"application"}), codec.application(manifest))
    return {one.rule for one in verify(snapshot, PROXY).wrong}


def test_the_manifest_of_the_check_has_the_mistakes_of_the_colleagues_app_and_no_other() -> None:
    assert judged(dict(MANIFEST)) == FIVE - {"secret-value", "admin-consent"}
    assert judged({**MANIFEST, **MENDED, "api": MANIFEST["api"] | MENDED["api"]}) == set()
