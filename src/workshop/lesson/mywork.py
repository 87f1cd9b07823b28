"""The learner's copies of the notebooks: `my-work/`, where no change of theirs is ever overwritten.

A copy differs from its original in one thing: it says which Python it is opened with. JupyterLab writes that into a
notebook as soon as its kernel answers, and would mark each one as changed that doesn't say it yet.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workshop.errors import FileUnusable
from workshop.lesson.notebook_files import METADATA, with_language

MANIFEST = ".origin.json"
LEFT_BEHIND = {".ipynb_checkpoints", "__pycache__"}


@dataclass(frozen=True)
class Copied:
    """What one round of copying did. Every name is relative to the folder of copies.

    Attributes:
        new: originals that had no copy.
        updated: copies nobody had changed, brought to the newer original.
        beside: each changed copy whose original is newer, and the name under which that one lies beside it.
    """

    new: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    beside: tuple[tuple[str, str], ...] = ()

    def lines(self) -> list[str]:
        """Say it, a line for each fact that a learner should know."""
        files = "file" if len(self.new) == 1 else "files"
        lines = [f"{len(self.new)} {files} copied into my-work/"] if self.new else []
        if len(self.updated) == 1:
            lines += [f"my-work/{self.updated[0]}: brought up to date; you had not changed it"]
        elif self.updated:
            lines += [f"{len(self.updated)} files in my-work/ brought up to date; you had not changed them"]
        lines += [
            f"my-work/{name}: yours is kept; the newer original is beside it as {newer}" for name, newer in self.beside
        ]
        return lines


def copy(originals: Path, copies: Path, language: Mapping[str, Any]) -> Copied:
    """Copy every original that has no copy yet, and update the copies that were never changed.

    What was copied is remembered in a manifest (name to SHA-256 of the original): a copy that differs from it
    in more than its language was changed, whatever has become of the original since.

    Args:
        originals: the folder of notebooks.
        copies: the learner's folder; made if it is missing.
        language: what a kernel here says of its language (`language_info`).

    Raises:
        FileUnusable: a file can't be read or written.
    """
    try:
        copies.mkdir(parents=True, exist_ok=True)
        known = _read_manifest(copies / MANIFEST)
        new: list[str] = []
        updated: list[str] = []
        beside: list[tuple[str, str]] = []
        for original in _files(originals):
            name = original.relative_to(originals).as_posix()
            content = with_language(original.read_bytes(), language)
            copied = _digest(content)
            here = _digest_of(copies / name)
            if here is None:
                _write(copies / name, content)
                new.append(name)
            elif here not in (copied, known.get(name)):
                newer = _put_beside(copies / name, content) if known.get(name) != copied else None
                beside += [(name, newer)] if newer else []
            elif (copies / name).read_bytes() != content:
                _write(copies / name, content)
                updated += [name] if here != copied else []
            known[name] = copied
        _write(copies / MANIFEST, json.dumps(known, indent=1, sort_keys=True).encode())
    except OSError as error:
        raise FileUnusable(Path(error.filename or copies), f"can't be used ({error.strerror}).") from error
    return Copied(tuple(new), tuple(updated), tuple(beside))


def _files(folder: Path) -> list[Path]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in files if not LEFT_BEHIND.intersection(path.relative_to(folder).parts))


def _read_manifest(path: Path) -> dict[str, str]:
    try:
        known = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):  # without it every copy counts as changed: nothing is lost
        return {}
    return known if isinstance(known, dict) else {}


def _put_beside(copy: Path, content: bytes) -> str | None:
    """Write `content` under a free name beside `copy`; None if it lies there already."""
    number = 1
    while True:
        tail = " (newer)" if number == 1 else f" (newer {number})"
        candidate = copy.with_name(f"{copy.stem}{tail}{copy.suffix}")
        there = _digest_of(candidate)
        if there == _digest(content):
            return None
        if there is None:
            _write(candidate, content)
            return candidate.relative_to(copy.parent).as_posix()
        number += 1


def _digest_of(path: Path) -> str | None:
    try:
        return _digest(path.read_bytes())
    except FileNotFoundError:
        return None


def _digest(content: bytes) -> str:
    """Return the digest of what a learner could have changed: the same with every Python."""
    return hashlib.sha256(with_language(content, METADATA["language_info"])).hexdigest()


def _write(path: Path, content: bytes) -> None:
    """Write whole or not at all: half a notebook would count as the learner's own change."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".copying-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
