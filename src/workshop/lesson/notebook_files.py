"""Read and write notebook files: nbformat with types, and the same text on every system."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from workshop.errors import WorkshopError

METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
"""What the project's notebooks say of their kernel: what is the same on every machine."""


class NotebookError(WorkshopError):
    """A notebook that can't be derived from: the message names the file and the cell."""


def node(fields: dict[str, Any]) -> NotebookNode:
    """Return a notebook, or a part of one, made of plain dictionaries and lists."""
    made: NotebookNode = nbformat.from_dict(fields)  # type: ignore[no-untyped-call]
    return made


def read(path: Path) -> NotebookNode:
    """Return the notebook in a file.

    Raises:
        NotebookError: two cells have the same id. (nbformat would give one of them a random one.)
    """
    text = path.read_text(encoding="utf-8")
    ids = Counter(cell.get("id") for cell in json.loads(text)["cells"])
    twice = [name for name, count in ids.items() if count > 1]
    if twice:
        raise NotebookError(f"{path.name}: two cells have the id {twice[0]!r}.")
    notebook: NotebookNode = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
    return notebook


def text_of(notebook: NotebookNode) -> str:
    """Return the text of the notebook's file.

    Raises:
        nbformat.ValidationError: it is no notebook.
    """
    nbformat.validate(notebook)
    return str(nbformat.writes(notebook, version=4)) + "\n"  # type: ignore[no-untyped-call]


def with_language(file: bytes, language: Mapping[str, Any]) -> bytes:
    """Return a notebook's file that says `language` of its kernel; any other file as it is.

    Args:
        file: the content of a file; a notebook comes back byte for byte as Jupyter would write it.
        language: the `language_info` of the notebook's metadata.
    """
    try:
        notebook = json.loads(file)
        notebook["metadata"]["language_info"] = language
        text = json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True, separators=(",", ": "))
        return f"{text}\n".encode()
    except (ValueError, KeyError, TypeError):
        return file


def write(path: Path, text: str) -> None:
    """Write a file with the line ends it has everywhere."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
