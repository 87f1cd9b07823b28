"""What can't be tried from outside, and how to see it."""

from __future__ import annotations

from workshop.diagnosis.safe.check import Seen
from workshop.diagnosis.safe.site import Site

LOG = (
    "the log is not seen from outside: open /auth/callback?error=x%0Ay and see that the log has it in one line, with "
    "the line break written as a number"
)


def forged_log(_: Site) -> Seen:
    """Say what to look for."""
    return Seen("not tried", "nothing", LOG)
