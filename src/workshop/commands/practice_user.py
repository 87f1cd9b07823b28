"""A person of the practice tenant who signs in at a server of this machine, for a check that needs one."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from practice_tenant import ANSWER_SECONDS
from workshop import practice, signin
from workshop.attacks.catcher import Catcher

if TYPE_CHECKING:
    from workshop.core.settings import Settings


class PracticeUser:
    """Signs in, and brings the code to a port of this process."""

    def __init__(self, settings: Settings) -> None:
        self._agent = signin.install(settings, practice.enter(settings))
        self._catcher = Catcher()

    @property
    def redirect_uri(self) -> str:
        """Where the browser brings the code."""
        return self._catcher.address

    def code(self, url: str) -> str:
        """Open a sign-in page, sign in, and return the code; "" if none comes."""
        ended = self._agent.sign_in(url)
        return "" if ended.error else self._catcher.wait(ANSWER_SECONDS).get("code", "")

    def __enter__(self) -> PracticeUser:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._agent.close()
        self._catcher.close()
