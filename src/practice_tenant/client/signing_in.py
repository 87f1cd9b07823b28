"""A user's tokens: the authorization code flow with PKCE, through the pages that a person would see."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

import httpx

from practice_tenant.client.browser import PracticeBrowser
from practice_tenant.client.environment import Doors
from practice_tenant.errors import PracticeTenantError
from practice_tenant.well_known import AZURE_CLI

LOGIN = "https://login.microsoftonline.com"
CALLBACK = "http://localhost"


@dataclass(eq=False)
class SignInFailed(PracticeTenantError):
    """A sign-in did not end with a code, or the code brought no tokens."""

    account: str
    reason: str

    def __str__(self) -> str:
        return f"{self.account} was not signed in: {self.reason}"


@dataclass(frozen=True)
class SignedIn:
    """What a client got for a user.

    Attributes:
        account: the user principal name.
        scope: what was granted, separated by spaces.
        expires_in: seconds until the access token expires.
    """

    account: str
    scope: str
    expires_in: int
    access_token: str = field(repr=False)
    id_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers of a request in the user's name."""
        return {"Authorization": f"Bearer {self.access_token}"}


def sign_in(
    doors: Doors,
    tenant_id: str,
    account: str,
    scopes: Sequence[str],
    client_id: str = AZURE_CLI,
    client_secret: str = "",
) -> SignedIn:
    """Sign a user in and return the tokens. What Entra asks on the way is answered with yes.

    Args:
        doors: how the tenant is reached.
        tenant_id: the directory's.
        account: the user principal name.
        scopes: as in the request, such as `api://.../access_as_user`; `openid`, `profile` and `offline_access` are
            added.
        client_id: of a client that has the redirect URI http://localhost.
        client_secret: of a confidential client.

    Raises:
        SignInFailed: the message has Entra's own words.

    Source: RFC 6749 section 4.1, RFC 7636, https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
    """
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "client_id": client_id,
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "scope": " ".join(dict.fromkeys((*scopes, "openid", "profile", "offline_access"))),
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    address = f"{LOGIN}/{tenant_id}/oauth2/v2.0"
    answered = _callback(doors, account, f"{address}/authorize?{urlencode(asked)}")
    if answered.get("state") != state or "code" not in answered:
        raise SignInFailed(account, answered.get("error_description") or answered.get("error") or "no code came back.")
    redeemed = {name: asked[name] for name in ("client_id", "redirect_uri", "scope")} | {
        "grant_type": "authorization_code",
        "code": answered["code"],
        "code_verifier": verifier,
    }
    if client_secret:
        redeemed["client_secret"] = client_secret
    with doors.client() as client:
        said = client.post(f"{address}/token", data=redeemed)
    if not said.is_success:
        raise SignInFailed(account, _reason(said))
    got = said.json()
    return SignedIn(
        account,
        got["scope"],
        got["expires_in"],
        got["access_token"],
        got.get("id_token", ""),
        got.get("refresh_token", ""),
    )


def _callback(doors: Doors, account: str, url: str) -> dict[str, str]:
    """Open `url` as the user would, and return what the redirect URI was called with."""
    called: dict[str, str] = {}

    def client_of_the_code(request: httpx.Request) -> httpx.Response:
        called.update(parse_qsl(request.url.query.decode()))
        return httpx.Response(200, text="Signed in.")

    mounts = {f"all://{httpx.URL(CALLBACK).host}": httpx.MockTransport(client_of_the_code)}
    browser = PracticeBrowser(account, proxy=doors.proxy, ca=doors.ca, mounts=mounts)
    try:
        ended = browser.sign_in(url)
    finally:
        browser.close()
    if not called:
        raise SignInFailed(account, ended.error or f"it ended at {ended.page}.")
    return called


def _reason(said: httpx.Response) -> str:
    """Return Entra's own words, or the status where it has none."""
    try:
        return str(said.json()["error_description"])
    except (ValueError, KeyError, TypeError):
        return f"{said.status_code} {said.reason_phrase}. {said.text[:200]}".strip()
