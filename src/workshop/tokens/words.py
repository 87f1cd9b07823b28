"""Times in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workshop.show.claims import is_time, moment

_UNITS = ((86_400 * 2, 86_400, "days"), (3_600 * 2, 3_600, "hours"), (120, 60, "minutes"), (0, 1, "seconds"))


def length(seconds: float) -> str:
    """Return how long that is, such as "64 minutes"."""
    whole = abs(int(seconds))
    size, unit = next((size, unit) for least, size, unit in _UNITS if whole >= least)
    number = whole // size
    return f"{number} {unit.removesuffix('s') if number == 1 else unit}"


def until(claims: Mapping[str, Any], now: float, *, symbolic: bool) -> str:
    """Say until when a token is valid.

    Args:
        now: Unix time in seconds.
        symbolic: leave out what differs from run to run.
    """
    ends, begins = claims.get("exp"), claims.get("nbf")
    if "exp" not in claims:
        return "forever: it names no end"
    if not is_time(ends):
        return "nobody can say: its exp is not a time"
    when = "" if symbolic else f" ({moment(ends)})"
    if ends <= now:
        return "no longer" if symbolic else f"no longer: it ended {length(now - ends)} ago{when}"
    if is_time(begins) and begins > now:
        return "not yet" if symbolic else f"not yet: it begins in {length(begins - now)} ({moment(begins)})"
    return "still" if symbolic else f"for another {length(ends - now)}{when}"
