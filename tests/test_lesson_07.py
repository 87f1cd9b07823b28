"""Lesson 07: what it says of failures is read in the traffic that its own cells recorded."""

from __future__ import annotations

import re

import pytest
from lesson_kernel import PROJECT, Hop, Ran, run

from workshop.breaking import FAULTS, draw, keys
from workshop.diagnosis.knowledge import BY_NAME
from workshop.lesson.checks.lesson07 import MYSTERY
from workshop.lesson.notebook_files import read
from workshop.lesson.outline import outline

# What the lesson says without showing it. Each runs at the end, in the lesson's own kernel.
PROBES = {
    "right-registration": "print(repr(room.open('2p').verify_registration()))",
    "nothing-there": """
for wrong in (lambda: room.open("9z"), lambda: room.open("1p").token, lambda: room.open("1p").server,
              lambda: mystery[4], lambda: case.restart({"ENTRA_PROXY_JWT_SIGNING_KEY": "short"}),
              lambda: room.open("1p").change(web={"redirectUris": ["no address"]})):
    try:
        wrong()
    except breaking.NothingThere as error:
        print(error._render_traceback_()[0])
""",
    "own-directory": """
print(len({one.names and next(iter(one.names)) for one in (room.open("1a"), room.open("1b"), *mystery.cases)}))
""",
    "menu": """
box = room.choose()
menu, (broke, diagnosed, mended), shown = box.children[0], box.children[1].children, box.children[2]
diagnosed.click()
print(shown.value)
menu.value = "1p"
broke.click()
print("AADSTS50011" in shown.value)
diagnosed.click()
print("redirect-uri" in shown.value or "redirect URI" in shown.value)
mended.click()
print("It works" in shown.value)
room.close()
""",
}


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ran]:
    """What each cell of the solved lesson printed and recorded."""
    return run("07", tmp_path_factory.mktemp("lesson") / "state", PROBES)


def to_entra(hops: list[Hop]) -> list[Hop]:
    """Return the hops to Entra."""
    return [hop for hop in hops if hop.target == "Entra"]


def test_the_keys_of_the_lesson_lead_to_a_registration_a_setting_and_a_client() -> None:
    known = keys()
    assert len(known) == len(FAULTS) == 48
    named = [(known[key].failure, known[key].level, known[key].where) for key in ("1p", "2p", "3h")]
    assert named == [
        ("redirect-uri-not-registered", 1, "directory"),
        ("client-forgotten", 2, "server"),
        ("assertion-without-a-user", 3, "client"),
    ]
    prose = "\n".join(cell.source for cell in read(PROJECT / "solutions" / outline("07").filename).cells)
    for level in "123":
        first, *_, last = [key for key in known if key[0] == level]
        assert f"`{first}` to `{last}`" in prose


def test_the_check_expects_what_the_seed_draws() -> None:
    assert tuple(fault.failure for fault in draw(10, level=2)) == MYSTERY


def test_what_to_clear_is_what_the_knowledge_says() -> None:
    (cell,) = [one for one in read(PROJECT / "solutions" / outline("07").filename).cells if one.id == "restarts-read"]
    known = BY_NAME["client-forgotten"].mend.client
    cleared = ("Remove Dynamic Authentication Providers", "Clear OAuth State", "remove the connector and add it again",
               "Clear authentication", "token storage")  # fmt: skip
    for words in cleared:
        assert words in cell.source
        assert words in known


def test_the_symptom_names_no_cause(lesson: dict[str, Ran]) -> None:
    for cell, name in (("level-one", "redirect-uri-not-registered"), ("level-two", "client-forgotten")):
        assert "WHAT YOU SEE" in lesson[cell].printed
        assert name not in lesson[cell].printed


def test_entra_refuses_the_redirect_uri_that_the_address_asks_for(lesson: dict[str, Ran]) -> None:
    (asked,) = [hop for hop in to_entra(lesson["level-one"].traffic) if hop.status == 400]
    assert (asked.source, asked.path.rpartition("/")[2]) == ("Browser", "authorize")
    assert asked.sent["redirect_uri"] in lesson["registration"].printed
    assert "AADSTS50011" in lesson["level-one"].printed


def test_registering_it_mends_it(lesson: dict[str, Ran]) -> None:
    assert lesson["mend-one"].printed.strip().endswith("It works: nothing is refused.")
    last = to_entra(lesson["mend-one"].traffic)[-1]
    assert (last.path.rpartition("/")[2], last.status) == ("token", 200)


def test_a_forgotten_client_meets_the_server_and_never_entra(lesson: dict[str, Ran]) -> None:
    hops = lesson["level-two"].hops
    assert not to_entra(hops)
    assert not [hop for hop in hops if hop.path.endswith("/register")]
    assert hops[-1].line.startswith("Browser -> MCP server GET /authorize")
    assert hops[-1].status == 400
    assert lesson["right-registration"].printed.startswith("THE REGISTRATION IS RIGHT")


def test_what_survives_a_restart(lesson: dict[str, Ran]) -> None:
    rows = [re.split(r"  +", line) for line in lesson["restarts"].printed.strip().splitlines()[-3:]]
    lost, page = "Client Not Registered", "the sign-in page"
    assert rows == [
        ["in memory", lost, lost],
        ["in files", page, lost],
        ["in files, fixed key", page, page],
    ]
    asked = [hop for hop in lesson["restarts"].traffic if hop.path == "/authorize"]
    assert [hop.status for hop in asked] == [400, 400, 302, 400, 302, 302]


def test_the_token_shown_on_behalf_of_nobody_is_another_than_the_users(lesson: dict[str, Ran]) -> None:
    signed_in, exchanged = [hop for hop in lesson["level-three"].hops if hop.path.endswith("/token")]
    assert exchanged.status == 400
    assert signed_in.received_marks["access_token"] != exchanged.sent_marks["assertion"]
    assert "app-only" in lesson["read-token"].printed
    assert not re.search(r"^  scp\b", lesson["read-token"].printed, re.MULTILINE)


def test_the_three_are_confirmed_and_mended(lesson: dict[str, Ran]) -> None:
    rows = [line.split() for line in lesson["confirm"].printed.strip().splitlines()[-3:]]
    assert rows == [[str(number), name, name, "works"] for number, name in enumerate(MYSTERY, 1)]
    assert "graphs-token" not in lesson["mystery-token"].printed


def test_a_mystery_offers_four_names_and_one_is_right(lesson: dict[str, Ran]) -> None:
    offered = re.findall(r"It is one of: (.*)", lesson["mystery"].printed)
    assert len(offered) == len(MYSTERY)
    for names, right in zip(offered, MYSTERY, strict=True):
        assert right in names.split(", ")
        assert len(set(names.split(", ")) & BY_NAME.keys()) == 4


def test_each_case_has_a_directory_of_its_own(lesson: dict[str, Ran]) -> None:
    assert lesson["own-directory"].printed.strip() == "5"


def test_what_is_not_there_is_said_in_one_line(lesson: dict[str, Ran]) -> None:
    lines = lesson["nothing-there"].printed.strip().splitlines()
    assert [line.split(" ")[0] for line in lines] == [
        "There",
        "No",
        "No",
        "There",
        "ENTRA_PROXY_JWT_SIGNING_KEY",
        "Microsoft",
    ]


def test_the_menu_breaks_diagnoses_and_mends(lesson: dict[str, Ran]) -> None:
    said = lesson["menu"].printed.strip().splitlines()
    assert said == ["Choose a fault and press Break first.", "True", "True", "True"]


def test_no_token_and_no_secret_stands_in_an_output(lesson: dict[str, Ran]) -> None:
    printed = "".join(ran.printed for name, ran in lesson.items() if name not in PROBES)
    assert "eyJ" not in printed
    assert not re.search(r"practice\.\w{8}", printed)
