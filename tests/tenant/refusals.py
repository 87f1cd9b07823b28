"""The table of refusals: which wrong request is told what.

Test modules add their rows; ``test_errors`` provokes each and sees that no refusal of the tenant is without one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import httpx

from .world import App, World

Provoke = Callable[[World, App], httpx.Response]


@dataclass(frozen=True)
class Row:
    """What one wrong request is told."""

    function: str
    told: str
    status: int
    error: str
    code: int
    text: str
    provoke: Provoke


ROWS: list[Row] = []


def row(function: str, told: str, status: int, error: str, code: int, text: str) -> Callable[[Provoke], Provoke]:
    """Add a row; in the text {client}, {name}, {object} and {tenant} are the application's and the tenant's."""

    def add(provoke: Provoke) -> Provoke:
        ROWS.append(Row(function, told, status, error, code, text, provoke))
        return provoke

    return add
