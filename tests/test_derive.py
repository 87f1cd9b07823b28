"""`workshop derive`: notebooks/ from solutions/, and nothing by hand."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import nbformat
import pytest

from workshop.commands.cli import main
from workshop.lesson.notebook_files import NotebookError, node, read, text_of
from workshop.show.figures import FIGURES
from workshop_tools.derive import learners, unsolved

if TYPE_CHECKING:
    from pathlib import Path

EXERCISE = """\
# Exercise
async def sign_in(account):
    # solution: begin
    # stub: return ...  # your turn
    await something()
    return account
    # solution: end

lesson.check("sign-in", sign_in)"""


def cell(kind: str, name: str, source: str, **more: Any) -> dict[str, Any]:
    made = {"cell_type": kind, "id": name, "source": source, "metadata": {}}
    return made | ({"outputs": [], "execution_count": None} if kind == "code" else {}) | more


def notebook(*cells: dict[str, Any]) -> nbformat.NotebookNode:
    metadata = {"kernelspec": {"name": "my-env", "display_name": "mine"}, "widgets": {}, "toc": 1}
    return node({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one solved notebook."""
    (tmp_path / "start.py").touch()
    (tmp_path / "solutions").mkdir()
    solved = notebook(
        cell("markdown", "title", "# Title"),
        cell("code", "exercise", EXERCISE, outputs=printed("secret answer"), execution_count=3),
        cell("code", "answer", "print('why')", metadata={"tags": ["solution"]}),
    )
    (tmp_path / "solutions" / "00-one.ipynb").write_text(text_of(solved), encoding="utf-8")
    monkeypatch.setenv("WORKSHOP_PROJECT", str(tmp_path))
    return tmp_path


def printed(text: str) -> list[dict[str, Any]]:
    return [{"output_type": "stream", "name": "stdout", "text": text}]


def test_a_region_becomes_its_stub_at_the_stubs_indentation() -> None:
    assert unsolved(EXERCISE) == (
        '# Exercise\nasync def sign_in(account):\n    return ...  # your turn\n\nlesson.check("sign-in", sign_in)'
    )


def test_a_stub_may_have_several_lines_and_a_cell_several_regions() -> None:
    region = "# solution: begin\n# stub: a = ...\n# stub: b = ...\na, b = 1, 2\n# solution: end"
    assert unsolved(f"{region}\nprint(a)\n{region}") == "a = ...\nb = ...\nprint(a)\na = ...\nb = ..."


@pytest.mark.parametrize(
    "source",
    [
        "# solution: begin\n# stub: a = ...\na = 1",
        "a = 1\n# solution: end",
        "# solution: begin\na = 1\n# solution: end",
        "# solution: begin\n# stub: a\n# solution: begin\n# solution: end",
    ],
    ids=["not closed", "not opened", "no stub", "nested"],
)
def test_a_broken_region_is_an_error_and_never_a_leaked_answer(source: str) -> None:
    with pytest.raises(NotebookError):
        unsolved(source)


def test_outputs_counts_and_metadata_go_and_ids_and_tags_stay() -> None:
    solved = notebook(
        cell("code", "hand-written", "1", outputs=printed("1"), execution_count=7,
             metadata={"tags": ["raises-exception"], "scrolled": True, "execution": {"iopub": "2026"}}),
    )  # fmt: skip
    derived = learners(solved)
    assert derived.cells[0] == {
        "cell_type": "code", "id": "hand-written", "source": "1", "outputs": [], "execution_count": None,
        "metadata": {"tags": ["raises-exception"]},
    }  # fmt: skip
    assert derived.metadata.kernelspec.name == "python3"
    assert set(derived.metadata) == {"kernelspec", "language_info"}


def test_deriving_leaves_no_trace_of_the_solution(project: Path) -> None:
    assert main(["derive"]) == 0
    text = (project / "notebooks" / "00-one.ipynb").read_text(encoding="utf-8")
    assert [cell["id"] for cell in json.loads(text)["cells"]] == ["title", "exercise"]
    for gone in ("something", "secret answer", "print('why')", "solution"):
        assert gone not in text


def test_check_is_quiet_when_all_is_derived(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["derive"])
    before = {path: path.stat().st_mtime_ns for path in project.rglob("*.*")}
    capsys.readouterr()
    assert main(["derive"]) == 0  # a second time nothing is written
    assert main(["derive", "--check"]) == 0
    assert capsys.readouterr().out == ""
    assert {path: path.stat().st_mtime_ns for path in project.rglob("*.*")} == before


def test_check_names_what_differs_and_changes_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["derive"])
    edited = project / "notebooks" / "00-one.ipynb"
    edited.write_text(edited.read_text(encoding="utf-8").replace("# Title", "# Titel"), encoding="utf-8")
    orphan = project / "notebooks" / "99-gone.ipynb"
    shutil.copy(edited, orphan)
    figure = project / "images" / "lesson-00-machine.svg"
    figure.unlink()
    capsys.readouterr()
    assert main(["derive", "--check"]) == 1
    named = capsys.readouterr().out
    for path in (edited, orphan, figure):
        assert f"differs {path.relative_to(project)}" in named
    assert orphan.exists()
    assert not figure.exists()
    main(["derive"])
    assert not orphan.exists()
    assert main(["derive", "--check"]) == 0


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_a_picture_with_a_title_on_a_white_card(name: str) -> None:
    drawn = ElementTree.fromstring(FIGURES[name]())  # noqa: S314 - drawn just now
    titles = [element.text for element in drawn.iter("{http://www.w3.org/2000/svg}title")]
    assert len(titles) == 1
    card = drawn.find("{http://www.w3.org/2000/svg}rect")
    assert card is not None
    assert card.get("fill") == "#ffffff"  # its dark text must not stand on a dark page


def test_two_cells_with_the_same_id_are_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = project / "solutions" / "00-one.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace('"title"', '"exercise"'), encoding="utf-8")
    assert main(["derive"]) == 1
    assert "00-one.ipynb: two cells have the id 'exercise'" in capsys.readouterr().err
    assert not (project / "notebooks").exists()


def test_run_stores_outputs_in_order_and_without_a_date(project: Path) -> None:
    path = project / "solutions" / "00-one.ipynb"
    cells = [cell("code", "one", "print(40 + 2)", execution_count=9), cell("code", "two", "'twice'")]
    path.write_text(text_of(notebook(*cells)), encoding="utf-8")
    assert main(["derive", "--run"]) == 0
    first = path.read_bytes()
    ran = read(path)
    assert [one.execution_count for one in ran.cells] == [1, 2]
    assert ran.cells[0].outputs[0].text == "42\n"
    assert all(one.metadata == {} for one in ran.cells)
    assert main(["derive", "--run", "00"]) == 0
    assert path.read_bytes() == first
