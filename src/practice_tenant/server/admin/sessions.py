"""Who may look: a link that works once and soon, and the session it opens.

Every session lives below a place of its own, a part of the path that nobody can guess. Cookies of a host go to all
its ports; below such a path they go to no other program of this machine.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field

from practice_tenant.server.directory.store import digest

LINK_SECONDS = 600.0
SESSION_SECONDS = 8 * 3_600.0
MOST = 200
ANY_HOST = "*"


@dataclass
class AdminSession:
    """What one link opens, for one account.

    Args:
        holder: the label under which its calls to Microsoft Graph stand in the log.
        host: under which it is reached behind a proxy; empty on this machine, ``*`` where the name is not known.
        link: digest of the token that opens it; empty once that was used.
        key: digest of the cookie's value; empty until then.
        form_token: stands in every form of this session.
        ends: in Unix seconds.
        notice: what the next page says was done.
        once: what the next page shows and no later one: a new secret.
    """

    place: str
    tenant_id: str
    user_id: str
    holder: str
    host: str
    link: bytes
    form_token: str
    ends: float
    key: bytes = b""
    notice: str = ""
    once: dict[str, str] = field(default_factory=dict)


class Sessions:
    """The links and sessions of this run of the tenant, in memory only."""

    def __init__(self, opaque: Callable[[int], str], clock: Callable[[], float]) -> None:
        """Make an empty book.

        Args:
            opaque: a random URL-safe string made from that many bytes.
            clock: this machine's time in Unix seconds.
        """
        self._opaque = opaque
        self._clock = clock
        self._at: dict[str, AdminSession] = {}

    def link(self, tenant_id: str, user_id: str, holder: str = "", host: str = "") -> str:
        """Return the path, below the door, of a new link for an account."""
        self._forget()
        place, token = self._opaque(16), self._opaque(32)
        self._at[place] = AdminSession(
            place=place,
            tenant_id=tenant_id,
            user_id=user_id,
            holder=holder,
            host=host,
            link=digest(token),
            form_token=self._opaque(24),
            ends=self._clock() + LINK_SECONDS,
        )
        return f"{place}/?token={token}"

    def redeem(self, place: str, token: str) -> str:
        """Return the value of the cookie that the token opens; empty if it opens nothing, or no more."""
        session = self._living(place)
        if session is None or not session.link or not hmac.compare_digest(session.link, digest(token)):
            return ""
        value = self._opaque(32)
        session.link, session.key = b"", digest(value)
        session.ends = self._clock() + SESSION_SECONDS
        return value

    def of(self, place: str, cookie: str) -> AdminSession | None:
        """Return the session of a place, to whom has its cookie."""
        session = self._living(place)
        if session is None or not session.key or not hmac.compare_digest(session.key, digest(cookie)):
            return None
        return session

    def is_reached_at(self, place: str, host: str) -> bool:
        """Say whether a session was opened for a proxy, and this is its host."""
        session = self._living(place)
        return session is not None and bool(host) and session.host in (ANY_HOST, host)

    def is_for_proxy(self, place: str) -> bool:
        """Say whether a session was opened for a proxy."""
        session = self._living(place)
        return session is not None and bool(session.host)

    def _living(self, place: str) -> AdminSession | None:
        session = self._at.get(place)
        return session if session and self._clock() < session.ends else None

    def _forget(self) -> None:
        living = {place: session for place, session in self._at.items() if self._clock() < session.ends}
        self._at = dict(list(living.items())[-MOST + 1 :])
