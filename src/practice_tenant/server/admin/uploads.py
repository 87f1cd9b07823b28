"""Files in forms. Source: RFC 7578."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BOUNDARY = re.compile(r'boundary="?([^";]+)"?')
_NAME = re.compile(r'\bname="([^"]*)"')
_FILE = re.compile(r'\bfilename="([^"]*)"')


@dataclass(frozen=True)
class Upload:
    """A file that was chosen in a form."""

    name: str
    content: bytes


def parts_of(body: bytes, content_type: str) -> tuple[list[tuple[str, str]], dict[str, Upload]]:
    """Return the fields and the files of a ``multipart/form-data`` body; what can't be read is left out."""
    boundary = _BOUNDARY.search(content_type)
    fields: list[tuple[str, str]] = []
    files: dict[str, Upload] = {}
    for part in body.split(b"\r\n--" + boundary[1].encode())[:-1] if boundary else ():
        raw_head, _, content = part.partition(b"\r\n\r\n")
        head = raw_head.decode("utf-8", "replace")
        name, file = _NAME.search(head), _FILE.search(head)
        if name and file:
            files[name[1]] = Upload(file[1], content)
        elif name:
            fields.append((name[1], content.decode("utf-8", "replace")))
    return fields, files
