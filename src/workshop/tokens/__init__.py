"""Read a token, verify it for a server, compare two; nothing here ever shows a whole token."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from workshop.tokens.comparing import compare
from workshop.tokens.parts import Unreadable, changed
from workshop.tokens.reading import Reading, read

if TYPE_CHECKING:
    from workshop.tokens.doors import NoDoor
    from workshop.tokens.trying import try_out
    from workshop.tokens.verifying import Verification, verify

__all__ = ["NoDoor", "Reading", "Unreadable", "Verification", "changed", "compare", "read", "try_out", "verify"]

# These need FastMCP, which takes seconds to import: whoever only reads a token does not wait for it.
_LATER = {"NoDoor": "doors", "Verification": "verifying", "try_out": "trying", "verify": "verifying"}


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
