"""The check of a refresh token that was used already: it takes a user who signs in, which a practice tenant has."""

from __future__ import annotations

import secrets
from typing import Any

from workshop.diagnosis.reading import shown
from workshop.diagnosis.safe.check import Seen
from workshop.diagnosis.safe.site import NotTried, Site, Visitor
from workshop.diagnosis.walk.route import worded
from workshop.diagnosis.web import BoundedAnswer

BY_HAND = (
    "it needs a sign-in: refresh twice with one refresh token, and see that the second is refused and that the tokens "
    "of the first no longer work"
)
SENT = "a sign-in of the practice tenant's member, and refreshes with one token several times"


def spent(site: Site) -> Seen:
    """Refresh again with a token that was used, then with the one that came of it."""
    if site.user is None:
        raise NotTried(BY_HAND)
    client_id, first = _signed_in(site, site.user)
    second = _next(_refreshed(site, client_id, first))
    if not second:
        return Seen("note", SENT, "a refresh token is given, and no refresh with it gives another: it can't be told")
    again = _refreshed(site, client_id, first)
    if again.is_success and _next(again) == second:
        again = _refreshed(site, client_id, first)  # once, a client whose answer was lost may get it a second time
    if again.is_success:
        return Seen("wrong", SENT, f"{again.status_code}: it is taken again")
    if _refreshed(site, client_id, second).is_success:
        return Seen("wrong", SENT, f"{again.status_code}, but the token that came of it lives on")
    return Seen("well", SENT, f"{again.status_code}, and what came of it is revoked")


def _signed_in(site: Site, user: Visitor) -> tuple[str, str]:
    """Return the id of a client of one's own, and its first refresh token."""
    known = len(site.registered)
    answer = site.register({"client_name": "workshop diagnose", "redirect_uris": [user.redirect_uri],
                            "grant_types": ["authorization_code", "refresh_token"]})  # fmt: skip
    if len(site.registered) == known:
        raise NotTried(f"no client was registered for it: {answer.status_code} {answer.line}")
    client_id, verifier = worded(site.registered[-1].get("client_id")), secrets.token_urlsafe(48)
    url = site.authorize_url(client_id, user.redirect_uri, verifier)
    if not site.is_home(url):
        raise NotTried(f"{shown(url)} is not at the address that you named")
    site.tell(f"GET {shown(url)}, and signing in there")
    code = user.code(url)
    if not code:
        raise NotTried(f"the sign-in did not succeed. By hand: {BY_HAND}")
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": user.redirect_uri}
    token = _next(_asked(site, form | {"client_id": client_id, "code_verifier": verifier}))
    if not token:
        raise NotTried("the server gives no refresh token")
    return client_id, token


def _refreshed(site: Site, client_id: str, token: str) -> BoundedAnswer:
    return _asked(site, {"grant_type": "refresh_token", "refresh_token": token, "client_id": client_id})


def _asked(site: Site, form: dict[str, Any]) -> BoundedAnswer:
    return site.call("POST", site.endpoint("token_endpoint"), data=form)


def _next(answer: BoundedAnswer) -> str:
    return worded((answer.members() or {}).get("refresh_token")) if answer.is_success else ""
