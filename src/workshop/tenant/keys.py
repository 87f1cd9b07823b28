"""The signing keys: made once, kept in the directory's file, published without their private part."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from workshop.tenant.directory.store import Store
from workshop.tenant.signer import Signer


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

    def __init__(self, keys: list[SigningKey]) -> None:
        self.keys = keys
        self.signer = Signer()

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
        shown = _segment(header)
        signed = _segment({**header, "nonce": nonce_digest(header["nonce"])}) if "nonce" in header else shown
        signature = await self.signer.sign(self.current.private, f"{signed}.{body}".encode())
        return f"{shown}.{body}.{base64url(signature)}"


def load_keys(store: Store, now: float) -> KeyRing:
    """Load the stored keys, making the first one when there is none."""
    rows = store.all("SELECT kid, private_pem, certificate FROM signing_keys ORDER BY created, rowid")
    keys = [SigningKey(kid, _load(pem), certificate) for kid, pem, certificate in rows]
    return KeyRing(keys or [add_key(store, now)])


def add_key(store: Store, now: float) -> SigningKey:
    """Make a new signing key with a new ``kid`` and store it."""
    from workshop.tenant.issuing import signing_certificate

    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    certificate = signing_certificate(private, now)
    thumbprint = hashlib.sha1(certificate, usedforsecurity=False).digest()
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    kid = base64url(thumbprint)
    store.run("INSERT INTO signing_keys VALUES (?, ?, ?, ?)", kid, now, pem, certificate)
    return SigningKey(kid, private, certificate)


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def nonce_digest(nonce: str) -> str:
    return base64url(hashlib.sha256(nonce.encode()).digest())


def _segment(value: Mapping[str, Any]) -> str:
    return base64url(json.dumps(value, separators=(",", ":")).encode())


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
