"""The workshop's user agent: signs in where a person's browser would, and records every hop."""

from __future__ import annotations

import html
import ssl
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from http.cookiejar import CookieJar
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from workshop.signin.journey import USER_AGENT, Choices, Journey, SignIn
from workshop.signin.places import TENANT_HOSTS
from workshop.trace import bus
from workshop.trace.hop import Hop, Sighting

if TYPE_CHECKING:
    from workshop.signin.chooser import Chooser

ANSWER_SECONDS = 120.0
MEMBER = "robin@contoso.onmicrosoft.com"
ACCOUNTS = {
    MEMBER: "Robin, a member (Finance)",
    "sam@contoso.onmicrosoft.com": "Sam, a member (Engineering)",
    "avery@contoso.onmicrosoft.com": "Avery, the administrator",
    "kim_fabrikam.example#EXT#@contoso.onmicrosoft.com": "Kim, a guest from fabrikam.example",
    "lee@contoso.onmicrosoft.com": "Lee, whose account is disabled",
}
"""The accounts of the practice tenant, as the chooser offers them."""


# Servers under uvicorn close a connection after 5 idle seconds. Whoever uses it in that very moment is cut off.
_IDLE = httpx.Limits(keepalive_expiry=2.0)


class UserAgent(webbrowser.BaseBrowser):
    """A browser that signs in by itself.

    Attributes:
        account: the user principal name it picks.
        consent: whether it accepts on Entra's consent page.
        allow_client: whether it allows the MCP client on the MCP server's own page; as `consent` if None.
        keep_cookies: whether a sign-in starts with the cookies of the one before.
        last: how the last sign-in went, None before the first.
        registered: whether programs that open a browser get this one.
    """

    def __init__(
        self,
        account: str = MEMBER,
        *,
        proxy: str | None = None,
        ca: Path | None = None,
        seconds: float = ANSWER_SECONDS,
    ) -> None:
        """Make a user agent.

        Args:
            account: the user principal name it picks.
            proxy: the practice tenant's proxy; without it only this machine is reached.
            ca: the practice tenant's certificate authority, a PEM file.
            seconds: how long it waits for an answer; a machine may be very busy.
        """
        super().__init__("workshop")
        self.account = account
        self.consent = True
        self.allow_client: bool | None = None
        self.keep_cookies = False
        self.last: SignIn | None = None
        self.registered = False
        self._proxy = proxy
        self._ca = ca
        self._seconds = seconds
        self._cookies = CookieJar()
        self._threads: list[threading.Thread] = []

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

    def _start(self, url: str, user_code: str = "") -> bool:
        allow_client = self.consent if self.allow_client is None else self.allow_client
        choices = Choices(self.account, self.consent, allow_client, user_code)
        bus.begin()
        thread = threading.Thread(target=self._sign_in, args=(url, choices), name="workshop sign-in", daemon=True)
        self._threads = [*(known for known in self._threads if known.is_alive()), thread]
        thread.start()
        return True

    def wait(self, seconds: float = ANSWER_SECONDS) -> SignIn | None:
        """Return how the last sign-in went, once none is under way any more."""
        for thread in tuple(self._threads):
            thread.join(seconds)
        return self.last

    @contextmanager
    def as_user(self, account: str, *, consent: bool = True, allow_client: bool | None = None) -> Iterator[UserAgent]:
        """Sign in as `account` while the block runs."""
        before = (self.account, self.consent, self.allow_client)
        self.account, self.consent, self.allow_client = account, consent, allow_client
        try:
            yield self
        finally:
            self.account, self.consent, self.allow_client = before

    def chooser(self) -> Chooser:
        """Return a widget to pick the account and the answers to the consent pages."""
        from workshop.signin.chooser import Chooser

        return Chooser(self)

    def __repr__(self) -> str:
        if not self.registered:
            return "Your own browser signs in."
        allow = self.consent if self.allow_client is None else self.allow_client
        return (
            f"Signs in as {self.account}; consents in Entra: {'yes' if self.consent else 'no'}; "
            f"allows the MCP client: {'yes' if allow else 'no'}."
        )

    def _repr_html_(self) -> str:
        return html.escape(repr(self))

    def close(self) -> None:
        """Close the connections that are kept for the next sign-in."""
        self.wait()
        for transport in set(self._mounts.values()):
            transport.close()

    def _sign_in(self, url: str, choices: Choices) -> None:
        jar = self._cookies if self.keep_cookies else CookieJar()
        with httpx.HTTPTransport(verify=self._trust, limits=_IDLE) as direct:
            client = httpx.Client(
                transport=direct,
                mounts=self._mounts,
                cookies=jar,
                follow_redirects=False,
                trust_env=False,
                headers={"User-Agent": USER_AGENT, "Accept": "text/html,*/*;q=0.8"},
                timeout=self._seconds,
            )
            try:
                self.last = Journey(client, choices, _publish).run(url)
            finally:
                bus.end()

    # These connections outlive a sign-in, and with them the client: the next one saves the TLS handshake.
    @cached_property
    def _mounts(self) -> dict[str, httpx.BaseTransport]:
        if self._proxy is None:
            return {f"all://{host}": _Unreachable() for host in TENANT_HOSTS}
        proxied = httpx.HTTPTransport(verify=self._trust, proxy=self._proxy)
        return {f"https://{host}": proxied for host in TENANT_HOSTS}

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


def _publish(hop: Hop) -> None:
    bus.publish(Sighting(hop, "browser", USER_AGENT))
