"""The signing keys: made once, kept in the directory's file, published without their private part.

All directories sign with one key until theirs is rotated; from then on a directory has keys of its own.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from practice_tenant.server.directory.store import Store
from practice_tenant.server.encoding import base64url
from practice_tenant.server.signing.announced import AnnouncedKey, AnnouncedKeys
from practice_tenant.server.signing.signer import Signer
from practice_tenant.server.signing.signing_key import SigningKey, make_key

MOST_KEYS = 5
_AS_JSON = json.JSONEncoder(separators=(",", ":")).encode


class KeyRing:
    """Sign with the newest key, publish all of them."""

    def __init__(self, keys: list[SigningKey], signer: Signer) -> None:
        self.keys = keys
        self.signer = signer

    @property
    def current(self) -> SigningKey:
        return self.keys[-1]

    def published(self, issuer: str = "", beside: Sequence[AnnouncedKey] = ()) -> dict[str, Any]:
        """Return the JSON Web Key Set; ``alg`` stands in no key. Source: RFC 7517.

        Args:
            beside: keys that sign nothing.
            issuer: stands in every key, and so does the cloud, unless it is empty.
        """
        keys: list[SigningKey | AnnouncedKey] = [*self.keys, *beside]
        return {"keys": [_public_jwk(key, issuer) for key in keys]}

    async def sign(self, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
        """Return a JSON Web Token signed with RS256. Source: RFC 7515 section 7.1.

        A ``nonce`` in the header is replaced by its SHA-256 while signing, as Entra does in tokens for Microsoft
        Graph: the signature does not hold over the header as it is shown.
        """
        body = _segment(claims)
        if "nonce" in header:
            shown = _segment(header)
            signed = _segment({**header, "nonce": nonce_digest(header["nonce"])})
        else:
            shown = signed = _kept_segment(*header.items())
        signature = await self.signer.sign(self.current, f"{signed}.{body}".encode())
        return f"{shown}.{body}.{base64url(signature)}"


class KeyRings:
    """The key ring of every directory: the shared one until the directory's key is rotated."""

    def __init__(self, store: Store, now: float) -> None:
        """Load the stored keys, making the first one when there is none."""
        self.store = store
        self.signer = Signer()
        self.announced = AnnouncedKeys(store)
        rows = store.all("SELECT kid, private_pem, certificate FROM signing_keys ORDER BY created, rowid")
        keys = [SigningKey(*row) for row in rows]
        if not keys:
            keys = [make_key(now)]
            first = keys[0]
            store.run("INSERT INTO signing_keys VALUES (?, ?, ?, ?)", first.kid, now, first.pem, first.certificate)
        self.shared = KeyRing(keys, self.signer)
        self._own: dict[str, KeyRing] = {}
        rows = store.all("SELECT tenant_id, kid, private_pem, certificate FROM directory_keys ORDER BY rowid")
        for tenant_id, *row in rows:
            self._ring(tenant_id).keys.append(SigningKey(*row))

    def of(self, tenant_id: str) -> KeyRing:
        return self._own.get(tenant_id, self.shared)

    def every(self) -> KeyRing:
        """Return all published keys in one ring: what ``common`` publishes."""
        keys = {key.kid: key for ring in (self.shared, *self._own.values()) for key in ring.keys}
        return KeyRing(list(keys.values()), self.signer)

    async def rotate(self, tenant_id: str, now: float, *, keep: bool) -> SigningKey:
        """Sign with a new key from now on.

        Args:
            keep: go on publishing the last keys before it; else tokens that they signed verify no more.
        """
        made = await asyncio.to_thread(make_key, now)
        keys = [*(self.of(tenant_id).keys if keep else ()), made][-MOST_KEYS:]
        with self.store.transaction():
            self.store.run("DELETE FROM directory_keys WHERE tenant_id = ?", tenant_id)
            for key in keys:
                row = (tenant_id, key.kid, key.pem, key.certificate)
                self.store.run("INSERT INTO directory_keys VALUES (?, ?, ?, ?)", *row)
        self._own[tenant_id] = KeyRing(keys, self.signer)
        return made

    def forget(self, tenant_id: str | None = None) -> None:
        """Go back to the shared key in one directory, or in all; the rows are dropped by who resets the file."""
        if tenant_id is None:
            self._own.clear()
        else:
            self._own.pop(tenant_id, None)

    def _ring(self, tenant_id: str) -> KeyRing:
        return self._own.setdefault(tenant_id, KeyRing([], self.signer))


def nonce_digest(nonce: str) -> str:
    return base64url(hashlib.sha256(nonce.encode()).digest())


def _segment(value: Mapping[str, Any]) -> str:
    return base64url(_AS_JSON(value).encode())


@lru_cache(maxsize=64)
def _kept_segment(*members: tuple[str, Any]) -> str:
    """Return the segment of an object, made once: a header is the same in all tokens of a kind."""
    return _segment(dict(members))


def _public_jwk(key: SigningKey | AnnouncedKey, issuer: str) -> dict[str, Any]:
    modulus, exponent = key.public_numbers()
    of_issuer = {"cloud_instance_name": "microsoftonline.com", "issuer": issuer} if issuer else {}
    return {
        "kty": "RSA",
        "use": "sig",
        "kid": key.kid,
        "x5t": key.kid,
        "n": modulus,
        "e": exponent,
        "x5c": [base64.b64encode(key.certificate).decode()],
        **of_issuer,
    }
