"""The learner's copies: made, kept up to date, and never overwritten once changed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from workshop.core import settings
from workshop.errors import FileUnusable
from workshop.lesson.mywork import Copied, copy
from workshop.lesson.notebook_files import METADATA, node, text_of

NAME = "00-start-here.ipynb"
PYTHON_3_11 = {"name": "python", "version": "3.11.9"}
PYTHON_3_12 = {"name": "python", "version": "3.12.1"}


class Folders:
    """The originals and the learner's folder."""

    def __init__(self, top: Path) -> None:
        self.originals, self.copies = top / "notebooks", top / "my-work"
        self.originals.mkdir()

    def original(self, text: str, name: str = NAME) -> None:
        path = self.originals / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def change(self, text: str, name: str = NAME) -> None:
        (self.copies / name).write_text(text)

    def copied(self, language: dict[str, str] = PYTHON_3_11) -> Copied:
        return copy(self.originals, self.copies, language)

    def content(self) -> dict[str, str]:
        files = (path for path in self.copies.rglob("*") if path.is_file() and path.name != ".origin.json")
        return {path.relative_to(self.copies).as_posix(): path.read_text() for path in files}


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path)


def test_everything_is_copied_once(folders: Folders) -> None:
    folders.original("one")
    folders.original("drawing", "images/one.svg")
    assert folders.copied() == Copied(new=(NAME, "images/one.svg"))
    assert folders.copied() == Copied()
    assert folders.content() == {NAME: "one", "images/one.svg": "drawing"}


def test_a_changed_copy_is_kept(folders: Folders) -> None:
    folders.original("one")
    folders.copied()
    folders.change("mine")
    assert folders.copied() == Copied()
    assert folders.content() == {NAME: "mine"}


def test_an_unchanged_copy_follows_its_original(folders: Folders) -> None:
    folders.original("one")
    folders.copied()
    folders.original("two")
    assert folders.copied() == Copied(updated=(NAME,))
    assert folders.content() == {NAME: "two"}


def test_a_newer_original_goes_beside_a_changed_copy_and_is_told_once(folders: Folders) -> None:
    folders.original("one")
    folders.copied()
    folders.change("mine")
    folders.original("two")
    newer = "00-start-here (newer).ipynb"
    told = folders.copied()
    assert told == Copied(beside=((NAME, newer),))
    assert "yours is kept" in told.lines()[0]
    assert newer in told.lines()[0]
    assert folders.copied() == Copied()
    assert folders.content() == {NAME: "mine", newer: "two"}


def test_the_newer_original_is_not_overwritten_either_once_it_was_changed(folders: Folders) -> None:
    folders.original("one")
    folders.copied()
    folders.change("mine")
    folders.original("two")
    folders.copied()
    folders.change("mine too", "00-start-here (newer).ipynb")
    folders.original("three")
    third = "00-start-here (newer 2).ipynb"
    assert folders.copied() == Copied(beside=((NAME, third),))
    assert folders.content() == {NAME: "mine", "00-start-here (newer).ipynb": "mine too", third: "three"}


def test_a_change_that_was_taken_back_follows_again(folders: Folders) -> None:
    folders.original("one")
    folders.copied()
    folders.change("mine")
    folders.change("one")
    folders.original("two")
    assert folders.copied() == Copied(updated=(NAME,))


def test_a_copy_that_was_deleted_is_made_again(folders: Folders) -> None:
    folders.original("one")
    folders.copied()
    (folders.copies / NAME).unlink()
    assert folders.copied() == Copied(new=(NAME,))


@pytest.mark.parametrize("manifest", [None, "", "half {", "[]"])
def test_without_its_manifest_nothing_is_lost(folders: Folders, manifest: str | None) -> None:
    folders.original("one")
    folders.copied()
    folders.change("mine")
    path = folders.copies / ".origin.json"
    path.unlink() if manifest is None else path.write_text(manifest)
    folders.original("two")
    folders.copied()
    assert folders.content()[NAME] == "mine"


def test_a_file_of_the_learners_own_is_left_alone(folders: Folders) -> None:
    folders.original("one")
    folders.copies.mkdir()
    folders.change("of mine, under the same name")
    folders.change("notes", "notes.txt")
    folders.copied()
    assert folders.content()[NAME] == "of mine, under the same name"
    assert folders.content()["notes.txt"] == "notes"


def test_what_editors_leave_among_the_originals_is_not_copied(folders: Folders) -> None:
    folders.original("one")
    folders.original("old", ".ipynb_checkpoints/00-start-here-checkpoint.ipynb")
    assert folders.copied() == Copied(new=(NAME,))


def notebook(text: str, language: dict[str, str] | None = None) -> str:
    """Return the file of a notebook with one cell, as it lies in the project or as JupyterLab saves it."""
    metadata = {**METADATA, "language_info": language or METADATA["language_info"]}
    cell = {"cell_type": "markdown", "id": "hello", "metadata": {}, "source": text}
    return text_of(node({"cells": [cell], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}))


class TestTheLanguage:
    """JupyterLab writes it into a notebook when the kernel answers: what is there already it leaves alone."""

    def test_a_copy_says_it_as_jupyterlab_would(self, folders: Folders) -> None:
        folders.original(notebook("one"))
        assert folders.copied() == Copied(new=(NAME,))
        assert folders.content() == {NAME: notebook("one", PYTHON_3_11)}

    def test_another_python_is_said_to_every_copy_nobody_changed_without_a_word(self, folders: Folders) -> None:
        folders.original(notebook("one"))
        folders.copied()
        assert folders.copied(PYTHON_3_12) == Copied()
        assert folders.content() == {NAME: notebook("one", PYTHON_3_12)}

    def test_a_changed_copy_keeps_what_it_says(self, folders: Folders) -> None:
        folders.original(notebook("one"))
        folders.copied()
        folders.change(notebook("mine", PYTHON_3_11))
        assert folders.copied(PYTHON_3_12) == Copied()
        assert folders.content() == {NAME: notebook("mine", PYTHON_3_11)}

    def test_a_copy_that_was_opened_and_saved_and_no_more_follows_its_original(self, folders: Folders) -> None:
        folders.original(notebook("one"))
        folders.copied()
        folders.change(notebook("one", PYTHON_3_12))
        folders.original(notebook("two"))
        assert folders.copied() == Copied(updated=(NAME,))
        assert folders.content() == {NAME: notebook("two", PYTHON_3_11)}

    def test_copies_made_before_they_said_it_are_known(self, folders: Folders) -> None:
        for name, text in (("00.ipynb", "one"), ("01.ipynb", "mine")):
            folders.original(notebook("one"), name)
            (folders.copies / name).parent.mkdir(exist_ok=True)
            folders.change(notebook(text), name)
        of_the_original = hashlib.sha256(notebook("one").encode()).hexdigest()
        manifest = dict.fromkeys(("00.ipynb", "01.ipynb"), of_the_original)
        (folders.copies / ".origin.json").write_text(json.dumps(manifest))
        assert folders.copied() == Copied()
        assert folders.content() == {"00.ipynb": notebook("one", PYTHON_3_11), "01.ipynb": notebook("mine")}

    def test_the_lessons_lie_in_the_project_as_jupyterlab_saves_them(self, tmp_path: Path) -> None:
        originals = settings.load().project / "notebooks"
        copy(originals, tmp_path / "my-work", METADATA["language_info"])
        for original in originals.glob("*.ipynb"):
            assert (tmp_path / "my-work" / original.name).read_bytes() == original.read_bytes(), original.name

    def test_a_file_that_is_no_notebook_is_copied_as_it_is(self, folders: Folders) -> None:
        files = {
            "list.ipynb": "[1]",
            "half.ipynb": '{"cells": ',
            "no-metadata.ipynb": "{}",
            "half-a-character.ipynb": '{"metadata": {"title": "\\ud800"}}',
        }
        for name, text in files.items():
            folders.original(text, name)
        folders.copied()
        assert folders.content() == files


def test_a_file_in_the_place_of_the_folder_is_named(folders: Folders) -> None:
    folders.original("one")
    folders.copies.write_text("in the way")
    with pytest.raises(FileUnusable, match="my-work"):
        folders.copied()


def test_what_follows_is_told_in_one_line_however_many_files_it_is(folders: Folders) -> None:
    names = [f"0{number}.ipynb" for number in range(3)]
    for name in names:
        folders.original("one", name)
    folders.copied()
    folders.original("two", names[0])
    assert folders.copied().lines() == [f"my-work/{names[0]}: brought up to date; you had not changed it"]
    for name in names:
        folders.original("three", name)
    assert folders.copied().lines() == ["3 files in my-work/ brought up to date; you had not changed them"]
