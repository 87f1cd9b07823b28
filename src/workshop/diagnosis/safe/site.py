"""The server that is looked at: what is known of it, and calls to it alone."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import urlencode, urljoin

from workshop.diagnosis.reading import shown
from workshop.diagnosis.walk.authorization_server import addresses as of_server
from workshop.diagnosis.walk.door import HEADERS, MESSAGE
from workshop.diagnosis.walk.resource import addresses as of_resource
from workshop.diagnosis.walk.route import Tell, listed, members, split, worded
from workshop.diagnosis.web import BoundedAnswer, BoundedCaller, Destination, NoAnswer, NotCalled, Unclear, target_of

LOOPBACK_URI = "http://localhost:53682/callback"
FOREIGN = "evil.example"
"""Stands for an attacker's host: the name is reserved, and nobody's. Source: RFC 2606 section 3."""
PATIENCE = 2


class NotTried(Exception):
    """A check that can't be made; it says why."""


Found = TypeVar("Found")


class once(Generic[Found]):  # noqa: N801 - it stands where @property does
    """What is looked up once for all checks, also when it can't be."""

    def __init__(self, look: Callable[[Any], Found]) -> None:
        self._look = look
        self.__doc__ = look.__doc__

    def __get__(self, site: Site, _: type[Site]) -> Found:
        """Look it up, or say again why that can't be."""
        name = self._look.__name__
        if name not in site.known:
            try:
                site.known[name] = self._look(site)
            except NotTried as reason:
                site.known[name] = reason
            except NoAnswer as error:
                site.known[name] = NotTried(f"no answer: {error}")
        found: Any = site.known[name]
        if isinstance(found, NotTried):
            raise NotTried(str(found))
        return found  # type: ignore[no-any-return]


class Visitor(Protocol):
    """Somebody of a practice tenant, with a browser of their own."""

    @property
    def redirect_uri(self) -> str:
        """Where the browser brings the code."""

    def code(self, url: str) -> str:
        """Open a sign-in page, sign in, and return the code; "" if none comes."""


@dataclass
class Site:
    """The server.

    Attributes:
        url: as the user named it.
        registered: what it answered to each registration that is still there.
        app_id: of the app by which its proxy signs users in at Entra; "" if that is not known.
        registers: whether clients may be registered.
        user: signs in, where that takes no person.
    """

    url: str
    caller: BoundedCaller
    tell: Tell
    registered: list[dict[str, Any]] = field(default_factory=list)
    app_id: str = ""
    registers: bool = True
    user: Visitor | None = None
    silent: int = 0
    known: dict[str, Any] = field(default_factory=dict)

    @once
    def named(self) -> Destination:
        """Where the server is."""
        return target_of(self.url)

    @property
    def origin(self) -> str:
        """The address without a path."""
        parts = split(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    def call(self, method: str, url: str, **options: Any) -> BoundedAnswer:
        """Make one call to the server, told before.

        Raises:
            NotTried: the address is another host's or port's, or the server has stopped answering.
            NoAnswer: nothing came.
        """
        if self.silent >= PATIENCE:
            raise NotTried("the server stopped answering")
        if not self.is_home(url):
            raise NotTried(f"{shown(split(url).netloc or url)} is not the address that you named")
        self.tell(f"{method} {shown(url)}")
        try:
            return self.caller.call(method, url, **options)
        except NotCalled as refused:
            raise NotTried(refused.why) from refused
        except NoAnswer:
            self.silent += 1
            raise

    def is_home(self, url: str) -> bool:
        """Say whether an address is at the named host and port."""
        try:
            return _origin(target_of(url)) == _origin(self.named)
        except Unclear:
            return False

    def post(self, *headers: tuple[str, str], query: str = "") -> BoundedAnswer:
        """Call as a client does that has no token."""
        url = f"{self.url}{'&' if '?' in self.url else '?'}{query}" if query else self.url
        return self.call("POST", url, json=MESSAGE, headers=[*HEADERS.items(), *headers])

    @once
    def baseline(self) -> BoundedAnswer:
        """What a call is answered that has nothing odd about it."""
        try:
            answer = self.post()
        except NoAnswer as error:
            raise NotTried(f"a plain call is not answered: {error}") from None
        if answer.status_code not in (200, 400, 401, 404, 405, 406, 415):
            raise NotTried(f"a plain call is answered {answer.status_code} already")
        return answer

    def is_as_usual(self, answer: BoundedAnswer) -> bool:
        """Say whether an answer is that to a plain call: the server did not mind what was odd."""
        same = (answer.status_code, answer.text) == (self.baseline.status_code, self.baseline.text)
        return same or answer.status_code in (200, 202, 401)

    @once
    def resource(self) -> dict[str, Any]:
        """The protected resource metadata; empty if there is none at the server's own addresses."""
        return self._first(of_resource(self.url, ""))

    @once
    def server(self) -> dict[str, Any]:
        """The authorization server's metadata.

        Raises:
            NotTried: it is another host's, or there is none.
        """
        issuers = listed(self.resource.get("authorization_servers"))
        issuer = issuers[0] if issuers else self.origin
        if not self.is_home(issuer):
            raise NotTried(f"users sign in at {shown(issuer)}, which is not at the address that you named")
        found = self._first(of_server(issuer))
        if not found:
            raise NotTried("the server signs nobody in: it has no authorization server's metadata")
        return found

    def endpoint(self, name: str) -> str:
        """Return an endpoint of the authorization server.

        Raises:
            NotTried: it has none, or it is elsewhere.
        """
        url = worded(self.server.get(name))
        if not url:
            raise NotTried(f"the metadata has no {name}")
        return url

    def _first(self, urls: tuple[str, ...]) -> dict[str, Any]:
        for url in urls:
            try:
                found = members(self.call("GET", url))
            except (NoAnswer, NotTried):
                continue
            if found is not None:
                return found
        return {}

    @once
    def client(self) -> tuple[str, str]:
        """The id and a redirect URI of a client that the server registered.

        Raises:
            NotTried: it registers none.
        """
        for known in self.registered:
            uris = [uri for uri in listed(known.get("redirect_uris")) if split(uri).scheme == "http"]
            return worded(known.get("client_id")), (uris or [LOOPBACK_URI])[-1]
        answer = self.register({"client_name": "workshop diagnose", "redirect_uris": [LOOPBACK_URI]})
        if not self.registered:
            raise NotTried(f"no client was registered: {answer.status_code} {answer.line}")
        return worded(self.registered[0].get("client_id")), LOOPBACK_URI

    def register(self, members_: dict[str, Any], *, padding: int = 0) -> BoundedAnswer:
        """Ask the server to register a client, and remember it if it does.

        Args:
            padding: blanks after the document, which mean nothing.
        """
        url = self.endpoint("registration_endpoint")
        if not self.registers:
            raise NotTried("it would register a client, and --read-only says not to")
        whole = {"token_endpoint_auth_method": "none", "grant_types": ["authorization_code"]} | members_
        body = json.dumps(whole | {"response_types": ["code"]}) + " " * padding
        answer = self.call("POST", url, content=body, headers=[("Content-Type", "application/json")])
        made = answer.members() if answer.is_success else None
        if made and worded(made.get("client_id")):
            self.registered.append(made)
        return answer

    def authorize(self, client_id: str, redirect_uri: str, **changes: str) -> BoundedAnswer:
        """Open the sign-in as a browser does that a client sends; an empty change leaves a parameter out."""
        return self.call("GET", self.authorize_url(client_id, redirect_uri, **changes))

    def authorize_url(self, client_id: str, redirect_uri: str, verifier: str = "", **changes: str) -> str:
        """Return the address that opens a sign-in.

        Args:
            verifier: of PKCE; one that nobody keeps if empty.
        """
        verifier = verifier or secrets.token_urlsafe(32)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(listed(self.resource.get("scopes_supported"))),
            "state": secrets.token_urlsafe(16),
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **changes,
        }
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"{self.endpoint('authorization_endpoint')}?{query}"

    def landed(self, answer: BoundedAnswer, url: str = "") -> BoundedAnswer:
        """Follow redirects on the server itself, and return the answer that leads elsewhere or nowhere."""
        url = url or self.origin
        for _ in range(4):
            target = urljoin(url, answer.location)
            if not answer.is_redirect or not self.is_home(target):
                break
            url, answer = target, self.call("GET", target)
        return answer

    @once
    def consent(self) -> BoundedAnswer:
        """The first page that a client's user sees: the proxy's own, or what leads to the next host."""
        return self.landed(self.authorize(*self.client))

    def remove_clients(self) -> list[str]:
        """Ask the server to forget the clients, and return the ids of those that stay. Source: RFC 7592 section 2.3."""
        return [worded(one.get("client_id")) for one in self.registered if not self._is_removed(one)]

    def _is_removed(self, client: dict[str, Any]) -> bool:
        url, token = (worded(client.get(name)) for name in ("registration_client_uri", "registration_access_token"))
        if not url or not token or not token.isascii() or not token.isprintable():
            return False
        try:
            return self.call("DELETE", url, headers=[("Authorization", f"Bearer {token}")]).is_success
        except (NoAnswer, NotTried):
            return False


def _origin(where: Destination) -> tuple[str, str, int]:
    """Return the origin; a server of this machine has two names."""
    return replace(where, host="localhost").origin if where.host == "127.0.0.1" else where.origin
