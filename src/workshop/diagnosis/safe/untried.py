"""What can't be tried from outside, and how to see it."""

from __future__ import annotations

from workshop.diagnosis.safe.check import Seen
from workshop.diagnosis.safe.site import Site

REFRESH = (
    "it needs a sign-in: refresh twice with one refresh token, and see that the second is refused and that the tokens "
    "of the first no longer work"
)
LOG = (
    "the log is not seen from outside: open /auth/callback?error=x%0Ay and see that the log has it in one line, with "
    "the line break written as a number"
)


def spent_refresh_token(_: Site) -> Seen:
    """Say what it takes."""
    return Seen("not tried", "nothing", REFRESH)


def forged_log(_: Site) -> Seen:
    """Say what to look for."""
    return Seen("not tried", "nothing", LOG)
