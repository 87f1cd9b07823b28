"""The drawing of the house: rooms, floors, arrows, and what it does where rooms stand on each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from workshop_tools import house


@pytest.fixture
def source(tmp_path: Path) -> Path:
    files = {
        "workshop/__init__.py": "",
        "workshop/__main__.py": "import workshop.roof\n",
        "workshop/errors.py": '"""What goes wrong."""\n',
        "workshop/ground/__init__.py": '"""Where it begins.\n\nMore.\n"""\n',
        "workshop/ground/deep.py": "from workshop.errors import x\n",
        "workshop/middle.py": "def f():\n    from workshop.ground import deep\n",
        "workshop/roof/__init__.py": "from workshop import ground, middle\nimport workshop.ground.deep\n",
        "practice_tenant/errors.py": '"""Theirs."""\n',
        "workshop_tools/lock.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_floors_from_imports_wherever_they_stand(source: Path) -> None:
    built = house.floors(house.rooms(source, "workshop"))
    assert [[room.short for room in floor] for floor in built] == [["errors"], ["ground"], ["middle"], ["roof"]]


def test_an_arrow_that_others_imply_is_left_out(source: Path) -> None:
    drawn = house.drawing(source)
    assert "  roof --> middle\n  roof" not in drawn
    assert [line for line in drawn.splitlines() if "-->" in line] == ["  middle --> ground", "  roof --> middle"]
    assert "| `workshop.ground` | Where it begins |" in drawn
    assert "| `practice_tenant.errors` | Theirs |" in drawn


def test_rooms_that_stand_on_each_other_are_named(source: Path) -> None:
    (source / "workshop/ground/deep.py").write_text("if 0:\n    import workshop.middle\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"workshop\.ground, workshop\.middle"):
        house.drawing(source)


def test_only_what_is_between_the_marks_changes(source: Path) -> None:
    text = f"before\n{house.BEGIN}\nold\n{house.END}\nafter\n"
    once = house.with_drawing(text, source)
    assert once.startswith("before\n<!--")
    assert once.endswith("-->\nafter\n")
    assert "old" not in once
    assert house.with_drawing(once, source) == once
