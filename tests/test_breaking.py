"""What a notebook shows of something broken: readable, the same in every run, and no token."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from workshop.breaking.symptom import TOKEN, ShownSymptom, steady, symptom
from workshop.diagnosis.guide import NAME, guide, page, save
from workshop.diagnosis.knowledge import FAILURES, Failure, Remedy
from workshop.playground.directory_tenant import OnlyInPractice

NAMES = {"0a1b2c3d-0000-4000-8000-000000000001": "{client}", "0a1b2c3d": "{client}", "abc": "{tenant}"}
RUN = "Trace ID: 11 Correlation ID: 22 Timestamp: 2026-11-21 16:53:01Z"
SIGN_IN = "https://login.microsoftonline.com/abc/oauth2/v2.0/authorize"


def test_a_request_is_shown_parameter_by_parameter() -> None:
    seen = f"GET {SIGN_IN}?client_id=0a1b2c3d-0000-4000-8000-000000000001&scope=openid+api%3A%2F%2Fx%2Fread&state=s"
    assert symptom(seen, NAMES).text.splitlines() == [
        "GET https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize",
        "    client_id={client}",
        "    scope=openid api://x/read",
    ]


@pytest.mark.parametrize("trace", [RUN, RUN.replace(" ", "+").replace(":", "%3A")])
def test_what_is_another_in_every_run_is_left_out(trace: str) -> None:
    seen = f"http://localhost:8000/auth/callback?error=a&error_description=AADSTS1%3A+No.+{trace}&state=s"
    assert symptom(seen, {}).text.splitlines()[1:] == ["    error=a", "    error_description=AADSTS1: No."]


def test_an_answer_of_the_token_endpoint_loses_its_ids_and_times() -> None:
    answer = {"error": "invalid_grant", "error_description": f"AADSTS65001: No. {RUN}", "error_codes": [65001]}
    text = json.dumps(answer | {"timestamp": "2026-11-21 16:53:01Z", "trace_id": "11", "correlation_id": "22"})
    assert symptom(text, {}).text == "error: invalid_grant\nerror_description: AADSTS65001: No."
    assert not re.search("2026|trace|correlation", steady(text, {}))
    assert "65001" in steady(text, {})


def test_of_a_page_the_words_are_shown_and_of_headers_those_that_tell() -> None:
    page = "<html><head><style>p {}</style></head><body><h1>Client Not Registered</h1><p>Go</p></body></html>"
    seen = f'HTTP/1.1 401\ndate: today\nwww-authenticate: Bearer error="x"\n\n{page}'
    assert symptom(seen, {}).text.splitlines() == [
        "HTTP/1.1 401", 'www-authenticate: Bearer error="x"', "Client Not Registered", "Go",
    ]  # fmt: skip


def test_no_token_is_shown() -> None:
    # In pieces, so that no scanner takes it for a real one.
    token = ".".join(("ey" + "J0eXAi", "ey" + "JhdWQi", "c2ln"))
    assert symptom(token, {}).text == TOKEN
    assert token not in symptom(f"the log says {token} here", {}).text


def test_a_symptom_displays_as_text_and_as_html_without_markup_of_its_own() -> None:
    shown = ShownSymptom("<b>no</b>")
    assert repr(shown) == "WHAT YOU SEE\n  <b>no</b>"
    assert "<b>no" not in shown._repr_html_()
    assert ShownSymptom("").works
    assert "It works" in ShownSymptom("")._repr_html_()


def test_nothing_is_broken_in_an_own_tenant() -> None:
    from workshop.breaking import room

    with pytest.raises(OnlyInPractice):
        room(None)


def test_the_page_has_all_of_the_guide(tmp_path: Path) -> None:
    said = repr(save(tmp_path / "my-work"))
    assert f"my-work/{NAME}" in said
    assert str(tmp_path) not in said
    assert [one.name for one in (tmp_path / "my-work").iterdir()] == [NAME]
    text = (tmp_path / "my-work" / NAME).read_text("utf-8")
    assert text == page()
    assert text.count("<div ") == len(guide().rows)
    assert {one.number for one in FAILURES if one.number} == set(range(1, 26))
    assert "@page { size: A4 landscape" in text


def test_a_folder_that_takes_no_file_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    assert f"taken/{NAME} can't be written: " in repr(save(tmp_path / "taken"))


def test_the_page_shows_what_is_known_as_text() -> None:
    odd = Failure("odd", "<script>", (), "a & b", Remedy(az="az <id>"), "https://x.example")
    for shown in (page((odd,)), guide((odd,))._repr_html_()):
        assert "<b>&lt;script&gt;</b> <br>a &amp; b<br>→ <i>az: az &lt;id&gt;</i></div>" in shown
        assert "<script" not in shown
