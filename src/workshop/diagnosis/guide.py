"""The field guide: what is known of the most reported failures on one page, to be printed."""

from __future__ import annotations

from workshop.diagnosis.knowledge import FAILURES, Failure
from workshop.diagnosis.report import mends
from workshop.show.table import Table


def guide(failures: tuple[Failure, ...] | None = None) -> Table:
    """Return symptom, cause and mend of failures, the most reported ones if none are given."""
    reported = sorted((one for one in FAILURES if one.number), key=lambda one: one.number)
    rows = tuple(_row(one) for one in (reported if failures is None else failures))
    return Table(("what you see", "why", "what to do"), rows, "Field guide to failures with Entra ID and MCP servers")


def _row(failure: Failure) -> tuple[str, str, str]:
    numbers = sorted({sign.code for sign in failure.signs if sign.code})
    seen = [failure.title, *(["AADSTS" + ", ".join(str(number) for number in numbers)] if numbers else [])]
    way, text = mends(failure)[0]
    return "\n".join(seen), failure.cause, f"{way}: {text}"
