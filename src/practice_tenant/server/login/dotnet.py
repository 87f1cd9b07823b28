"""How .NET writes points in time and spans: the form they have in Entra's error texts."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(seconds: float) -> str:
    """Return a point in time such as ``2023-12-11T23:52:19.6223401Z``; none at all is shown as the beginning of 1970.

    Args:
        seconds: Unix time, or NaN.
    """
    shown = 0.0 if math.isnan(seconds) else seconds
    whole = math.floor(shown)
    moment = _EPOCH + timedelta(seconds=whole)  # fromtimestamp ends in the year 3000 on Windows
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{int((shown - whole) * 10_000_000):07}Z"


def span(seconds: int) -> str:
    """Return a duration such as ``90.00:00:00``."""
    days, rest = divmod(seconds, 86_400)
    return f"{days}.{rest // 3_600:02}:{rest % 3_600 // 60:02}:{rest % 60:02}"


def key_lifetime(begins: datetime, ends: datetime) -> str:
    """Return a key's lifetime as the texts about keys show it: ``Start=12/05/2023 17:16:57, End=...``."""
    return f"Start={begins:%m/%d/%Y %H:%M:%S}, End={ends:%m/%d/%Y %H:%M:%S}"
