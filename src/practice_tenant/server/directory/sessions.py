"""Browsers in which someone is signed in, and the clients they have been signed in to."""

from __future__ import annotations

from dataclasses import dataclass

from practice_tenant.server.directory.sign_ins import MFA, PASSWORD
from practice_tenant.server.directory.store import Store, digest


@dataclass(frozen=True)
class BrowserSession:
    """One browser's session; times are in Unix seconds.

    Args:
        sid: what tokens and sign-out messages call it.
        second_factor: when a second factor was shown; None if none was.
    """

    sid: str
    tenant_id: str
    user_id: str
    started: float
    second_factor: float | None

    @property
    def amr(self) -> tuple[str, ...]:
        """Return how the person proved who they are. Source: RFC 8176."""
        return (PASSWORD,) if self.second_factor is None else (PASSWORD, MFA)


def begin(store: Store, cookie: str, session: BrowserSession) -> None:
    store.run(
        "INSERT INTO browser_sessions VALUES (?, ?, ?, ?, ?, ?)",
        digest(cookie), session.sid, session.tenant_id, session.user_id, session.started, session.second_factor,
    )  # fmt: skip


def find(store: Store, cookie: str) -> BrowserSession | None:
    row = store.one(
        "SELECT sid, tenant_id, user_id, started, second_factor FROM browser_sessions WHERE digest = ?", digest(cookie)
    )
    return BrowserSession(*row) if row else None


def add_second_factor(store: Store, cookie: str, at: float) -> None:
    """Remember that the person showed a second factor, in Unix seconds."""
    store.run("UPDATE browser_sessions SET second_factor = ? WHERE digest = ?", at, digest(cookie))


def add_client(store: Store, cookie: str, app_id: str) -> None:
    """Remember that the person was signed in to this client, so that it is told when they sign out."""
    store.run("INSERT OR IGNORE INTO session_clients VALUES (?, ?)", digest(cookie), app_id)


def clients(store: Store, cookie: str) -> list[str]:
    """Return the application ids of the clients of a session."""
    return [row[0] for row in store.all("SELECT app_id FROM session_clients WHERE digest = ?", digest(cookie))]


def end(store: Store, cookie: str) -> None:
    with store.transaction():
        store.run("DELETE FROM browser_sessions WHERE digest = ?", digest(cookie))
        store.run("DELETE FROM session_clients WHERE digest = ?", digest(cookie))
