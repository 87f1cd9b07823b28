"""The learner's copies: made, kept up to date, and never overwritten once changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from workshop.errors import FileUnusable
from workshop.mywork import Copied, copy

NAME = "00-start-here.ipynb"


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

    def copied(self) -> Copied:
        return copy(self.originals, self.copies)

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


def test_a_file_in_the_place_of_the_folder_is_named(folders: Folders) -> None:
    folders.original("one")
    folders.copies.write_text("in the way")
    with pytest.raises(FileUnusable, match="my-work"):
        folders.copied()
