"""Sign in where a person's browser would: the same code, with every hop recorded."""

from __future__ import annotations

import webbrowser
from typing import TYPE_CHECKING

from practice_tenant import MEMBER
from workshop import trace
from workshop.signin.agent import ACCOUNTS, USER_AGENT, RecordedSignIn, UserAgent

if TYPE_CHECKING:
    from practice_tenant import Running
    from workshop.core.settings import Settings

__all__ = ["ACCOUNTS", "MEMBER", "USER_AGENT", "RecordedSignIn", "UserAgent", "install"]


def install(
    settings: Settings | None = None,
    running: Running | None = None,
    *,
    account: str = MEMBER,
) -> UserAgent:
    """Make the user agent the browser of this process; with an own tenant the real browser stays.

    Args:
        settings: says which tenant this is; practice if None.
        running: the practice tenant, which later recordings then read; without it only servers on this
            machine are reached.
        account: the user principal name it picks.
    """
    if running is None:
        agent = UserAgent(account)
    else:
        agent = UserAgent(account, proxy=running.doors.proxy, ca=running.ca)
        trace.use_tenant(running)
    if settings is None or settings.mode == "practice":
        webbrowser.register("workshop", None, agent, preferred=True)
        agent.registered = True
    return agent
