"""Who calls Microsoft Graph: the bearer token verified, and what it may do.

Source: https://learn.microsoft.com/graph/auth/auth-concepts
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from workshop.tenant.directory import people
from workshop.tenant.directory.objects import Directory, User
from workshop.tenant.directory.wellknown import GRAPH
from workshop.tenant.graph import errors
from workshop.tenant.keys import KeyRings, base64url, nonce_digest
from workshop.tenant.web import Call

AUDIENCES = frozenset({GRAPH, "https://graph.microsoft.com", "https://graph.microsoft.us"})
TOKEN_LIMIT = 16_384


@dataclass(frozen=True)
class Caller:
    """A verified caller; ``user`` is None for an application that acts for itself."""

    directory: Directory
    app_id: str
    user: User | None
    scopes: frozenset[str]
    roles: frozenset[str]

    def may(self, delegated: Iterable[str], application: Iterable[str] = ()) -> bool:
        """Return whether one of the delegated permissions, or of the application permissions, is held."""
        return bool(self.scopes & set(delegated)) if self.user else bool(self.roles & set(application))

    def demand(self, delegated: Iterable[str], application: Iterable[str] = ()) -> None:
        """Raise Graph's 403 unless ``may`` holds.

        Raises:
            GraphError: 403.
        """
        if not self.may(delegated, application):
            raise errors.denied()


def caller(call: Call) -> Caller:
    """Verify the bearer token.

    Raises:
        GraphError: 401 in Graph's words.
    """
    scheme, _, token = call.request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise errors.unauthenticated("Access token is empty.")
    claims = _verified(call.service.keys, token.strip())
    call.enter(str(claims.get("tid")))
    if str(claims.get("aud")).rstrip("/") not in AUDIENCES:
        raise errors.unauthenticated("Invalid audience.")
    if not _number(claims, "nbf") <= call.now < _number(claims, "exp"):
        raise errors.unauthenticated("Access token has expired or is not yet valid.")
    directory = people.directory(call.service.store, str(claims.get("tid")))
    if directory is None:
        raise errors.unauthenticated("Access token validation failure. Invalid tenant.")
    return _caller(call, claims, directory)


def _caller(call: Call, claims: dict[str, Any], directory: Directory) -> Caller:
    user = None
    if "scp" in claims:
        user = people.user(call.service.store, directory.tenant_id, str(claims.get("oid")))
        if user is None or not user.enabled:
            raise errors.unauthenticated("The user account is disabled or was deleted.")
    return Caller(
        directory=directory,
        app_id=str(claims.get("appid", "")),
        user=user,
        scopes=frozenset(str(claims.get("scp", "")).split()),
        roles=frozenset(claims.get("roles", ())),
    )


def _verified(keys: KeyRings, token: str) -> dict[str, Any]:
    """Return the claims of a token that a key of its directory signed, the header's nonce taken into account."""
    try:
        header_part, body_part, signature_part = token.split(".")
        header, claims = json.loads(_bytes(header_part)), json.loads(_bytes(body_part))
        signature = _bytes(signature_part)
        if len(token) > TOKEN_LIMIT or not isinstance(header, dict) or not isinstance(claims, dict):
            raise ValueError("not a token")
        signed = header_part
        if "nonce" in header:
            with_digest = {**header, "nonce": nonce_digest(str(header["nonce"]))}
            signed = base64url(json.dumps(with_digest, separators=(",", ":")).encode())
    except (ValueError, binascii.Error, RecursionError):
        raise errors.unauthenticated("IDX14100: JWT is not well formed.") from None
    for key in keys.of(str(claims.get("tid"))).keys:
        if key.kid == header.get("kid") and header.get("alg") == "RS256":
            public = key.private.public_key()
            try:
                public.verify(signature, f"{signed}.{body_part}".encode(), padding.PKCS1v15(), hashes.SHA256())
            except InvalidSignature:
                break
            return claims
    raise errors.unauthenticated("Signature is invalid.")


def _bytes(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)


def _number(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    return value if isinstance(value, int) else float("nan")
