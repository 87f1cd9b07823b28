"""What authorization codes and refresh tokens stand for: a sign-in, stored as JSON under their digest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from practice_tenant.server.directory.store import Store, digest

# How a person proved who they are: RFC 8176.
PASSWORD, MFA = "pwd", "mfa"


@dataclass(frozen=True)
class StoredSignIn:
    """A person who signed in to a client.

    Args:
        platform: that of the redirect URI.
        scope: what was asked for then.
        sid: the browser's session; empty where it is not known.
        auth_time: when the person signed in, in Unix seconds.
        amr: how they proved who they are: ``pwd``, ``mfa``.
    """

    tenant_id: str
    user_id: str
    client_id: str
    platform: str
    scope: str
    sid: str
    auth_time: float
    amr: tuple[str, ...]

    def members(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


def read(members: Mapping[str, Any], issued: float) -> StoredSignIn:
    """Return a sign-in that was stored; an early version stored neither when nor how the person signed in.

    Args:
        members: those of a `StoredSignIn`, and others beside them.
        issued: when it was stored, in Unix seconds.
    """
    return StoredSignIn(
        tenant_id=members["tenant_id"],
        user_id=members["user_id"],
        client_id=members["client_id"],
        platform=members["platform"],
        scope=members["scope"],
        sid=members.get("sid", ""),
        auth_time=members.get("auth_time", issued),
        amr=tuple(members.get("amr", ())) or (PASSWORD,),
    )


@dataclass(frozen=True)
class AuthorizationCode:
    """What an authorization code stands for, and what its redemption is held against (RFC 6749, RFC 7636).

    Args:
        issued: in Unix seconds.
    """

    issued: float
    sign_in: StoredSignIn
    redirect_uri: str
    nonce: str
    challenge: str
    challenge_method: str
    redeemed: bool = False


@dataclass(frozen=True)
class RefreshToken:
    """What a refresh token stands for; times are in Unix seconds.

    Args:
        oidc: the OpenID scopes that were asked for.
    """

    issued: float
    last_used: float
    sign_in: StoredSignIn
    oidc: tuple[str, ...]


def add_code(store: Store, code: str, kept: AuthorizationCode) -> None:
    members = {
        **kept.sign_in.members(),
        "redirect_uri": kept.redirect_uri,
        "nonce": kept.nonce,
        "challenge": kept.challenge,
        "challenge_method": kept.challenge_method,
    }
    store.run(
        "INSERT INTO authorization_codes (digest, issued, sign_in) VALUES (?, ?, ?)",
        digest(code), kept.issued, json.dumps(members),
    )  # fmt: skip


def find_code(store: Store, code: str) -> AuthorizationCode | None:
    row = store.one("SELECT issued, redeemed, sign_in FROM authorization_codes WHERE digest = ?", digest(code))
    if row is None:
        return None
    members = json.loads(row[2])
    return AuthorizationCode(
        issued=row[0],
        sign_in=read(members, row[0]),
        redirect_uri=members["redirect_uri"],
        nonce=members["nonce"],
        challenge=members["challenge"],
        challenge_method=members["challenge_method"],
        redeemed=bool(row[1]),
    )


def redeem_code(store: Store, code: str) -> bool:
    """Mark a code as used; False when it was used before."""
    return bool(
        store.run("UPDATE authorization_codes SET redeemed = 1 WHERE digest = ? AND redeemed = 0", digest(code))
    )


def add_refresh_token(store: Store, token: str, kept: RefreshToken) -> None:
    store.run(
        "INSERT INTO refresh_tokens (digest, issued, last_used, sign_in) VALUES (?, ?, ?, ?)",
        digest(token), kept.issued, kept.last_used, json.dumps({**kept.sign_in.members(), "oidc": kept.oidc}),
    )  # fmt: skip


def find_refresh_token(store: Store, token: str) -> RefreshToken | None:
    row = store.one("SELECT issued, last_used, sign_in FROM refresh_tokens WHERE digest = ?", digest(token))
    if row is None:
        return None
    members = json.loads(row[2])
    return RefreshToken(row[0], row[1], read(members, row[0]), tuple(members["oidc"]))


def touch_refresh_token(store: Store, token: str, now: float) -> None:
    """Remember that a refresh token was used, in Unix seconds."""
    store.run("UPDATE refresh_tokens SET last_used = ? WHERE digest = ?", now, digest(token))
