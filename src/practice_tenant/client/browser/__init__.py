"""A browser that signs in to the practice tenant by itself, where a person's would."""

from __future__ import annotations

import ssl
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Self

import httpx

from practice_tenant.client import ANSWER_SECONDS
from practice_tenant.client.browser.journey import BrowserSignIn, Choices, Journey, PageVisit
from practice_tenant.client.environment import MEMBER
from practice_tenant.well_known import HOSTS

__all__ = ["BrowserSignIn", "Choices", "PageVisit", "PracticeBrowser"]

# Servers under uvicorn close a connection after 5 idle seconds. Whoever uses it in that very moment is cut off.
_IDLE = httpx.Limits(keepalive_expiry=2.0)


class PracticeBrowser(webbrowser.BaseBrowser):
    """A browser that signs in by itself, on this machine and in the practice tenant only.

    Attributes:
        account: the user principal name it picks.
        consent: whether it accepts on Entra's consent page.
        allow_client: whether it allows the MCP client on the MCP server's own page; as `consent` if None.
        keep_cookies: whether a sign-in starts with the cookies of the one before.
        last: how the last sign-in went, None before the first.
    """

    user_agent = "practice-browser/1"

    def __init__(
        self,
        account: str = MEMBER,
        *,
        proxy: str | None = None,
        ca: Path | None = None,
        seconds: float = ANSWER_SECONDS,
        mounts: Mapping[str, httpx.BaseTransport] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Make a browser.

        Args:
            account: the user principal name it picks.
            proxy: the practice tenant's proxy; without it only this machine is reached.
            ca: the practice tenant's certificate authority, a PEM file.
            seconds: how long it waits for an answer; a machine may be very busy.
            mounts: what stands for other places, see httpx; a client's redirect URI, say.
            clock: returns the time in seconds since 1970.
        """
        super().__init__("practice")
        self.account = account
        self.consent = True
        self.allow_client: bool | None = None
        self.keep_cookies = False
        self.last: BrowserSignIn | None = None
        self._proxy = proxy
        self._ca = ca
        self._seconds = seconds
        self._more_mounts = dict(mounts or {})
        self._clock = clock
        self._cookies = CookieJar()
        self._threads: list[threading.Thread] = []

    @property
    def allows_client(self) -> bool:
        """Return whether it allows the MCP client as things stand."""
        return self.consent if self.allow_client is None else self.allow_client

    def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:  # noqa: ARG002
        """Sign in at `url` on a thread of its own: a program may begin to listen only after this returns."""
        return self._start(url)

    def enter_code(self, verification_uri: str, user_code: str, expires_on: datetime | None = None) -> None:  # noqa: ARG002
        """Enter the code that a program shows, as its user would elsewhere; without a practice tenant, say where to.

        It fits azure-identity's `prompt_callback`.

        Args:
            verification_uri: the page to open.
            user_code: the code to type there.
            expires_on: not used.
        """
        if self._proxy is None:
            print(f"To sign in, open {verification_uri} in a browser and enter the code {user_code}.")
        else:
            self._start(verification_uri, user_code)

    def wait(self, seconds: float = ANSWER_SECONDS) -> BrowserSignIn | None:
        """Return how the last sign-in went, once none is under way any more."""
        for thread in tuple(self._threads):
            thread.join(seconds)
        return self.last

    def sign_in(self, url: str, user_code: str = "") -> BrowserSignIn:
        """Sign in at `url` and return how it went; `open` does the same without waiting for it.

        Args:
            user_code: what to type where Entra asks for the code that a device shows.
        """
        return self._run(url, self._choices(user_code))

    @contextmanager
    def as_user(self, account: str, *, consent: bool = True, allow_client: bool | None = None) -> Iterator[Self]:
        """Sign in as `account` while the block runs."""
        before = (self.account, self.consent, self.allow_client)
        self.account, self.consent, self.allow_client = account, consent, allow_client
        try:
            yield self
        finally:
            self.account, self.consent, self.allow_client = before

    @contextmanager
    def in_place(self) -> Iterator[Self]:
        """Be the browser that this process opens while the block runs; then wait for what is under way."""
        _stand_in.register()
        _stand_in.browsers.append(self)
        try:
            yield self
        finally:
            _stand_in.browsers.remove(self)
            self.close()

    def close(self) -> None:
        """Close the connections that are kept for the next sign-in."""
        self.wait()
        for transport in set(self._mounts.values()):
            transport.close()

    def _start(self, url: str, user_code: str = "") -> bool:
        choices = self._choices(user_code)  # as they are now: the block of an `as_user` may end before the sign-in does
        thread = threading.Thread(target=self._run, args=(url, choices), name="practice sign-in", daemon=True)
        self._threads = [*(known for known in self._threads if known.is_alive()), thread]
        thread.start()
        return True

    def _choices(self, user_code: str) -> Choices:
        return Choices(self.account, self.consent, self.allows_client, user_code)

    def _run(self, url: str, choices: Choices) -> BrowserSignIn:
        self.last = self._follow(url, choices, lambda _visit: None)
        return self.last

    def _follow(self, url: str, choices: Choices, visited: Callable[[PageVisit], None]) -> BrowserSignIn:
        jar = self._cookies if self.keep_cookies else CookieJar()
        with httpx.HTTPTransport(verify=self._trust, limits=_IDLE) as direct:
            client = httpx.Client(
                transport=direct,
                mounts=self._mounts | self._more_mounts,
                cookies=jar,
                follow_redirects=False,
                trust_env=False,
                headers={"User-Agent": self.user_agent, "Accept": "text/html,*/*;q=0.8"},
                timeout=self._seconds,
            )
            return Journey(client, choices, visited, self._clock).run(url)

    # These connections outlive a sign-in, and with them the client: the next one saves the TLS handshake.
    @cached_property
    def _mounts(self) -> dict[str, httpx.BaseTransport]:
        if self._proxy is None:
            return {f"all://{host}": _Unreachable() for host in HOSTS}
        proxied = httpx.HTTPTransport(verify=self._trust, proxy=self._proxy)
        return {f"https://{host}": proxied for host in HOSTS}

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        """Trust the practice tenant's certificate authority and no other."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if self._ca is not None:
            context.load_verify_locations(cafile=self._ca)
        return context


class _Unreachable(httpx.BaseTransport):
    """Stands where a host would be reached through a practice tenant that is not there."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"no practice tenant answers for {request.url.host}", request=request)


class _StandIn(webbrowser.BaseBrowser):
    """What `webbrowser` asks first. Nothing can be taken back there: outside of every block it opens nothing."""

    def __init__(self) -> None:
        super().__init__("practice")
        self.browsers: list[PracticeBrowser] = []
        self._known = False

    def register(self) -> None:
        """Let `webbrowser` know it, once."""
        if not self._known:
            webbrowser.register(self.name, None, self, preferred=True)
            self._known = True

    def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:
        """Let the innermost block's browser open `url`; False sends `webbrowser` on to the person's own."""
        return bool(self.browsers) and self.browsers[-1].open(url, new, autoraise)


_stand_in = _StandIn()
