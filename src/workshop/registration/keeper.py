"""Where a registration's values are kept: a file that only its owner may read, or this process's memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from workshop.core.private_files import make_private_folder, write_private
from workshop.core.settings import Settings, read_values, write_values


class Keeper(Protocol):
    """Reads and writes the values of a server, and notes of what is under way."""

    @property
    def place(self) -> str:
        """Say in a word where the values are."""

    @property
    def folder(self) -> Path:
        """Say where a private key belongs."""

    def get(self, name: str) -> str:
        """Return a value, empty if there is none."""

    def path(self, name: str) -> Path:
        """Return the path that stands under `name`."""

    def preset(self, name: str) -> str | None:
        """Return the value with which the environment hides the kept one; None if it doesn't."""

    def keep(self, values: Mapping[str, str]) -> None:
        """Write values; an empty one takes away what stood there."""

    def noted(self, name: str) -> str | None:
        """Return a note, None if there is none."""

    def note(self, name: str, text: str | None) -> None:
        """Write a note down before going on; None takes it away."""


@dataclass(frozen=True)
class FileKeeper:
    """Keeps values in the file of this mode, or in another one that was named.

    In your own tenant a variable of the environment wins over the file.
    """

    settings: Settings
    named: Path | None = None

    @property
    def file(self) -> Path:
        """Say which file it is."""
        return self.named or self.settings.file

    @property
    def place(self) -> str:
        """Return the file's name."""
        return self.file.name

    @property
    def folder(self) -> Path:
        """Return the folder of the practice tenant, which has one for your own tenant too."""
        return self.settings.state

    def get(self, name: str) -> str:
        """Return a value, empty if there is none.

        Raises:
            FileUnusable: the file can't be read.
        """
        preset = self.preset(name)
        return preset if preset is not None else read_values(self.file).get(name, "")

    def path(self, name: str) -> Path:
        """Return the path that stands under `name`, a relative one from the file's folder."""
        return self.file.parent / Path(self.get(name)).expanduser()

    def preset(self, name: str) -> str | None:
        """Return the value with which the environment hides the file's; None if it doesn't."""
        value = self.settings.values.get(name) if self.named is None else None
        return value.text if value and value.source == "environment" else None

    def keep(self, values: Mapping[str, str]) -> None:
        """Write values to the file, which only its owner may read. Other lines stay as they are.

        Raises:
            SettingMalformed: a value has the wrong form.
            FileUnusable: the file can't be written.
        """
        there = read_values(self.file)
        values = {name: text for name, text in values.items() if there.get(name, "") != text}
        if not values:
            return
        if self.named is None and self.settings.mode == "practice":
            make_private_folder(self.settings.state)
        write_values(self.file, values)

    def noted(self, name: str) -> str | None:
        """Return a note from the folder, None if there is none."""
        try:
            return (self.folder / name).read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    def note(self, name: str, text: str | None) -> None:
        """Write a note into the folder, or take it away.

        Raises:
            FileUnusable: it can't be written.
        """
        if text is None:
            (self.folder / name).unlink(missing_ok=True)
        else:
            write_private(make_private_folder(self.folder) / name, text)


@dataclass(frozen=True)
class MemoryKeeper:
    """Keeps values as long as this object lives: for an app that a single process needs."""

    folder: Path
    values: dict[str, str] = field(default_factory=dict, repr=False)
    notes: dict[str, str] = field(default_factory=dict, repr=False)
    place: str = "memory"

    def get(self, name: str) -> str:
        """Return a value, empty if there is none."""
        return self.values.get(name, "")

    def path(self, name: str) -> Path:
        """Return the path that stands under `name`."""
        return Path(self.get(name))

    def preset(self, _: str) -> None:
        """Say that the environment hides nothing."""

    def keep(self, values: Mapping[str, str]) -> None:
        """Remember values."""
        self.values.update(values)

    def noted(self, name: str) -> str | None:
        """Return a note, None if there is none."""
        return self.notes.get(name)

    def note(self, name: str, text: str | None) -> None:
        """Remember a note, or forget it."""
        self.notes.pop(name, None)
        if text is not None:
            self.notes[name] = text
