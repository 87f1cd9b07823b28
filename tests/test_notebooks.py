"""Every notebook: its form, its links, its stored outputs. That it runs is seen by two suites and by `lessons/`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from workshop.commands.cli import COMMANDS
from workshop.lesson import outline as lessons
from workshop.lesson.checks import exercises
from workshop.lesson.notebook_files import METADATA
from workshop_tools.derive import stale

PROJECT = Path(__file__).resolve().parent.parent
SOLUTIONS = sorted((PROJECT / "solutions").glob("*.ipynb"))
NOTEBOOKS = sorted((PROJECT / "notebooks").glob("*.ipynb"))

IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")

solved = pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
unsolved = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
each = pytest.mark.parametrize("path", SOLUTIONS + NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")

Notebook = dict[str, Any]


def load(path: Path) -> Notebook:
    # As it stands in the file: nbformat would mend it while reading.
    notebook: Notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return notebook


def code(notebook: Notebook) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def prose(notebook: Notebook) -> str:
    return "\n\n".join(cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "markdown")


# --- form ---


def test_there_is_a_notebook_for_every_solution_and_no_other() -> None:
    assert [path.name for path in NOTEBOOKS] == [path.name for path in SOLUTIONS]
    assert [path.name for path in NOTEBOOKS] == [lesson.filename for lesson in lessons.written(PROJECT)]
    assert NOTEBOOKS


def test_nothing_derived_is_stale() -> None:
    assert stale(PROJECT) == []


@each
def test_one_h1_which_is_the_title(path: Path) -> None:
    titles = re.findall(r"^# (.+)$", prose(load(path)), flags=re.MULTILINE)
    assert titles == [lessons.outline(path.name[:2]).title]


@each
def test_the_claim_comes_first_and_the_recap_and_next_link_last(path: Path) -> None:
    cells = load(path)["cells"]
    assert "you will have shown" in cells[0]["source"]
    assert "## Recap" in cells[-1]["source"]
    assert "**Next:**" in cells[-1]["source"]
    assert "## In your own tenant" in cells[-2]["source"]


@each
def test_the_first_code_cell_is_the_start_cell(path: Path) -> None:
    first = code(load(path))[0]["source"]
    assert first == f'from workshop.lesson import begin\n\nlesson = begin("{path.name[:2]}")'


@unsolved
def test_its_size_is_that_of_half_an_hour(path: Path) -> None:
    size = lessons.size(path)
    assert 12 <= size.code_cells <= 18
    assert 600 <= size.words <= 1200
    assert size.longest_cell <= 12


@unsolved
def test_a_solved_cell_is_short_too(path: Path) -> None:
    for cell in code(load(PROJECT / "solutions" / path.name)):
        lines = [line for line in cell["source"].splitlines() if not line.strip().startswith(("# solution", "# stub"))]
        assert len(lines) <= 12, cell["id"]


@each
def test_images_have_alt_text_and_exist(path: Path) -> None:
    images = IMAGE.findall(prose(load(path)))
    # Screenshots show where to click: as many as there are pages.
    figures = [target for _, target in images if target.endswith(".svg")]
    assert 1 <= len(figures) <= 2
    for alt, target in images:
        assert len(alt) > 40, f"{target} needs a description"
        # Read in notebooks/, solutions/ and my-work/ alike: all are one folder below the project.
        assert target.startswith("../images/")
        assert (PROJECT / "images" / target.removeprefix("../images/")).is_file()


@each
def test_links_lead_somewhere(path: Path) -> None:
    for target in LINK.findall(prose(load(path))):
        if not target.startswith(("https://", "#")):
            assert (path.parent / target).is_file(), target


@each
def test_ids_are_written_by_hand_and_used_once(path: Path) -> None:
    ids = [cell["id"] for cell in load(path)["cells"]]
    assert len(set(ids)) == len(ids)
    for name in ids:
        assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", name), name
        assert not re.fullmatch(r"[0-9a-f]{6,}(-[0-9a-f-]+)?", name), f"{name} looks random"


@each
def test_exercises_are_those_that_are_checked_with_their_minutes(path: Path) -> None:
    notebook = load(path)
    known = exercises(path.name[:2])
    assert 2 <= len(known) <= 3
    headings = re.findall(r"^### Exercise (\d): (.+) \((\d+) minutes?\)$", prose(notebook), flags=re.MULTILINE)
    assert headings == [
        (str(number), one.title[0].lower() + one.title[1:], str(one.minutes)) for number, one in enumerate(known, 1)
    ]
    source = "\n".join(cell["source"] for cell in code(notebook))
    assert re.findall(r'lesson\.check\("([^"]+)"', source) == [one.name for one in known]


@solved
def test_a_solution_is_one_to_five_lines(path: Path) -> None:
    for cell in code(load(path)):
        for region in re.findall(r"# solution: begin\n(.*?)# solution: end", cell["source"], flags=re.DOTALL):
            lines = [line for line in region.splitlines() if line.strip() and "# stub: " not in line]
            assert 1 <= len(lines) <= 5, cell["id"]
            assert "..." in region


@each
def test_no_notebook_imports_the_practice_tenant(path: Path) -> None:
    assert not re.search(r"workshop\.tenant|import tenant", "\n".join(cell["source"] for cell in code(load(path))))


@unsolved
def test_the_learners_notebook_has_no_outputs_and_no_solution(path: Path) -> None:
    notebook = load(path)
    assert notebook["metadata"] == METADATA
    for cell in code(notebook):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None
        assert "solution:" not in cell["source"]


# --- stored outputs ---


@solved
def test_every_cell_was_run_in_order_from_a_cold_start(path: Path) -> None:
    notebook = load(path)
    assert notebook["metadata"] == METADATA
    cells = code(notebook)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert all(set(cell["metadata"]) <= {"tags"} for cell in cells)


@solved
def test_no_output_holds_a_token_a_traceback_or_a_path_of_the_authors_machine(path: Path) -> None:
    for cell in code(load(path)):
        text = json.dumps(cell["outputs"])
        for never in (r"eyJ[A-Za-z0-9_-]{8}", r"Traceback", r"/(tmp|home|root)/", re.escape(str(PROJECT))):
            assert not re.search(never, text), f"{cell['id']}: {never}"
        for output in cell["outputs"]:
            assert output["output_type"] != "error"
            assert output.get("name") != "stderr"


@solved
def test_html_outputs_have_text_beside_them_and_no_script(path: Path) -> None:
    for cell in code(load(path)):
        for output in cell["outputs"]:
            data = output.get("data", {})
            if "text/html" in data:
                html = "".join(data["text/html"]).lower()
                assert data["text/plain"]
                assert "<script" not in html
                assert "<svg" not in html  # hidden in a notebook that is not trusted: an image element is not
                assert all("alt=" in image for image in re.findall(r"<img[^>]*>", html))


# --- the README and the commands ---


def test_the_readme_lists_the_lessons_as_they_are() -> None:
    rows = re.findall(
        r"^\| (\d\d) \| (.+?) \| (\d+) \| (.+?) \|$", (PROJECT / "README.md").read_text("utf-8"), re.MULTILINE
    )
    there = lessons.written(PROJECT)
    assert len(rows) == len(lessons.LESSONS)
    for (number, title, minutes, shows), lesson in zip(rows, lessons.LESSONS, strict=True):
        link = f"[{lesson.title}](notebooks/{lesson.filename}) ([solved](solutions/{lesson.filename}))"
        assert title == (link if lesson in there else f"{lesson.title} (coming)")
        assert (number, int(minutes), shows) == (lesson.number, lesson.minutes, lesson.shows)


def test_the_readme_links_lead_somewhere_and_its_pictures_have_alt_text() -> None:
    text = (PROJECT / "README.md").read_text("utf-8")
    images = IMAGE.findall(text)
    targets = [target for _, target in images] + LINK.findall(re.sub(IMAGE, "", text))
    for target in targets:
        if not target.startswith(("https://", "#")):
            assert (PROJECT / target).is_file(), target
    assert all(len(alt) > 40 for alt, _ in images)


def test_the_readme_names_only_commands_there_are() -> None:
    text = (PROJECT / "README.md").read_text("utf-8")
    named = set(re.findall(r"workshop ([a-z]+)", "\n".join(re.findall(r"`([^`]+)`", text))))
    assert {"start", "doctor", "progress", "tenant"} <= named
    assert named <= set(COMMANDS)


def test_the_command_lists_every_lesson_with_its_size() -> None:
    listed = lessons.table(PROJECT).splitlines()
    assert len(listed) == 1 + len(lessons.LESSONS)
    size = lessons.size(NOTEBOOKS[0])
    assert listed[1].split()[-2:] == [str(size.words), str(size.code_cells)]
    assert listed[-1].endswith("coming") == (len(NOTEBOOKS) < len(lessons.LESSONS))


@pytest.mark.parametrize(
    ("markdown", "words"),
    [("Two words", 2), ("![a picture](x.svg) one", 1), ("[two words](https://a.b/c)", 2), ("| a | b |\n|---|---|", 2)],
)
def test_words_are_those_that_are_read(markdown: str, words: int) -> None:
    assert lessons.words_in(markdown) == words
