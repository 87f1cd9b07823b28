"""Points in time, as Graph writes and reads them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def iso(seconds: float) -> str:
    """Return a point in time, given in Unix seconds, as Graph writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(value: Any) -> float:
    """Return a point in time in Unix seconds; one without a zone is in UTC.

    Raises:
        ValueError: it is none, or one that can't be written.
    """
    try:
        moment = datetime.fromisoformat(value)
        timestamp = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        iso(timestamp)
    except (TypeError, OverflowError, OSError) as error:
        raise ValueError(str(error)) from error
    return timestamp
