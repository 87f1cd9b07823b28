"""Whether a test that a text or a table names is there."""

from __future__ import annotations

import ast
import re

from workshop.core import settings

PROJECT = settings.load().project
TEST_ID = re.compile(r"(tests/[\w/]+\.py)((?:::\w+)+)(?:\[(.+)\])?")


def is_there(test: str) -> bool:
    """Say whether there is a test of this id; its parameter is looked for in the text of its folder."""
    found = TEST_ID.fullmatch(test)
    if found is None:
        return False
    path, names, parameter = PROJECT / found[1], found[2].split("::")[1:], found[3]
    if not path.is_file():
        return False
    inside: list[ast.stmt] = ast.parse(path.read_text(encoding="utf-8")).body
    for name in names:
        named = [one for one in inside if getattr(one, "name", None) == name]
        if not named:
            return False
        inside = getattr(named[0], "body", [])
    texts = (other.read_text(encoding="utf-8") for other in path.parent.glob("*.py"))
    return parameter is None or any(f'"{parameter}"' in text for text in texts)
