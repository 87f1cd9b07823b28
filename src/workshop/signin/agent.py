"""The workshop's user agent: signs in where a person's browser would, and records every hop."""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from practice_tenant import ANSWER_SECONDS, MEMBER
from practice_tenant.client.browser import BrowserSignIn, Choices, PageVisit, PracticeBrowser
from workshop.show.masking import mask_text, mask_url
from workshop.trace import bus, carried
from workshop.trace.hop import Hop, Participant, Sighting, now

if TYPE_CHECKING:
    from workshop.signin.chooser import Chooser

USER_AGENT = PracticeBrowser.user_agent
ACCOUNTS = {
    MEMBER: "Robin, a member (Finance)",
    "sam@contoso.onmicrosoft.com": "Sam, a member (Engineering)",
    "avery@contoso.onmicrosoft.com": "Avery, the administrator",
    "kim_fabrikam.example#EXT#@contoso.onmicrosoft.com": "Kim, a guest from fabrikam.example",
    "lee@contoso.onmicrosoft.com": "Lee, whose account is disabled",
}
"""The accounts of the practice tenant, as the chooser offers them."""

_PARTICIPANTS: dict[str, Participant] = {"tenant": "Entra", "client": "MCP client", "elsewhere": "MCP server"}


@dataclass(frozen=True, repr=False)
class RecordedSignIn(BrowserSignIn):
    """How a sign-in went, with every request and its answer."""

    hops: tuple[Hop, ...]


class UserAgent(PracticeBrowser):
    """A browser that signs in by itself, and whose every request is recorded.

    Attributes:
        last: how the last sign-in went, None before the first.
        registered: whether programs that open a browser get this one.
    """

    last: RecordedSignIn | None

    def __init__(
        self,
        account: str = MEMBER,
        *,
        proxy: str | None = None,
        ca: Path | None = None,
        seconds: float = ANSWER_SECONDS,
    ) -> None:
        """Make a user agent; see `PracticeBrowser`."""
        super().__init__(account, proxy=proxy, ca=ca, seconds=seconds, clock=now)
        self.registered = False

    def wait(self, seconds: float = ANSWER_SECONDS) -> RecordedSignIn | None:
        """Return how the last sign-in went, once none is under way any more."""
        super().wait(seconds)
        return self.last

    def chooser(self) -> Chooser:
        """Return a widget to pick the account and the answers to the consent pages."""
        from workshop.signin.chooser import Chooser

        return Chooser(self, ACCOUNTS)

    def __repr__(self) -> str:
        if not self.registered:
            return "Your own browser signs in."
        return (
            f"Signs in as {self.account}; consents in Entra: {'yes' if self.consent else 'no'}; "
            f"allows the MCP client: {'yes' if self.allows_client else 'no'}."
        )

    def _repr_html_(self) -> str:
        return html.escape(repr(self))

    def _start(self, url: str, user_code: str = "") -> bool:
        bus.begin()
        return super()._start(url, user_code)

    def _run(self, url: str, choices: Choices) -> RecordedSignIn:
        hops: list[Hop] = []

        def visited(visit: PageVisit) -> None:
            hops.append(hop_of(visit))
            bus.publish(Sighting(hops[-1], "browser", USER_AGENT))

        try:
            ended = self._follow(url, choices, visited)
            error, page = mask_text(ended.error), mask_text(ended.page)
            self.last = RecordedSignIn(ended.account, ended.outcome, ended.requests, error, page, tuple(hops))
        finally:
            bus.end()
        return self.last


def hop_of(visit: PageVisit) -> Hop:
    """Return a visit as it may be shown."""
    sent = carried.kept([*carried.of_url(visit.url), *visit.form])
    received = carried.of_answer(visit.headers, visit.content)
    return Hop(
        at=visit.at,
        source="Browser",
        target=_PARTICIPANTS[visit.where],
        method=visit.method,
        url=mask_url(visit.url),
        sent=sent.pairs,
        status=visit.status,
        received=received.pairs if visit.page == "other" else (*received.pairs, ("page", visit.page)),
        note=visit.note,
        seconds=visit.seconds,
        sent_marks=sent.marks,
        received_marks=received.marks,
    )
