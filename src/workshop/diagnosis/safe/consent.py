"""Checks of the page that asks the user whether a client may sign in."""

from __future__ import annotations

import re

from workshop.diagnosis.safe.check import Seen
from workshop.diagnosis.safe.site import NotTried, Site
from workshop.diagnosis.walk.route import split
from workshop.diagnosis.web import BoundedAnswer

SENT = "the sign-in of a registered client, as far as the server's own page"
_META_CSP = re.compile(r"<meta[^<>]{0,40}content-security-policy", re.IGNORECASE)
_META_REFERRER = re.compile(r"<meta[^<>]{0,40}name=.?referrer", re.IGNORECASE)


def asks(site: Site) -> Seen:
    """See whether a client that registered itself goes on to Entra without a question."""
    answer = site.consent
    if answer.is_redirect:
        to = split(answer.location).netloc or answer.location
        return Seen("wrong", SENT, f"the browser goes on to {to}, and nobody is asked which client that is")
    page = _page(site)
    if "<form" not in page.text.lower():
        return Seen("note", SENT, "a page without a form: whether it asks can't be told")
    return Seen("well", SENT, "a page asks")


def frames(site: Site) -> Seen:
    """See whether the page can be shown inside another one."""
    headers = _page(site).headers
    options = headers.get("x-frame-options", "").strip().lower()
    policy = headers.get("content-security-policy", "").lower()
    if "frame-ancestors" in policy:
        return Seen("well", SENT, "Content-Security-Policy has frame-ancestors")
    if options in ("deny", "sameorigin"):
        return Seen("well", SENT, f"X-Frame-Options is {options.upper()}")
    return Seen("wrong", SENT, "neither frame-ancestors in a Content-Security-Policy header nor X-Frame-Options")


def scripts(site: Site) -> Seen:
    """See whether the page says what may run in it."""
    page = _page(site)
    if page.headers.get("content-security-policy"):
        return Seen("well", SENT, "Content-Security-Policy is sent")
    if _META_CSP.search(page.text):
        return Seen("well", SENT, "a Content-Security-Policy stands in the page")
    return Seen("wrong", SENT, "no Content-Security-Policy, neither sent nor in the page")


def kept(site: Site) -> Seen:
    """See whether caches keep the page, and whether its address is told to the next host."""
    page = _page(site)
    missing = []
    if "no-store" not in page.headers.get("cache-control", "").lower():
        missing.append("Cache-Control: no-store")
    if not page.headers.get("referrer-policy") and not _META_REFERRER.search(page.text):
        missing.append("Referrer-Policy")
    if missing:
        return Seen("note", SENT, f"without {' and '.join(missing)}")
    return Seen("well", SENT, "Cache-Control: no-store, and a Referrer-Policy")


def cookies(site: Site) -> Seen:
    """See whether the page's cookies are out of reach of scripts, of http and of other sites."""
    faults = []
    cookies_set = _page(site).headers.get_list("set-cookie")
    for cookie in cookies_set:
        name, _, rest = cookie.partition("=")
        attributes = {part.strip().partition("=")[0].lower() for part in rest.split(";")[1:]}
        wanted = {"httponly", "samesite", *(["secure"] if site.named.scheme == "https" else [])}
        faults += [f"{name.strip()[:40]} lacks {', '.join(sorted(wanted - attributes))}"] * bool(wanted - attributes)
    if faults:
        return Seen("wrong", SENT, "; ".join(faults[:5]))
    if not cookies_set:
        return Seen("note", SENT, "no cookie: nothing ties the answer on the page to the browser it was shown in")
    secure = ", Secure" if site.named.scheme == "https" else " (Secure is for https)"
    return Seen("well", SENT, f"HttpOnly, SameSite{secure}")


def _page(site: Site) -> BoundedAnswer:
    page = site.consent
    if page.is_redirect:
        raise NotTried("there is no such page: the server leads on without one")
    if not page.is_success:
        raise NotTried(f"the sign-in is answered {page.status_code} {page.line}")
    return page
