"""Reading what a control call brings; what nobody knows is refused in one line that lists what there is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from practice_tenant.server.http.messages import HttpRequest

BODY_LIMIT = 65_536


@dataclass(eq=False)
class ControlRefused(Exception):
    """A control call that can't be done; the line says what could be."""

    line: str
    status: int = 400


async def body_of(request: HttpRequest, *names: str) -> dict[str, Any]:
    """Return the JSON object of a body.

    Args:
        names: the members there may be; any if none is named.

    Raises:
        ControlRefused: it is no object, or has another member.
    """
    if len(request.body) > BODY_LIMIT:
        raise ControlRefused("the body is too large", 413)
    try:
        value = json.loads(request.body or b"{}", parse_constant=_no_constant)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ControlRefused("the body must be a JSON object")
    for name in value:
        if names and name not in names:
            raise ControlRefused(f"there is no {name[:60]!r} here: the names are {', '.join(names)}")
    return value


def word(values: Mapping[str, Any], name: str, words: tuple[str, ...]) -> str:
    """Return one of a few words, the first if none is given.

    Raises:
        ControlRefused: it is another; the line lists them.
    """
    value = values.get(name, words[0])
    if value not in words:
        raise ControlRefused(f"{name} takes {' or '.join(words)}, not {json.dumps(value)[:60]}")
    return str(value)


def text(values: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """Return a text.

    Raises:
        ControlRefused: it is something else, or it is missing and has no default.
    """
    value = values.get(name, default)
    if value is None:
        raise ControlRefused(f"{name} is missing")
    if not isinstance(value, str) or not value:
        raise ControlRefused(f"{name} takes a text, not {json.dumps(value)[:60]}")
    return value


def flag(values: Mapping[str, Any], name: str) -> bool:
    """Return true or false.

    Raises:
        ControlRefused: it is neither.
    """
    value = values[name]
    if not isinstance(value, bool):
        raise ControlRefused(f"{name} takes true or false, not {json.dumps(value)[:60]}")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
