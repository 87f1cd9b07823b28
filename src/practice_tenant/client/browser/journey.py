"""One sign-in, from the address that was opened to the page where it ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlencode, urljoin

import httpx

from practice_tenant.client.browser import pages, places
from practice_tenant.client.browser.pages import HtmlForm, HtmlPage, Kind

MOST_HOPS = 30
_REFUSED_FOR = 30.0
_RETRY_AFTER = 0.01

Outcome = Literal["signed in", "declined", "error", "blocked", "lost"]


@dataclass(frozen=True)
class Choices:
    """What the person at the browser decides.

    Attributes:
        account: the user principal name that is picked.
        consent: whether to accept on Entra's consent page.
        allow_client: whether to allow the MCP client on the MCP server's own page.
        user_code: what is typed where Entra asks for the code that a device shows.
    """

    account: str
    consent: bool
    allow_client: bool
    user_code: str = ""


@dataclass(frozen=True)
class PageVisit:
    """One request of the browser with its answer. It carries secrets as they are: show nothing of it unmasked.

    Attributes:
        at: when it was sent, in seconds since 1970.
        seconds: until the answer was there.
        where: whose page it is: the tenant's, that of the client that began the sign-in, or another of this machine.
        form: the fields that were posted.
        page: which page the answer is.
        note: what is remarkable about it.
    """

    at: float
    seconds: float
    where: Literal["tenant", "client", "elsewhere"]
    method: str
    url: str
    form: tuple[tuple[str, str], ...] = field(repr=False)
    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)
    page: Kind
    note: str = ""


@dataclass(frozen=True)
class BrowserSignIn:
    """How a sign-in went.

    Attributes:
        account: the user principal name that was to be picked.
        outcome: "signed in"; "declined" by someone; "error", a page told why; "blocked", it led to
            a place the user agent does not go; "lost", nobody answered.
        requests: how many it took.
        error: what the last page said, empty if all went well.
        page: the address of the last page, without its query.
    """

    account: str
    outcome: Outcome
    requests: int
    error: str
    page: str

    def __repr__(self) -> str:
        said = f"\n{self.error}" if self.error else ""
        return f"{self.account}: {self.outcome} after {self.requests} requests, at {self.page}{said}"


@dataclass(frozen=True)
class _PageRequest:
    method: str
    url: str
    form: tuple[tuple[str, str], ...] = ()
    site: str = "none"  # the Sec-Fetch-Site header: which site led here, "none" for the person

    def parameters(self) -> dict[str, str]:
        """Return what it carries in query, fragment or form."""
        return places.parameters(self.url) | dict(self.form)


@dataclass(frozen=True)
class _Answer:
    response: httpx.Response
    page: HtmlPage | None  # None if it is no HTML


@dataclass(frozen=True)
class _End:
    outcome: Outcome
    error: str = ""


@dataclass
class Journey:
    """Follow one sign-in as a browser would.

    Attributes:
        client: without redirects, with its own cookies.
        choices: what to answer on the pages.
        visited: is told of each request as soon as its answer is there.
        clock: returns the time in seconds since 1970.
        stopped: set when the sign-in is to be given up.
    """

    client: httpx.Client
    choices: Choices
    visited: Callable[[PageVisit], None] = lambda _visit: None
    clock: Callable[[], float] = time.time
    stopped: threading.Event = field(default_factory=threading.Event)
    _requests: int = 0
    _callback: tuple[str, int] | None = None

    def run(self, url: str) -> BrowserSignIn:
        """Open `url` and go on until a page needs nothing more."""
        asked = places.parameters(url)
        callback = places.split(asked.get("redirect_uri", ""))
        self._callback = places.origin(callback) if callback and places.is_loopback(callback) else None
        request, end = self._follow(_PageRequest("GET", url))
        told = self._callback == _origin(request.url)
        if end.outcome in ("declined", "error", "blocked") and self._callback and not told:
            self._tell_client(asked, end)
        return BrowserSignIn(self.choices.account, end.outcome, self._requests, end.error, places.shown(request.url))

    def _follow(self, request: _PageRequest) -> tuple[_PageRequest, _End]:
        for _ in range(MOST_HOPS):
            parts = places.split(request.url)
            if parts is None or not (places.is_loopback(parts) or places.is_tenant(parts)):
                return request, _End("blocked", f"It leads to {places.shown(request.url)}: {_NOT_THERE}")
            try:
                answer = self._send(request)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                return request, _End("lost", f"{places.shown(request.url)} did not answer: {error}")
            step = self._next(request, answer)
            if isinstance(step, _End):
                return request, step
            request = step
        return request, _End("error", f"It went on for more than {MOST_HOPS} requests.")

    def _send(self, request: _PageRequest, note: str = "") -> _Answer:
        deadline = time.monotonic() + _REFUSED_FOR
        while True:
            at = self.clock()
            try:
                response = self._ask(request)
                break
            except httpx.ConnectError:
                # A client may open the browser first and listen for its callback afterwards.
                parts = places.split(request.url)
                waiting = parts is not None and places.is_loopback(parts) and time.monotonic() < deadline
                if not waiting or self.stopped.wait(_RETRY_AFTER):
                    raise
        # Read once: a page with its styles takes as long as fetching it.
        is_html = "html" in response.headers.get("content-type", "")
        page = pages.read(response.text, of_tenant=_target_is_tenant(request.url)) if is_html else None
        answer = _Answer(response, page)
        self._tell(request, answer, at, note)
        return answer

    def _ask(self, request: _PageRequest) -> httpx.Response:
        body = urlencode(request.form).encode() if request.method == "POST" else None
        headers = {"Sec-Fetch-Site": request.site, "Sec-Fetch-Mode": "navigate"}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        return self.client.request(request.method, request.url, content=body, headers=headers)

    def _tell(self, request: _PageRequest, answer: _Answer, at: float, note: str) -> None:
        self._requests += 1
        response = answer.response
        visit = PageVisit(
            at=at,
            seconds=self.clock() - at,
            where=self._where(request.url),
            method=request.method,
            url=request.url,
            form=request.form,
            status=response.status_code,
            headers=dict(response.headers),
            content=response.content,
            page=answer.page.kind if answer.page else "other",
            note=note,
        )
        self.visited(visit)

    def _where(self, url: str) -> Literal["tenant", "client", "elsewhere"]:
        if _target_is_tenant(url):
            return "tenant"
        return "client" if self._callback == _origin(url) else "elsewhere"

    def _next(self, request: _PageRequest, answer: _Answer) -> _PageRequest | _End:
        if answer.response.has_redirect_location:
            return _redirected(request, answer.response)
        if answer.page is not None and answer.page.kind != "other":
            return self._fill_in(answer.page, request)
        return _ended(request, answer.response, answer.page)

    def _fill_in(self, page: HtmlPage, request: _PageRequest) -> _PageRequest | _End:
        choices, url = self.choices, request.url
        if page.kind == "client-approval":
            return _pressed(page, url, "action", "approve" if choices.allow_client else "deny")
        if page.kind == "account-picker":
            return _pressed(page, url, "account", choices.account)
        if page.kind == "second-factor":
            return _pressed(page, url, "decision", "approve")
        if page.kind == "consent":
            return _pressed(page, url, "decision", "accept" if choices.consent else "cancel")
        if page.kind == "form-post":
            return _submitted(page.forms[0], url)
        if page.kind.startswith("device-"):
            return _for_device(page, request, choices)
        return _End("error", page.message)

    def _tell_client(self, asked: dict[str, str], end: _End) -> None:
        """Send the client the error the browser got stuck on, else it would wait for minutes."""
        # FastMCP's client leaves the description out when the error is access_denied.
        answer = {"error": "server_error", "error_description": end.error, "state": asked.get("state", "")}
        separator = "&" if "?" in asked["redirect_uri"] else "?"
        request = _PageRequest("GET", asked["redirect_uri"] + separator + urlencode(answer))
        try:
            self._send(request, note=_TOLD)
        except (httpx.HTTPError, httpx.InvalidURL):
            return


_NOT_THERE = "the practice browser stays on this machine and in the practice tenant."
_TOLD = "told by the practice browser; another would leave the client waiting"


def _origin(url: str) -> tuple[str, int] | None:
    parts = places.split(url)
    return places.origin(parts) if parts else None


def _target_is_tenant(url: str) -> bool:
    parts = places.split(url)
    return parts is not None and places.is_tenant(parts)


def _joined(base: str, reference: str) -> str:
    try:
        return urljoin(base, reference)
    except ValueError:
        return reference  # no address at all: it will be blocked


def _redirected(request: _PageRequest, answer: httpx.Response) -> _PageRequest:
    url = _joined(request.url, answer.headers["location"])
    site = request.site if request.site == "none" or _origin(url) == _origin(request.url) else "cross-site"
    if answer.status_code in (307, 308):
        return _PageRequest(request.method, url, request.form, site)
    return _PageRequest("GET", url, site=site)


def _pressed(page: HtmlPage, url: str, name: str, value: str) -> _PageRequest | _End:
    for form in page.forms:
        for button in form.buttons:
            if button[0] == name and button[1].lower() == value.lower():
                return _submitted(form, url, button)
    offered = [said for form in page.forms for button, said in form.buttons if button == name]
    return _End("error", f"The page offers no {name} {value!r}, only {', '.join(offered) or 'nothing'}.")


def _submitted(form: HtmlForm, url: str, button: tuple[str, str] | None = None) -> _PageRequest:
    """Submit a form as it stands, with the button that is pressed or the field that is filled in."""
    fields = tuple(pair for pair in form.fields if button is None or pair[0] != button[0])
    fields += (button,) if button else ()
    target = _joined(url, form.action or url)
    site = "same-origin" if _origin(target) == _origin(url) else "cross-site"
    if form.method == "POST":
        return _PageRequest("POST", target, fields, site)
    return _PageRequest("GET", target.partition("?")[0] + "?" + urlencode(fields), site=site)


def _for_device(page: HtmlPage, request: _PageRequest, choices: Choices) -> _PageRequest | _End:
    """Fill in the pages that a person meets who signs in for a device."""
    if page.kind == "device-confirm":
        return _pressed(page, request.url, "decision", "accept" if choices.consent else "cancel")
    if page.kind == "device-done":
        return _End("signed in")
    if page.kind == "device-declined":
        return _End("declined", page.message)
    if request.method == "POST" or not page.forms:
        return _End("error", page.message)  # the code was not taken
    return _submitted(page.forms[0], request.url, ("otc", choices.user_code))


def _ended(request: _PageRequest, answer: httpx.Response, page: HtmlPage | None) -> _End:
    parameters = request.parameters()
    if "error" in parameters:
        told = (parameters["error"], parameters.get("error_description", ""))
        return _End("declined", ": ".join(part for part in told if part))
    if answer.status_code >= 400:
        said = page.message if page else " ".join(answer.text.split())[:300]
        return _End("error", f"{answer.status_code}: {said}")
    if "code" in parameters:
        return _End("signed in")
    return _End("error", f"The page is none the practice browser knows: {(page.words if page else answer.text)[:300]}")
