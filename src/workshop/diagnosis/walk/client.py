"""What a client does next: register, and open the sign-in page. Nobody signs in here, and no secret is sent.

Source: RFC 7591; RFC 8252 section 7.3 (a client on the user's machine takes any port).
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urljoin

from practice_tenant.client.browser import pages
from workshop.core.well_known import VISUAL_STUDIO_CODE
from workshop.diagnosis.reading import read
from workshop.diagnosis.walk.authorization_server import SENDS_RESOURCE, AuthorizationServer
from workshop.diagnosis.walk.resource import Resource
from workshop.diagnosis.walk.route import Route, split, worded
from workshop.diagnosis.web import ENTRA, BoundedAnswer

REGISTER = "registering a client"
REDIRECTS = "redirect URIs"
SIGN_IN = "sign-in page"

VS_CODE_REDIRECT = "https://vscode.dev/redirect"
KINDS = {
    "http://127.0.0.1:33418": "VS Code",
    VS_CODE_REDIRECT: "VS Code for the web",
    "http://localhost:53682/callback": "command-line clients, MCP Inspector",
}
"""The redirect URIs that clients register, and which clients."""
ANOTHER_PORT = "http://127.0.0.1:53683"
MOST_HOPS = 6
MOST_OF_A_PAGE = 50_000
"""Characters of a page that are read."""
_TAG_WITHOUT_END = re.compile(r"<(?![^<>]*>)")  # Python's parser would look for the end of each in all of the rest


@dataclass(frozen=True)
class RedirectToEntra:
    """A client at the authorization server."""

    server: AuthorizationServer
    resource: Resource
    client_id: str

    def url(self, redirect_uri: str) -> str:
        """Return the address that the client would open in a browser."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(secrets.token_bytes(32)).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(self.resource.scopes),
            "state": secrets.token_urlsafe(16),
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "resource": self.resource.name,
        }
        endpoint = self.server.address("authorization_endpoint")
        return f"{endpoint}?{urlencode({name: value for name, value in asked.items() if value})}"


def sign_up(route: Route, server: AuthorizationServer, resource: Resource) -> None:
    """Register as a client does and open the sign-in page with each kind of redirect URI."""
    endpoint = server.address("registration_endpoint")
    if not endpoint or not server.address("authorization_endpoint"):
        return
    body = {
        "client_name": "workshop diagnose",
        "redirect_uris": list(KINDS),
        "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
    }
    answer = route.call(REGISTER, "POST", endpoint, json=body)
    client_id = _client_id(answer)
    if not client_id:
        refusal = f"{answer.status_code} {answer.line}"
        route.recognised(REGISTER, refusal, "no-client-registration", request=f"POST {endpoint}")
        return
    route.registered = answer.members() or {}
    route.step(REGISTER, "well", f"{answer.status_code}: a client id was given", request=f"POST {endpoint}")
    asked = RedirectToEntra(server, resource, client_id)
    refused = [(uri, kind, refusal) for uri, kind in _kinds() if (refusal := _refused(route, asked.url(uri)))]
    for uri, kind, refusal in refused:
        route.recognised(
            REDIRECTS, refusal, "clients-redirect-uri-not-allowed", request=f"redirect_uri={uri}", stops=kind
        )
    if not refused:
        route.step(REDIRECTS, "well", "those of VS Code and of command-line clients are taken, on any port")
        _go_on(route, asked.url(next(iter(KINDS))))


def at_entra(route: Route, server: AuthorizationServer, resource: Resource, client_id: str) -> None:
    """Open Entra's sign-in page as VS Code does, or the client whose id was given."""
    if not server.is_entra or not server.address("authorization_endpoint"):
        return
    as_vs_code = not client_id
    redirect = VS_CODE_REDIRECT if as_vs_code else "http://localhost"
    url = RedirectToEntra(server, resource, client_id or VISUAL_STUDIO_CODE).url(redirect)
    if as_vs_code and route.is_local:
        return  # its resource can't be an identifier URI; the step about scopes says so
    _judge_page(route, url, route.call(SIGN_IN, "GET", url), stops="VS Code" if as_vs_code else "this client")


def _kinds() -> list[tuple[str, str]]:
    return [*KINDS.items(), (ANOTHER_PORT, "VS Code, when its port 33418 is taken")]


def _refused(route: Route, url: str) -> str:
    """Return why the proxy does not take a sign-in, "" if it does."""
    answer = route.call(REDIRECTS, "GET", url)
    if answer.is_redirect or answer.is_success:
        return ""
    return f"{answer.status_code} {' '.join(answer.text[:MOST_OF_A_PAGE].split())}"


def _go_on(route: Route, url: str) -> None:
    """Follow the sign-in as a browser does until Entra's page, allowing the client on the proxy's own page."""
    for _ in range(MOST_HOPS):
        of_entra = split(url).hostname in ENTRA
        if of_entra:
            route.app_id = dict(parse_qsl(split(url).query)).get("client_id", "")
        answer = route.call(SIGN_IN, "GET", url)
        if of_entra:
            _judge_page(route, url, answer, stops="every client")
            return
        answer = _approve(route, url, answer)
        if not answer.is_redirect:
            refusal = f"{answer.status_code} {' '.join(_page(answer).words.split())[:200]}"
            if answer.status_code >= 400:
                route.recognised(SIGN_IN, refusal, "consent-in-another-browser")
            return
        url = urljoin(url, answer.location)
        if split(url).hostname not in ENTRA | {route.parts.hostname}:
            route.step(SIGN_IN, "note", f"it leads on to {split(url).hostname}, which is not called")
            return


def _approve(route: Route, url: str, answer: BoundedAnswer) -> BoundedAnswer:
    if answer.is_redirect:
        return answer
    page = _page(answer)
    if page.kind != "client-approval" or split(url).netloc != route.parts.netloc:
        return answer
    form = page.forms[0]
    target = urljoin(url, form.action or url)
    if split(target).netloc != route.parts.netloc:
        return answer  # a server must not choose where a form goes that nobody filled in
    return route.call(SIGN_IN, "POST", target, data=dict(form.fields) | {"action": "approve"})


def _page(answer: BoundedAnswer) -> pages.HtmlPage:
    text = _TAG_WITHOUT_END.sub("&lt;", answer.text[:MOST_OF_A_PAGE])
    return pages.read(text, of_tenant=False)


def _judge_page(route: Route, url: str, answer: BoundedAnswer, *, stops: str) -> None:
    """Judge Entra's first page: it refuses much of what is wrong before anybody signs in."""
    sent = dict(parse_qsl(split(url).query))
    location = answer.location
    text = f"{url}\n{location}\n{'' if answer.is_redirect else answer.text}"
    if "AADSTS" in text or read(text).codes:
        stopped = SENDS_RESOURCE if "9010010" in text and route.is_local else stops
        route.recognised(SIGN_IN, text, "request-malformed", request=f"GET {url}", stops=stopped)
        return
    evidence = f"Entra shows its page for {sent.get('scope', 'no scope')}, back to {sent.get('redirect_uri', '?')}"
    route.step(SIGN_IN, "well", evidence)


def _client_id(answer: BoundedAnswer) -> str:
    if answer.status_code not in (200, 201):
        return ""
    return worded((answer.members() or {}).get("client_id"))
