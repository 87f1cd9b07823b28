"""Graph's JSON as the models of msgraph-sdk are written in Python."""

from __future__ import annotations

import re
from collections.abc import Mapping

CLASSES = {
    "web": "WebApplication",
    "spa": "SpaApplication",
    "publicClient": "PublicClientApplication",
    "resourceAccess": "ResourceAccess",
}
"""Of the members that are objects themselves."""


def python(value: object, kind: str = "") -> str:
    """Return an expression for a JSON value.

    Args:
        kind: the class of the object, or of the objects in the list.
    """
    if isinstance(value, Mapping):
        members = (f"{_snake_case(name)}={_member(name, member)}" for name, member in value.items())
        return f"{kind}({', '.join(members)})"
    if isinstance(value, list):
        return f"[{', '.join(python(item, kind) for item in value)}]"
    return repr(value)


def _member(name: str, value: object) -> str:
    return f'UUID("{value}")' if name == "id" else python(value, CLASSES.get(name, ""))


def _snake_case(name: str) -> str:
    return re.sub(r"(?=[A-Z])", "_", name).lower()
