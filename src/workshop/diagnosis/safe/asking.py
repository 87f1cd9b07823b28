"""Checks of what a call to the server itself may bring: where it says it comes from, and its token."""

from __future__ import annotations

from workshop.diagnosis.safe.check import Seen
from workshop.diagnosis.safe.site import FOREIGN, NotTried, Site
from workshop.diagnosis.walk.resource import addresses
from workshop.diagnosis.web import BoundedAnswer


def origin(site: Site) -> Seen:
    """Call as a script of a foreign page does, also of one whose name begins or ends like a trusted one's."""
    named = site.named.host
    scheme = site.named.scheme
    tried = [f"https://{FOREIGN}", f"{scheme}://{named}.{FOREIGN}", f"{scheme}://evil{named}", "null"]
    sent = f"POST {site.url} with Origin: {', '.join(tried)}"
    _ = site.baseline
    others = []
    for one in tried:
        answer = site.post(("Origin", one))
        if answer.status_code == 429:
            return Seen("note", sent, "429: the server asks to wait, so it can't be told")
        if site.is_as_usual(answer):
            return Seen("wrong", sent, f"{one} is answered {answer.status_code}, as any other call is")
        if answer.status_code != 403:
            others.append(f"{one}: {answer.status_code}")
    if others:
        return Seen("note", sent, f"refused, but not with 403: {', '.join(others)}")
    return Seen("well", sent, "403")


def host(site: Site) -> Seen:
    """Call by a name that is not the server's, as a page does whose name now leads to the server's address."""
    tried = [FOREIGN, f"localhost.{FOREIGN}"]
    sent = f"POST {site.url} with Host: {', '.join(tried)}"
    _ = site.baseline
    for one in tried:
        answer = site.post(("Host", one))
        if site.is_as_usual(answer) or answer.is_success or answer.is_redirect:
            return Seen("wrong", sent, f"{one} is answered {answer.status_code}, as any other call is")
    named = _metadata_by(site)
    if named:
        return Seen("wrong", f"{sent}; the metadata with Host: {FOREIGN}", f"the metadata names {named}")
    return Seen("well", sent, f"{answer.status_code}")


def _metadata_by(site: Site) -> str:
    for url in addresses(site.url, ""):
        answer = site.call("GET", url, headers=[("Host", FOREIGN)])
        if answer.is_success and FOREIGN in answer.text:
            return FOREIGN
    return ""


def token_in_address(site: Site) -> Seen:
    """Call with a token that is none, in the address: if it is answered as a bad token is, it was read there."""
    _only_with_tokens(site)
    sent = f"POST {site.url}?access_token=x, where x is no token"
    answer = site.post(query="access_token=x")
    if answer.status_code == 400:
        return Seen("well", sent, "400: refused")
    if _challenge(answer) == _challenge(site.baseline):
        return Seen("well", sent, f"{answer.status_code}: it is not looked at there")
    came = f"{answer.status_code} {answer.headers.get('www-authenticate', '')}"
    return Seen("wrong", sent, f"{came}: the token in the address was read")


def two_tokens(site: Site) -> Seen:
    """Call with two headers that each bring a token that is none."""
    _only_with_tokens(site)
    sent = f"POST {site.url} with two Authorization headers, no token in either"
    answer = site.post(("Authorization", "Bearer x"), ("Authorization", "Bearer y"))
    if answer.status_code == 400:
        return Seen("well", sent, "400: refused")
    if answer.status_code == 401:
        return Seen("note", sent, "401: refused as a bad token is. Whether one good one of two counts takes a sign-in")
    return Seen("wrong", sent, f"{answer.status_code} {answer.line}")


def _only_with_tokens(site: Site) -> None:
    if site.baseline.status_code != 401:
        raise NotTried(f"the server asks for no token: a plain call is answered {site.baseline.status_code}")


def _challenge(answer: BoundedAnswer) -> tuple[int, str]:
    return answer.status_code, answer.headers.get("www-authenticate", "")
