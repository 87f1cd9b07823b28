"""The signing keys: made once, kept in the directory's file, published without their private part.

All directories sign with one key until theirs is rotated; from then on a directory has keys of its own.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from workshop.tenant.directory.store import Store
from workshop.tenant.signer import Signer

MOST_KEYS = 5


@dataclass(frozen=True)
class SigningKey:
    """An RSA key with its certificate; ``kid`` is the certificate's SHA-1 thumbprint, as at Entra."""

    kid: str
    private: rsa.RSAPrivateKey
    certificate: bytes

    def public_numbers(self) -> tuple[str, str]:
        """Return the modulus and the exponent, base64url."""
        numbers = self.private.public_key().public_numbers()
        size = (numbers.n.bit_length() + 7) // 8
        return base64url(numbers.n.to_bytes(size, "big")), base64url(numbers.e.to_bytes(3, "big"))


class KeyRing:
    """Sign with the newest key, publish all of them."""

    def __init__(self, keys: list[SigningKey], signer: Signer) -> None:
        self.keys = keys
        self.signer = signer

    @property
    def current(self) -> SigningKey:
        return self.keys[-1]

    def published(self, issuer: str) -> dict[str, Any]:
        """Return the JSON Web Key Set; the issuer stands in every key, ``alg`` in none. Source: RFC 7517."""
        return {"keys": [_public_jwk(key, issuer) for key in self.keys]}

    async def sign(self, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
        """Return a JSON Web Token signed with RS256. Source: RFC 7515 section 7.1.

        A ``nonce`` in the header is replaced by its SHA-256 while signing, as Entra does in tokens for Microsoft
        Graph: nobody but Graph can then verify the signature.
        """
        body = _segment(claims)
        if "nonce" in header:
            shown = _segment(header)
            signed = _segment({**header, "nonce": nonce_digest(header["nonce"])})
        else:
            shown = signed = _kept_segment(*header.items())
        signature = await self.signer.sign(self.current.private, f"{signed}.{body}".encode())
        return f"{shown}.{body}.{base64url(signature)}"


class KeyRings:
    """The key ring of every directory: the shared one until the directory's key is rotated."""

    def __init__(self, store: Store, now: float) -> None:
        """Load the stored keys, making the first one when there is none."""
        self.store = store
        self.signer = Signer()
        rows = store.all("SELECT kid, private_pem, certificate FROM signing_keys ORDER BY created, rowid")
        keys = [SigningKey(kid, _load(pem), certificate) for kid, pem, certificate in rows]
        if not keys:
            keys = [make_key(now)]
            store.run("INSERT INTO signing_keys VALUES (?, ?, ?, ?)", keys[0].kid, now, *_kept(keys[0]))
        self.shared = KeyRing(keys, self.signer)
        self._own: dict[str, KeyRing] = {}
        rows = store.all("SELECT tenant_id, kid, private_pem, certificate FROM directory_keys ORDER BY rowid")
        for tenant_id, kid, pem, certificate in rows:
            self._ring(tenant_id).keys.append(SigningKey(kid, _load(pem), certificate))

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
                self.store.run("INSERT INTO directory_keys VALUES (?, ?, ?, ?)", tenant_id, key.kid, *_kept(key))
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


def make_key(now: float) -> SigningKey:
    """Make a new signing key with a new ``kid``."""
    from workshop.tenant.issuing import signing_certificate

    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    certificate = signing_certificate(private, now)
    thumbprint = hashlib.sha1(certificate, usedforsecurity=False).digest()
    return SigningKey(base64url(thumbprint), private, certificate)


def _kept(key: SigningKey) -> tuple[bytes, bytes]:
    """Return what is stored of a key: its private part as PEM, its certificate as DER."""
    pem = key.private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem, key.certificate


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def nonce_digest(nonce: str) -> str:
    return base64url(hashlib.sha256(nonce.encode()).digest())


def _segment(value: Mapping[str, Any]) -> str:
    return base64url(json.dumps(value, separators=(",", ":")).encode())


@lru_cache(maxsize=64)
def _kept_segment(*members: tuple[str, Any]) -> str:
    """Return the segment of an object, made once: a header is the same in all tokens of a kind."""
    return _segment(dict(members))


def _load(pem: bytes) -> rsa.RSAPrivateKey:
    # Made here, read from a file of this user only: checking its primes would take 30 ms of every start.
    key = serialization.load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def _public_jwk(key: SigningKey, issuer: str) -> dict[str, Any]:
    modulus, exponent = key.public_numbers()
    return {
        "kty": "RSA",
        "use": "sig",
        "kid": key.kid,
        "x5t": key.kid,
        "n": modulus,
        "e": exponent,
        "x5c": [base64.b64encode(key.certificate).decode()],
        "cloud_instance_name": "microsoftonline.com",
        "issuer": issuer,
    }
